"""Who a token or a chat account stands for, kept for a few seconds: signing in is not read once per scan."""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pickmesh.core.accounts import sessions as accounts
from pickmesh.core.chats import links
from pickmesh.core.chats.links import ChatLinkRow
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.graphql import chat_sessions
from pickmesh.graphql.limits import Limits

ACTORS_KEPT_MAX = 10_000
CHAT_ACCOUNT = "x-chat-account"
"""The header in which the bot says as which chat account it asks: `TELEGRAM:4711`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: a person or program by a token, or the bot, as the person its chat account is linked to."""

    actor: Actor | None = None
    token: str | None = None
    is_bot: bool = False
    link: ChatLinkRow | None = None


NOBODY = Caller()


class Sessions:
    """Tokens and chat accounts this process has seen lately; only hashes of tokens are kept.

    The bot has one secret; without one nobody is the bot.
    """

    def __init__(self, database: Database, limits: Limits, bot_secret: str | None = None) -> None:
        self._database = database
        self._kept = timedelta(seconds=limits.actor_kept_s)
        self._bot_secret = bot_secret
        self._known: OrderedDict[bytes, tuple[Caller, datetime]] = OrderedDict()

    async def actor_of(self, token: str) -> Actor | None:
        """Return who a token stands for; None when it is unknown, ended or not a token at all."""
        key = hashlib.sha256(token.encode()).digest()
        known = self._fresh(key)
        if known is None:
            known = Caller(await accounts.actor_of_token(self._database, token))
            self._keep(key, known)
        return known.actor

    async def caller_of(self, headers: Mapping[str, str]) -> Caller:
        """Return who sent a request, by its headers."""
        header = headers.get("authorization")
        token = bearer_of(header)
        if token is not None:
            return Caller(await self.actor_of(token), token)
        if not self._is_bot(header):
            return NOBODY
        address = headers.get(CHAT_ACCOUNT)
        return await self._of_chat(address) if address else Caller(is_bot=True)

    async def locale_of(self, headers: Mapping[str, str]) -> str:
        """Return the language to answer a request in: the one it asks for, else its person's, else English."""
        asked = languages.asked_for(headers.get("accept-language"))
        return asked or languages.of_actor((await self.caller_of(headers)).actor)

    def forget_person(self, person_id: UUID | None) -> None:
        """Look up a person's tokens and chats anew: they signed out, were unlinked, or their role changed."""
        for key, (caller, _) in list(self._known.items()):
            if caller.actor is not None and caller.actor.person_id == person_id:
                del self._known[key]

    def forget_chat(self, address: str) -> None:
        """Look up a chat account anew: it was linked."""
        self._known.pop(_chat_key(address), None)

    def _is_bot(self, header: str | None) -> bool:
        given = token_of(header, "bot")
        if given is None or self._bot_secret is None:
            return False
        return hmac.compare_digest(given.encode(), self._bot_secret.encode())

    async def _of_chat(self, address: str) -> Caller:
        key = _chat_key(address)
        known = self._fresh(key)
        if known is None:
            account = links.account_in(address)
            found = await chat_sessions.linked(self._database, *account) if account else None
            known = Caller(found.actor, is_bot=True, link=found.link) if found else Caller(is_bot=True)
            self._keep(key, known)
        return known

    def _fresh(self, key: bytes) -> Caller | None:
        now = self._database.clock.now()
        known = self._known.get(key)
        return known[0] if known is not None and now - self._kept < known[1] <= now else None

    def _keep(self, key: bytes, caller: Caller) -> None:
        """Keep who stands behind a key; that nobody does is not kept, for it may change with the next request."""
        self._known.pop(key, None)
        if caller.actor is not None:
            self._known[key] = (caller, self._database.clock.now())
            if len(self._known) > ACTORS_KEPT_MAX:
                self._known.popitem(last=False)


def bearer_of(header: str | None) -> str | None:
    """Return the token of an “Authorization: Bearer …” header."""
    return token_of(header, "bearer")


def token_of(header: str | None, scheme: str) -> str | None:
    """Return what an Authorization header of a scheme holds; None when it is of another."""
    given, _, token = (header or "").partition(" ")
    return token.strip() or None if given.lower() == scheme else None


def _chat_key(address: str) -> bytes:
    return f"chat {address}".encode()

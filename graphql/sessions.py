"""Who a token stands for, kept for a few seconds: signing in is read once per token, not once per scan."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from pickmesh.core.accounts import sessions as accounts
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.graphql.limits import Limits

ACTORS_KEPT_MAX = 10_000


class Sessions:
    """Tokens this process has seen lately; only their hashes are kept."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._kept = timedelta(seconds=limits.actor_kept_s)
        self._known: OrderedDict[bytes, tuple[Actor, datetime]] = OrderedDict()

    async def actor_of(self, token: str) -> Actor | None:
        """Return who a token stands for; None when it is unknown, ended or not a token at all."""
        key = hashlib.sha256(token.encode()).digest()
        now = self._database.clock.now()
        known = self._known.get(key)
        if known is not None and now - self._kept < known[1] <= now:
            return known[0]
        actor = await accounts.actor_of_token(self._database, token)
        self._known.pop(key, None)
        if actor is not None:
            self._known[key] = (actor, now)
            if len(self._known) > ACTORS_KEPT_MAX:
                self._known.popitem(last=False)
        return actor

    async def locale_of(self, headers: Mapping[str, str]) -> str:
        """Return the language to answer a request in: the one it asks for, else its person's, else English."""
        asked = languages.asked_for(headers.get("accept-language"))
        token = bearer_of(headers.get("authorization"))
        return asked or languages.of_actor(await self.actor_of(token) if token else None)

    def forget_person(self, person_id: UUID | None) -> None:
        """Look up a person's tokens anew: they signed out, or their role changed."""
        for key in [key for key, (actor, _) in self._known.items() if actor.person_id == person_id]:
            del self._known[key]


def bearer_of(header: str | None) -> str | None:
    """Return the token of an “Authorization: Bearer …” header."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None

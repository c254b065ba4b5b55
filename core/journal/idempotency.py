"""Idempotency keys: a command repeated with its key changes nothing and answers the same."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from pickmesh.core.db.base import dump_json
from pickmesh.core.journal.tables import IdempotencyKey
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import InvalidInput, Refusal
from pickmesh.core.kit.texts import sentence

KEY_LENGTH_MAX = 200
KEPT_FOR = timedelta(days=7)


class KeyReused(Refusal):
    """This idempotencyKey was used for another request; send a new key with a new request."""

    code = "IDEMPOTENCY_KEY_REUSED"


@dataclass(frozen=True, slots=True)
class Claim:
    """A key as one caller used it for one mutation."""

    caller: str
    mutation: str
    key: str
    body_hash: str


def claim(uow: UnitOfWork, mutation: str, key: str, body: object) -> Claim:
    """Name the use of a key; the caller is the person (or the merchant's own machinery)."""
    if not 1 <= len(key) <= KEY_LENGTH_MAX or not key.isprintable():
        message = sentence("idempotencyKey must have 1 to {most} printable characters.", most=KEY_LENGTH_MAX)
        raise InvalidInput(message, field=("idempotencyKey",))
    # A body may hold halves of characters, which its command refuses item by item.
    digest = hashlib.sha256(dump_json(body).encode("utf-8", "surrogatepass")).hexdigest()
    return Claim(str(uow.actor.acting_id or "system"), mutation, key, digest)


async def earlier_answer(uow: UnitOfWork, use: Claim) -> dict[str, Any] | None:
    """Take the key for this unit of work; return what was answered before, or None when it is new.

    The key's row is the first lock of the transaction, so a twin request waits here and then finds the answer.
    Refuses KEY_REUSED when the body differs.
    """
    row = {"caller": use.caller, "mutation": use.mutation, "key": use.key}
    await uow.upsert(IdempotencyKey, [{**row, "body_hash": use.body_hash, "answer": {}, "at": uow.now}])
    found = await uow.first(
        sa.select(IdempotencyKey.body_hash, IdempotencyKey.answer)
        .where(uow.mine(IdempotencyKey), *(getattr(IdempotencyKey, name) == value for name, value in row.items()))
        .with_for_update()
    )
    if found is None or found.body_hash != use.body_hash:
        raise KeyReused(field=("idempotencyKey",))
    return dict(found.answer) or None


async def remember(uow: UnitOfWork, use: Claim, answer: dict[str, Any]) -> None:
    """Keep what is answered under the key; it must not be empty and holds ids and refusals, never personal data."""
    key = {"caller": use.caller, "mutation": use.mutation, "key": use.key}
    await uow.update(IdempotencyKey, [{**key, "answer": answer}])


async def forget_old(uow: UnitOfWork) -> int:
    """Delete keys older than seven days; return how many."""
    old = sa.delete(IdempotencyKey).where(uow.mine(IdempotencyKey), IdempotencyKey.at < uow.now - KEPT_FOR)
    return (await uow.execute(old)).rowcount

"""A batch of told things beside those that stand: each is new, changed or as it was, and a name is had by one only."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, StaleVersion


class Told(Protocol):
    """A thing as somebody wants it: a new one without `id`, else at the `version` they have read, if they say so."""

    @property
    def id(self) -> UUID | None:
        """Return which one it is."""
        ...

    @property
    def version(self) -> int | None:
        """Return the version that was read."""
        ...


class Saving:
    """A batch in the making: rows `new` and `changed`, by id, hold what its things come to.

    `known` are the rows that stand, by id; `key` is the column whose value one of them may have, `taken` refuses a
    second. At most `most` may stand: `full` says so, and `twice` that a thing stands twice in the batch.
    """

    def __init__(
        self, known: Mapping[UUID, Any], *, key: str, taken: type[Refusal], most: int, full: str, twice: str
    ) -> None:
        self.known = known
        self.new: dict[UUID, dict[str, Any]] = {}
        self.changed: dict[UUID, dict[str, Any]] = {}
        self._key, self._taken, self._most, self._full, self._twice = key, taken, most, full, twice
        self._holders: dict[str, UUID] = {getattr(row, key): row.id for row in known.values()}

    def standing(self, told: Told) -> Any | None:
        """Return the row a thing is about, None for a new one; refuses one that is not there, told twice or stale."""
        if told.id is None:
            return None
        row = self.known.get(told.id)
        if row is None:
            raise NotFound(field=("id",))
        if told.id in self.changed:
            raise InvalidInput(self._twice, field=("id",))
        if told.version is not None and told.version != row.version:
            raise StaleVersion(data={"id": str(row.id), "version": row.version})
        return row

    def take(self, row: Any | None, content: Mapping[str, Any]) -> UUID:
        """Let a thing come to this content, and return its id; refuses a name that is taken, and one thing too many."""
        name = content[self._key]
        before = None if row is None else row.id
        if self._holders.get(name, before) != before:
            raise self._taken(field=(self._key,))
        own: UUID = before or new_id()
        if row is None:
            if len(self.known) + len(self.new) >= self._most:
                raise LimitExceeded(self._full)
            self.new[own] = {"id": own, **content}
        else:
            self._holders.pop(getattr(row, self._key), None)
            if any(row._mapping[column] != value for column, value in content.items()):
                self.changed[own] = {"id": own, **content}
        self._holders[name] = own
        return own

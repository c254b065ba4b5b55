"""What an invariant check found: a sentence for people, the ids for whoever mends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of an invariant of domain.md, by the number it has there; `data` names the rows and figures."""

    invariant: int
    sentence: str
    data: Mapping[str, object] = field(default_factory=dict)

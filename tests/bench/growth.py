"""How memory and processor time grow with the desk: a table of what each further follower adds."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.table import table

HEADS = (
    "followers",
    "a login",
    "start s",
    "memory MB",
    "KB each further follower",
    "KB kept of an order",
    "CPU µs an event",
    "each further follower",
)


@dataclass(frozen=True)
class Size:
    """One desk to measure and how often."""

    followers: int
    per_login: int
    rounds: int


@dataclass(frozen=True)
class Grown:
    """What one desk took. ``memory`` and ``after`` are bytes before and after the race, 0 where the system does not say."""

    size: Size
    started_s: float
    memory: int
    after: int
    cpu_us: float  # an event

    def row(self, smaller: "Grown | None") -> list[str]:
        """One row; what a follower adds is told against the next smaller desk of its kind."""
        size = self.size
        further = size.followers - smaller.size.followers if smaller is not None else 0
        kept = (self.after - self.memory) / (size.followers * size.rounds * 1000)
        return [
            f"{size.followers:,}",
            f"{size.per_login}",
            f"{self.started_s:.1f}",
            f"{self.memory / 1e6:,.0f}" if self.memory else "not told",
            f"{(self.memory - smaller.memory) / further / 1000:,.0f}" if smaller is not None and self.memory else "",
            f"{kept:.1f}" if self.memory else "",
            f"{self.cpu_us:,.0f}",
            f"{(self.cpu_us - smaller.cpu_us) / further:,.0f}" if smaller is not None else "",
        ]


def growth(found: Sequence[Grown]) -> str:
    """The table."""
    rows: list[list[str]] = []
    for before, grown in zip((None, *found), found, strict=False):
        is_of_kind = before is not None and before.size.per_login == grown.size.per_login
        rows.append(grown.row(before if is_of_kind else None))
    return table(HEADS, rows)

"""Figures of a race: percentiles, ratios, and the lines that are printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.bench.race import Lap


def at(values: Iterable[float], share: float) -> float:
    """The value that ``share`` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True)
class Row:
    """Median, 99th percentile and maximum of one racer, for the first and the last follower. Microseconds."""

    first: tuple[float, float, float]
    last: tuple[float, float, float]

    @classmethod
    def of(cls, laps: Sequence[Lap]) -> "Row":
        """Figures of some laps."""
        first, last = [lap.first for lap in laps], [lap.last for lap in laps]
        return cls((at(first, 0.5), at(first, 0.99), max(first)), (at(last, 0.5), at(last, 0.99), max(last)))


def times(values: tuple[float, float, float]) -> str:
    """Three times in one cell."""
    return " / ".join(f"{value:,.0f}" for value in values)


def ratios(values: tuple[float, float, float], floor: tuple[float, float, float]) -> str:
    """Three ratios in one cell."""
    return " / ".join(f"{value / of:.2f}" for value, of in zip(values, floor, strict=True))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that is both read on a terminal and pasted into a document."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"

    return "\n".join([line(heads), f"|{'|'.join('-' * (width + 2) for width in widths)}|", *map(line, rows)])


@dataclass(frozen=True)
class Target:
    """One promise and what came of it."""

    words: str
    ratio: float
    limit: float

    def __str__(self) -> str:
        """One line for a person."""
        return (
            f"{'met    ' if self.is_met else 'NOT MET'}  {self.words}: {self.ratio:.2f}, wanted at most {self.limit:g}"
        )

    @property
    def is_met(self) -> bool:
        """Say whether the promise was kept."""
        return self.ratio <= self.limit

"""Cards of routes: the table, and a test of what arrives where."""

from collections.abc import Mapping, Sequence

from bot.core.card import Card, one_line
from bot.core.routing import Spot
from engine.api import Value

LONGEST = 60


class Heard(Value, frozen=True):
    """What is known of one chat in a test: the seconds that it took, or why nothing arrives."""

    name: str
    after_s: float | None = None
    fault: str = ""

    @property
    def is_known(self) -> bool:
        """Say whether it has arrived, or never will."""
        return self.after_s is not None or bool(self.fault)

    @property
    def words(self) -> str:
        """One line."""
        if self.after_s is not None:
            return f"✔ {one_line(self.name)[:LONGEST]} {self.after_s:.1f} s"
        if self.fault:
            return f"✖ {one_line(self.name)[:LONGEST]}: {one_line(self.fault)[:LONGEST]}"
        return f"? {one_line(self.name)[:LONGEST]}: not known yet"


def routes_card(table: Mapping[str, Sequence[Spot]], spots: Sequence[Spot]) -> Card:
    """Which rooms hear of what, and from which severity on each is told the rest."""
    lines = []
    for code, rooms in table.items():
        lines.append(f"{code} → {', '.join(_room(one) for one in rooms)}")
        if all(one.why_lost for one in rooms):
            lines.append("  not reached: the rooms of its severity")
    rest = [f"{_room(one)}" for one in spots]
    said = ("All else by severity:", *(f"  {line}" for line in rest)) if rest else ("No room is bound yet: /bind",)
    return Card(title="ROUTES", lines=(*lines, *said), footer="A P1 always reaches who is on call and operations.")


def line_card(by: str, ref: str) -> Card:
    """What every chat is shown in a test."""
    title = f"ROUTE TEST by {one_line(by)[:LONGEST]}: nothing is wrong, nothing to do."
    return Card(title=title, ref=ref, brief=True)


def echo_card(heard: Sequence[Heard], ref: str, *, is_over: bool) -> Card:
    """What became of a test."""
    shown = sum(one.after_s is not None for one in heard)
    unknown = sum(not one.is_known for one in heard)
    title = f"ROUTE TEST · {shown} of {len(heard)} delivered" if is_over else f"ROUTE TEST · {len(heard)} chats asked"
    footer = "" if is_over else "The result comes here within 10 s."
    if is_over and unknown:
        footer = f"{unknown} not known after 10 s: may still arrive."
    return Card(title=title, lines=tuple(one.words for one in heard), footer=footer, ref=ref, settled=is_over)


def _room(spot: Spot) -> str:
    floor = f"{spot.words} (from {spot.room.floor})"
    return f"{floor} ✖" if spot.why_lost else floor

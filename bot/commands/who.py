"""Who may act on this desk."""

from bot.core.card import Card, Column, Table, one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import role_words
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """Everybody with rights, and where they write from."""
    rows = []
    for known in desk.people.everybody():
        platforms = "".join(sorted({identity[:1].upper() for identity, _ in known.identities})) or "-"
        rights = ", ".join(role_words(grant) for grant in known.person.grants)
        rows.append((one_line(known.person.name), rights, platforms))
    columns = (Column(head="WHO", firm=False), Column(head="MAY", firm=False, least=12), Column(head="ON"))
    rooms = tuple(f"{room.kind.value} {room.chat} · {room.scope}" for room in desk.people.rooms())
    lines = ("The console is the owner's.",) if rows else ("Nobody is paired yet: lockstep pair",)
    return reply(
        Card(title="WHO", lines=(*lines, *rooms), table=Table(columns=columns, rows=tuple(rows)) if rows else None)
    )


COMMAND = Command(
    name="who",
    summary="Who may act on this desk, and where",
    args=Args,
    run=run,
    examples=("/who", "who", "/who ?"),
)

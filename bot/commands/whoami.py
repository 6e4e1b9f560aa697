"""Who I am here, and what I may do."""

from bot.core.access import Known
from bot.core.card import one_line
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.look import until
from bot.core.render.word import whoami_card
from engine.api import Value


class Args(Value, frozen=True):
    """Nothing."""


async def run(_: Args, desk: Desk) -> Reply:
    """Show S17."""
    mine = (one for one in desk.people.everybody() if one.person.id == desk.person.id)
    known = next(mine, Known(person=desk.person, identities=()))  # who sits at the desk is paired nowhere
    has = desk.people.has_codes(desk.person)
    codes = "on" if has else "begun" if desk.people.lacks_proof(desk.person) else "off"
    armed = [until(at, desk.now, desk.zone) for name, at in desk.people.armed() if name == desk.person.name]
    oncall = ", ".join(f"{one_line(name)} ({rank})" for rank, name, _ in desk.alerts.oncall()) or "nobody"
    more = [f"armed until {armed[0]}" if armed else "not armed", f"on call: {oncall}"]
    if quiet := desk.alerts.quiet():
        more.append(f"quiet {quiet}")
    return reply(whoami_card(known, desk.room, str(desk.zone), codes, more))


COMMAND = Command(
    name="whoami",
    summary="Who you are here, your role and time zone",
    args=Args,
    run=run,
    family="Self",
    examples=("/whoami", "whoami", "/whoami ?"),
)

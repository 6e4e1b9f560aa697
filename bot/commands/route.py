"""Which rooms hear of a kind of alert, instead of those that its severity names."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply, reply
from bot.core.deed import NameRoom, Route
from bot.core.dialogue import Intent
from bot.core.render.route import routes_card
from bot.core.render.word import refusal_card
from bot.core.routing import OFF, TEST, is_kind, is_name
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """A code, or all that begin so (copy., trade.), and a room, here or off; a room and its name; test; or nothing."""

    code: Word | None = None
    room: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """A P1 goes on reaching who is on call and operations."""
    if args.code is None:
        return reply(routes_card(desk.routes.table(), desk.routes.spots()))
    code, room = args.code.lower(), args.room or ""
    if code == TEST and not room:
        return reply(await desk.routes.test())
    if not is_kind(code) and room.startswith("#"):
        return _named(code, room.lower(), desk)
    if not is_kind(code):
        return reply(refusal_card(f"Not done: no alert has the code {code[:30]}."))
    if not room:
        return reply(refusal_card(f"Not done: say where: /route {code} #trades, here or off."))
    if room.lower() == OFF:
        if code not in desk.routes.table():
            return reply(refusal_card(f"Not done: {code} is routed nowhere; /route shows what is."))
        return _intent(Route(code=code))
    spot = desk.routes.find(room, desk.room)
    told = f"Then the rooms of its severity are not told of {code} any more."
    remarks = (told, f"{spot.words} is told of it whatever its floor ({spot.room.floor}); its scope holds.")
    return _intent(
        Route(code=code, chat=spot.room.chat, name=spot.words), *remarks, "A P1 also reaches on call and ops."
    )


def _named(room: str, name: str, desk: Desk) -> Reply:
    spot = desk.routes.find(room, desk.room)
    if not is_name(name):
        return reply(refusal_card("Not done: a name is a # and one word that means nothing else: #trades."))
    if any(one.name == name and one.room.chat != spot.room.chat for one in desk.routes.spots()):
        return reply(refusal_card(f"Not done: another room is called {name}."))
    return _intent(NameRoom(chat=spot.room.chat, name=name))


def _intent(deed: Route | NameRoom, *remarks: str) -> Reply:
    return Reply(intent=Intent(deed=deed, level=Level.C2, role=Role.ADMIN, remarks=remarks))


COMMAND = Command(
    name="route",
    summary="Which rooms hear of which alerts; a test of all",
    args=Args,
    run=run,
    role=Role.ADMIN,
    level=Level.C2,
    family="Rights",
    examples=("/route copy. #trades", "/route copy. off", "/route test"),
)

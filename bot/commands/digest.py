"""The cards that come by themselves: your morning, the close of the day, the week."""

from bot.core.command import Command, Desk, Reply, reply
from bot.core.digest import Digest
from bot.core.render.digest import wishes_card
from bot.core.render.word import refusal_card
from bot.core.words import Word
from engine.api import Value

SHAPES = {
    Digest.MORNING: "a time such as 07:30, or off",
    Digest.CLOSE: "on (the end of the trade date), a time such as 16:10, or off",
    Digest.WEEK: "a day and a time such as sun 18:00, or off",
}


class Args(Value, frozen=True):
    """Which, and when in your zone; nothing shows what is set, ``now`` shows one at once."""

    now: bool = False
    kind: Digest | None = None
    when: Word | None = None
    at: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """They come in your private chats, of the accounts that you may see."""
    words = " ".join(filter(None, (args.when, args.at)))
    if args.now:
        if args.kind is None or words:
            return reply(refusal_card("Not done: say which: /digest now morning, close or week."))
        return await desk.digests.now(args.kind)
    if words or args.kind is not None:
        if args.kind is None:
            return reply(
                refusal_card("Not done: say which: /digest morning 07:30, /digest close on, /digest week off.")
            )
        if words and not desk.digests.set(args.kind, words):
            return reply(refusal_card(f"Not done: {words[:30]!r} is no time of it; write {SHAPES[args.kind]}."))
    return reply(wishes_card(desk.digests.wishes(), desk.digests.ahead(), desk.zone))


COMMAND = Command(
    name="digest",
    summary="Morning, close and week by themselves",
    args=Args,
    run=run,
    family="Self",
    examples=("/digest morning 07:30", "/digest close on", "/digest now close"),
)

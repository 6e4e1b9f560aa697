"""How you hear of which alerts in your private chats."""

from bot.core.card import Card
from bot.core.command import Command, Desk, Reply, reply
from bot.core.render.word import refusal_card
from bot.core.route import Mode
from bot.core.taxonomy import KINDS
from bot.core.words import Word
from engine.api import Value


class Args(Value, frozen=True):
    """A code, or all that begin so (copy.), and how; nothing shows what is set."""

    mode: Mode | None = None
    code: Word | None = None


async def run(args: Args, desk: Desk) -> Reply:
    """A P1 rings whatever is set."""
    if args.code is not None:
        code = args.code.lower()
        if code not in KINDS and not (code.endswith(".") and any(known.startswith(code) for known in KINDS)):
            return reply(refusal_card(f"Not done: no alert has the code {code[:30]}."))
        if args.mode is None:
            return reply(refusal_card(f"Not done: say how: /notify {code} on, silent, digest or off."))
        desk.alerts.set_mode(code, args.mode)
    lines = [f"{code} {mode.value}" for code, mode in sorted(desk.alerts.modes().items())]
    rest = "All else: on" if lines else "All: on"
    return reply(
        Card(title="NOTIFY", lines=(*lines, f"{rest}. P1 always rings."), footer="For example /notify copy.slow off")
    )


COMMAND = Command(
    name="notify",
    summary="How you hear of which alerts",
    args=Args,
    run=run,
    family="Self",
    examples=("/notify copy.slow silent", "/notify copy. off", "/notify"),
)

"""Stop entries; exits are still copied."""

from datetime import timedelta

import msgspec

from bot.core.access import ALL, Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Button, Intent, Propose, Run
from bot.core.render.look import counted
from bot.core.span import Span
from bot.core.words import Rest, Scope
from engine.api import HoldView, PauseAsk, ResumeAsk, Value


class Args(Value, frozen=True):
    """Whom, how long, why. Alone it is the whole desk until somebody resumes: it only reduces risk."""

    scope: Scope = Scope("all")
    span: Span | None = None
    reason: Rest = Rest("")


async def run(args: Args, desk: Desk) -> Reply:
    """Pause now; Undo resumes only those that nobody had paused before."""
    if args.scope == ALL and desk.is_part:
        return Reply(asks_whom=True)
    followers = [view for view in await desk.engine.accounts(args.scope) if view.role == "follower"]
    running = [view.id for view in followers if not view.holds]
    held = sum(any(leg.have for leg in view.legs) for view in followers)
    ask = PauseAsk(
        key=desk.key("pause"),
        by=desk.person.name,
        scope=args.scope,
        until=args.span.until if args.span is not None else None,
        reason=args.reason,
    )
    back = args.scope if len(running) == len(followers) else ",".join(running)
    undo = (ResumeAsk(key=desk.key("undo"), by=desk.person.name, scope=back),) if running else ()
    remarks: tuple[str, ...] = ("Exits are still copied." + (f" {counted(held, 'position')} open" if held else ""),)
    if kept := [
        view.id for view in followers if any(_is_mine(hold, desk) and _outlasts(hold, ask) for hold in view.holds)
    ]:
        remarks = (*remarks, f"Your longer pause holds: {', '.join(kept[:3])}{' …' if len(kept) > 3 else ''}")
    return Reply(intent=_intent(ask, undo, remarks, desk))


def _is_mine(hold: HoldView, desk: Desk) -> bool:
    return hold.who == desk.person.id  # a name may be another's too


def _outlasts(hold: HoldView, ask: PauseAsk) -> bool:
    return ask.until is not None and (hold.until is None or hold.until > ask.until)


def _intent(ask: PauseAsk, undo: tuple[ResumeAsk, ...], remarks: tuple[str, ...], desk: Desk, more: int = 3) -> Intent:
    after: tuple[Button, ...] = (Button(label="Resume…", key="r", payload=Run(line=f"/resume {ask.scope}")),)
    if ask.until is not None and more:
        longer = msgspec.structs.replace(ask, key=desk.key("pause"), until=ask.until + timedelta(minutes=15))
        extend = Propose(intent=_intent(longer, undo, remarks, desk, more - 1))
        after = (Button(label="+15m", key="e", payload=extend), *after)
    return Intent(ask=ask, undo=undo, after=after, remarks=remarks)


COMMAND = Command(
    name="pause",
    summary="Stop new entries; exits are still copied",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C1,
    family="Slow",
    aliases=("hold",),
    examples=("/pause 15m", "/pause ALPHA 1h30m NFP", "/pause #funded until 14:45"),
    is_hot=True,
)

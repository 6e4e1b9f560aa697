"""Stop entries; exits are still copied."""

from bot.core.access import Level, Role
from bot.core.command import Command, Desk, Reply
from bot.core.dialogue import Intent
from bot.core.words import Rest, Scope, Span
from engine.api import PauseAsk, ResumeAsk, Value


class Args(Value, frozen=True):
    """Whom, how long, why. Alone it is the whole desk until somebody resumes: it only reduces risk."""

    scope: Scope = Scope("all")
    span: Span | None = None
    reason: Rest = Rest("")


async def run(args: Args, desk: Desk) -> Reply:
    """Pause now; Undo resumes only those that nobody had paused before."""
    running = [view.id for view in await desk.engine.accounts(args.scope) if view.role == "follower" and not view.holds]
    ask = PauseAsk(
        key=desk.key("pause"),
        by=desk.person.name,
        scope=args.scope,
        until=args.span.until if args.span is not None else None,
        reason=args.reason,
    )
    undo = (ResumeAsk(key=desk.key("undo"), by=desk.person.name, scope=",".join(running)),) if running else ()
    return Reply(intent=Intent(ask=ask, undo=undo))


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
)

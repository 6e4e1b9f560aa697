"""Copy entries again."""

import re

from bot.core.access import ALL, Level, Role
from bot.core.card import Card
from bot.core.command import Choice, Command, Desk, Reply
from bot.core.dialogue import Button, Intent, Run
from bot.core.render.look import age, counted, side, why
from bot.core.words import Scope
from engine.api import AccountView, LockstepError, PreviewView, Rejoin, ResumeAsk, Value

LOOK_BACK = 50
MOST_WAYS = 3
_WAY = re.compile(r": (/(?:unlock|on) \S+)")


class Args(Value, frozen=True):
    """Whom; join the leader's position now instead of waiting for its next entry? Also inside a news window?"""

    scope: Scope | None = None
    join: bool = False
    news: bool = False


async def run(args: Args, desk: Desk) -> Reply:
    """Preview the resume, say what the leader holds now, offer flat or join."""
    if args.scope in (None, ALL) and desk.is_part:
        return Reply(asks_whom=True)
    views = await desk.engine.accounts(args.scope or "all")
    followers = [view for view in views if view.role == "follower"]
    held = [view for view in followers if view.holds]
    scope: str | None = args.scope
    if scope is None:
        if held and len(held) < len(followers):
            return _which(held)
        scope = "all"  # either everything is paused or nothing is: there is nothing to choose
    ask, join = (
        ResumeAsk(key=desk.key("resume"), by=desk.person.name, scope=scope, rejoin=rejoin, over_news=args.news)
        for rejoin in (Rejoin.FLAT, Rejoin.JOIN)
    )
    if refused := _refused(await desk.engine.preview(ask)):
        return refused
    missing = await _missing(join, desk)
    remarks = await _missed(scope, views, desk, missing)
    if args.join:
        return Reply(intent=Intent(ask=join, remarks=remarks))
    instead = (("Join…", join),) if missing else ()
    return Reply(intent=Intent(ask=ask, instead=instead, remarks=remarks))


def _which(held: list[AccountView]) -> Reply:
    paused = [Choice(label=f"{view.id} {why(view.holds[0])}".strip(), line=f"/resume {view.id}") for view in held]
    everything = Choice(label="all that are paused", line=f"/resume {','.join(view.id for view in held)}")
    return Reply(question="Resume which?", choices=(*paused, everything) if len(paused) > 1 else tuple(paused))


def _refused(preview: PreviewView) -> Reply | None:
    """What a limit has locked, or a person turned off, no resume lifts: that takes its own word."""
    if preview.adds_risk or not preview.lines:
        return None
    lines = tuple(f"{one.account} {one.after}" for one in preview.lines)
    ways = dict.fromkeys(way[1] for line in lines if (way := _WAY.search(line)) is not None)
    buttons = tuple(
        Button(label=f"{way[1].upper()}{way[2:]}…", key=str(number), payload=Run(line=way, once=True))
        for number, way in enumerate([*ways][:MOST_WAYS], 1)
    )
    who = f"{preview.lines[0].account} cannot" if len(lines) == 1 else "nobody here can"
    title = f"Not done: {who} be resumed"
    return Reply(cards=(Card(title=title, lines=lines),), buttons=buttons)


async def _missing(join: ResumeAsk, desk: Desk) -> int:
    """Contracts that joining would trade now: a paused follower wants no more than it has, so its legs do not tell."""
    try:
        return (await desk.engine.preview(join)).contracts
    except LockstepError:
        return 0  # who cannot join may still resume


async def _missed(scope: str, views: tuple[AccountView, ...], desk: Desk, missing: int) -> tuple[str, ...]:
    """What happened while they were paused, and where the leader stands now."""
    holds = [hold for view in views if view.role == "follower" for hold in view.holds]
    told: list[str] = []
    if holds:
        first = min(holds, key=lambda hold: hold.since)
        lasted = age(max(0.0, (desk.now - first.since).total_seconds()))
        told.append(" ".join(filter(None, ("Paused", lasted, "by", first.by, why(first)))))
        found = await desk.engine.copies(LOOK_BACK, scope)
        missed = [copy for copy in found if copy.leader and copy.at >= first.since]  # not what the desk did by itself
        entries = sum(copy.net * copy.quantity > 0 for copy in missed)
        told.append(f"Meanwhile the leader: {counted(entries, 'entry')}, {counted(len(missed) - entries, 'exit')}")
    leaders = [view for view in views if view.role == "leader"]
    stands = [f"{view.id} is {side(leg.have)} {leg.symbol} now" for view in leaders for leg in view.legs if leg.have]
    told.extend(stands or ["The leader is flat now."] if leaders else [])
    if missing:
        told.append(f"Flat: copy from its next entry. Join: {missing} at market now.")
    return tuple(told)


COMMAND = Command(
    name="resume",
    summary="Copy entries again, from flat or by joining",
    args=Args,
    run=run,
    role=Role.TRADER,
    level=Level.C2,
    family="Fast",
    aliases=("go",),
    examples=("/resume", "/resume ALPHA", "/resume NQ-MAIN join"),
    is_hot=True,
)

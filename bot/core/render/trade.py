"""Copies and notices: what happened, told."""

from collections.abc import Sequence
from datetime import tzinfo

from bot.core.card import Card, clip, one_line
from bot.core.render.look import ALARMS, clock, lag, price, signed, ticks, told
from bot.core.tally import BAD, Tally, has_failed
from engine.api import CopyLine, CopyView, Notice, Severity

OPEN = frozenset({"sent"})
IDLE = frozenset({"skipped", "refused", "unclear"})  # nothing but a reason to tell: the same one is told once
SHOWN_NAMES = 12


def copies_card(views: Sequence[CopyView], zone: tzinfo, failed: bool = False) -> Card:
    """S7: the newest copies, leader to followers."""
    if not views:
        return Card(title="COPIES · no failed ones" if failed else "COPIES · none yet")
    lines = [line for view in views for line in copy_lines(view, zone)]
    return Card(title=f"COPIES · newest {len(views)}{' failed' if failed else ''}", lines=tuple(lines))


def copy_lines(view: CopyView, zone: tzinfo) -> list[str]:
    """One leader event and what each follower did."""
    at = f" {price(view.price)}" if view.price is not None else ""
    return [f"{clock(view.at, zone)} {one_line(view.what)}{at}", *(_group(same, view, zone) for same in _fold(view))]


def _fold(view: CopyView) -> list[list[CopyLine]]:
    """The lines in their order, those that stayed out for the same reason together."""
    groups: dict[tuple[str, ...], list[CopyLine]] = {}
    for place, line in enumerate(view.lines):
        key = (line.status, line.reason) if line.status in IDLE else (str(place),)
        groups.setdefault(key, []).append(line)
    return [*groups.values()]


def _group(same: Sequence[CopyLine], view: CopyView, zone: tzinfo) -> str:
    first = same[0]
    if len(same) == 1:
        return _line(first, view, zone)
    names = [clip(line.account, 14) for line in same]
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f" {', '.join(names[:SHOWN_NAMES])}{more} - {_verdict(first, view, zone)}"


def _verdict(line: CopyLine, view: CopyView, zone: tzinfo) -> str:
    word = line.status.upper() if line.status in BAD else line.status
    return " ".join(filter(None, (word, told(line.reason, view.at, zone))))


def _line(line: CopyLine, view: CopyView, zone: tzinfo) -> str:
    other = "" if line.symbol == view.symbol else f" {line.symbol}"
    head = f" {clip(line.account, 14)}"
    if line.status == "ok":
        return " ".join(
            filter(None, (f"{head} {signed(line.filled)}{other} ok ", lag(line.lag_ms), ticks(line.slip_ticks)))
        )
    if line.status == "sent":
        return f"{head} {signed(line.sent)}{other} sent, {line.filled} filled"
    if line.status == "part":
        return f"{head} {signed(line.filled)} of {signed(line.sent)}{other} PART {lag(line.lag_ms)}"
    return f"{head} -{other} {_verdict(line, view, zone)}"


def is_settled(view: CopyView) -> bool:
    """Say whether nothing of the copy is under way any more."""
    return all(line.status not in OPEN for line in view.lines)


def copy_card(view: CopyView, zone: tzinfo) -> Card:
    """One copy as it is pushed: the newest state, one card for one leader event."""
    first, *rest = copy_lines(view, zone)
    icon = "🟠" if has_failed(view) else "✔" if is_settled(view) else "…"
    return Card(
        title=f"{icon} {first}",
        severity=Severity.P2 if has_failed(view) else Severity.P4,
        lines=tuple(rest),
        footer=f" {view.leader} now {signed(view.net)} {view.symbol}" if view.leader else "",
        ref=f"copy:{view.cause}",
        settled=is_settled(view),
    )


def copies_summary(tally: Tally, zone: tzinfo) -> Card:
    """Several copies in one card, edited while more of them come."""
    shown = tally.troubles or ((tally.last,) if tally.last is not None else ())
    return Card(
        title=f"{'🟠' if tally.failed else '✔'} {tally.count} copies"
        + (f" · lag {lag(tally.lag_ms)}" if tally.lag_ms is not None else ""),
        severity=Severity.P2 if tally.failed else Severity.P4,
        lines=tuple(line for view in shown for line in copy_lines(view, zone)),
        footer=f"{tally.failed} with trouble: /copies failed" if tally.failed else "",
        ref=tally.ref,
    )


def notice_card(notice: Notice, zone: tzinfo) -> Card:
    """One notice."""
    about = " ".join(filter(None, (notice.account, notice.symbol)))
    text = told(notice.text, notice.at, zone)
    head = f"{ALARMS[notice.severity]} {notice.severity} {notice.code}"
    if about and about not in text:
        head += f" · {about}"
    return Card(
        title=head,
        severity=notice.severity,
        lines=(text,),
        footer=clock(notice.at, zone) if notice.severity <= Severity.P2 else "",
        brief=notice.severity >= Severity.P4,
    )

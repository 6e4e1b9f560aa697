"""Alerts as cards: one group in each of its stages, the list, one history, a storm, a digest."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.core.alert import Ending, Labels
from bot.core.alertgroup import Group, Stage
from bot.core.card import Card, Look, clip, one_line
from bot.core.dialogue import Button, Run
from bot.core.pipeline import Line, Why
from bot.core.render.look import ALARMS, age, clock, told
from bot.core.taxonomy import kind_of
from engine.api import Severity

SHOWN = 4
LISTED = 12
KEYS = "abcdefgh"


def heading(group: Group) -> str:
    """What it is and whom it concerns: ROGUE TRADE · APX-2."""
    shown = group.live or group.members
    names = list(dict.fromkeys(_about(member.labels) for member in shown))
    about = (
        (shown[0].name or names[0])
        if len(shown) == 1
        else names[0]
        if len(names) == 1
        else f"{len(names)} of {group.labels.leader or 'the desk'}"
        if names
        else ""
    )
    return " · ".join(filter(None, (kind_of(group.code).word, about)))


def _about(labels: Labels) -> str:
    return labels.account or labels.connection or labels.leader or labels.symbol


def group_card(group: Group, now: datetime, zone: tzinfo, why: Why | None = None) -> Card:
    """One group as it stands; edited in place, so a line says who has it."""
    icon = ALARMS[group.severity] if group.is_open else "🟢"
    lines = []
    if why in (Why.WORSE, Why.AGAIN, Why.ACK_ENDED, Why.SNOOZE_ENDED, Why.RELEASED):
        lines.append({Why.WORSE: "It got worse.", Why.RELEASED: "What held it back is over."}.get(why, "Still so."))
    if not group.is_open:
        lasted = age((group.ended_at or now).timestamp() - group.opened_at.timestamp())
        lines.append(f"Over after {lasted}: {told(group.outcome, now, zone)}")
    lines += _who(group, zone)
    shown = sorted(group.live or group.members, key=lambda member: (member.severity, member.at))
    lines += [told(member.text, member.at, zone) for member in shown[:SHOWN]]
    if len(shown) > SHOWN:
        names = ", ".join(clip(member.name, 14) for member in shown[SHOWN : SHOWN + 12])
        lines.append(f"… +{len(shown) - SHOWN}: {names}{' …' if len(shown) > SHOWN + 12 else ''}")
    if group.holding:
        lines.append(f"Holding back {group.holding} follow-up alerts")
    if group.is_flapping(now):
        lines.append(f"Comes and goes: {len(group.cycles)} times in 10 min")
    return Card(
        title=f"{icon} {group.severity} {heading(group)}",
        severity=group.severity,
        lines=tuple(lines),
        footer=f"{group.name} · {clock(group.opened_at, zone)} · {group.code}",
        ref=f"alert:{group.id}",
        settled=not group.is_open,
    )


def _who(group: Group, zone: tzinfo) -> list[str]:
    until = clock(group.until, zone)[:5] if group.until is not None else ""
    where = f" ({group.where})" if group.where else ""
    note = f' "{one_line(group.note)}"' if group.note else ""
    match group.stage:
        case Stage.ACKED:
            return [f"👤 {one_line(group.holder)} has it until {until}{where}{note}"]
        case Stage.SNOOZED:
            return [f"💤 snoozed until {until} by {one_line(group.holder)}{note}"]
        case Stage.FIRING | Stage.PENDING if group.holder and group.until is None:
            return [f"👤 for {one_line(group.holder)}{note}"]
        case _:
            return [note.strip()] if note and group.is_open else []


def group_buttons(group: Group) -> tuple[Button, ...]:
    """What may be pressed on it: by anybody, whose rights allow it at the press."""
    if not group.is_open:
        return ()
    has_it = group.stage is Stage.ACKED
    ack = ("↩ Give back", f"/unack {group.name}") if has_it else ("✅ Ack 15m", f"/ack {group.name} 15m")
    buttons = [Button(label=ack[0], key="k", payload=Run(line=ack[1]), look=Look.PLAIN if has_it else Look.GOOD)]
    buttons.append(Button(label="Details", key="t", payload=Run(line=f"/alert {group.name}")))
    labels = (group.live or group.members)[0].labels.known() if len(group.live) == 1 else group.labels.known()
    kind = kind_of(group.code)
    for press in kind.presses:
        names = [part.partition("}")[0] for part in press.line.split("{")[1:]]
        is_one = len(group.live) == 1 or not {"account", "ref"} & set(names)
        if is_one and all(name in labels for name in names):
            line = press.line.format_map(labels)
            key = KEYS[len(buttons) - 2]
            buttons.append(Button(label=press.label, key=key, payload=Run(line=line), look=press.look))
    if kind.ending is not Ending.DESK:
        buttons.append(Button(label="Resolve", key="z", payload=Run(line=f"/resolve {group.name} done")))
    return tuple(sorted(buttons, key=lambda button: button.look is Look.DANGER))


def said_card(group: Group, zone: tzinfo) -> Card:
    """One line about where it stands now; the group's own card is edited besides."""
    word = (_who(group, zone) or ["nobody has it" if group.is_open else f"over: {one_line(group.outcome)}"])[0]
    return Card(title=f"{group.name} {heading(group)}: {word}", brief=True)


def over_card(group: Group) -> Card:
    """The one short word when a grave one is over."""
    lasted = age((group.ended_at or group.last_at).timestamp() - group.opened_at.timestamp())
    return Card(
        title=f"🟢 {group.name} {heading(group)}: over after {lasted}", brief=True, ref=f"alert:{group.id}:over"
    )


def list_card(groups: Sequence[Group], now: datetime, what: str) -> Card:
    """S10: what is open, the gravest first, and who has it."""
    if not groups:
        return Card(title="OPEN 0 · nothing waits for anybody" if what == "open" else f"ALERTS {what} · none")
    counts = [f"{level} {sum(group.severity is level for group in groups)}" for level in list(Severity)[:3]]
    lines = [_line(group, now) for group in groups[:LISTED]]
    if len(groups) > LISTED:
        lines.append(f"… and {len(groups) - LISTED} more")
    head = "OPEN" if what == "open" else f"ALERTS {what}"
    return Card(title=f"{head} {len(groups)}  ({' · '.join(counts)})", lines=tuple(lines))


def _line(group: Group, now: datetime) -> str:
    if not group.is_open:
        tail = f"over {clip(one_line(group.outcome), 30)}"
    elif group.stage is Stage.SNOOZED:
        tail = "snoozed"
    elif group.held:
        tail = group.held
    else:
        tail = one_line(group.holder) or "nobody"
    since = age((now - group.opened_at).total_seconds())
    return f"{group.severity} {group.name} {heading(group)}  {since}  {tail}"


def list_buttons(groups: Sequence[Group]) -> tuple[Button, ...]:
    """One for each of the first, and one to have them all."""
    shown = groups[:3]
    buttons = [
        Button(label=group.name, key=str(number), payload=Run(line=f"/alert {group.name}"))
        for number, group in enumerate(shown, 1)
    ]
    if len(groups) > 1:
        buttons.append(Button(label="Ack all", key="k", payload=Run(line="/ack all 15m")))
    return tuple(buttons)


def history_card(group: Group, history: Sequence[Line], zone: tzinfo) -> Card:
    """S11: one group's history."""
    lines = [
        " ".join(filter(None, (clock(line.at, zone), line.by and one_line(line.by), _what(line, zone))))
        for line in history
    ]
    return Card(title=f"{group.name} {heading(group)}", severity=group.severity, lines=tuple(lines[-25:]))


def _what(line: Line, zone: tzinfo) -> str:
    text = told(line.text, line.at, zone)
    return text if line.kind in ("ack", "held", "released", "snooze") else f"{line.kind} {text}".rstrip()


def storm_card(groups: Sequence[Group], since: datetime, number: int, zone: tzinfo) -> Card:
    """Many at once, as one card."""
    worst = min((group.severity for group in groups), default=Severity.P2)
    lines = [
        f"{group.severity} {group.name} {heading(group)}"
        for group in sorted(groups, key=lambda one: (one.severity, one.id))
    ]
    more = (f"… and {len(lines) - LISTED} more: /alerts",) if len(lines) > LISTED else ()
    return Card(
        title=f"{ALARMS[worst]} {worst} STORM · {len(groups)} alerts, first {clock(since, zone)}",
        severity=worst,
        lines=(*lines[:LISTED], *more),
        footer="Further ones stand here, not each for itself.",
        ref=f"storm:{number}",
        settled=False,
    )


STORM_BUTTONS = (
    Button(label="✅ Ack all", key="k", payload=Run(line="/ack all 15m"), look=Look.GOOD),
    Button(label="List", key="t", payload=Run(line="/alerts")),
)


def digest_card(items: Sequence[tuple[datetime, str, Group | None]], zone: tzinfo, quiet: str) -> Card:
    """What a chat was not told while it was quiet, and whether it is over."""
    lines = []
    for at, text, group in items[:30]:
        if group is None:
            lines.append(f"{clock(at, zone)[:5]} {one_line(text)}")
        else:
            state = "open" if group.is_open else f"over {clock(group.ended_at or at, zone)[:5]}"
            lines.append(f"{clock(at, zone)[:5]} {group.severity} {group.name} {heading(group)}: {state}")
    if len(items) > 30:
        lines.append(f"… and {len(items) - 30} more: /alerts all")
    return Card(title=f"WHILE QUIET {quiet} · {len(items)}", lines=tuple(lines), footer="Open ones: /alerts")

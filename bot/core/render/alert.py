"""Alerts as cards: one group in each of its stages, the list, one history, a storm, a digest."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from bot.core.alert import Alert, Ending, Labels, Press, as_notice
from bot.core.alertgroup import Group, Stage
from bot.core.card import Card, Look, clip, one_line
from bot.core.chat import THREAD_NAME
from bot.core.dialogue import Button, Fill, Run
from bot.core.pipeline import Line, Why
from bot.core.render.look import ALARMS, age, clock, told
from bot.core.render.trade import notice_card
from bot.core.taxonomy import kind_of
from engine.api import Severity

SHOWN = 4
TOGETHER = 3  # events of one code, each on its own line
LISTED = 12
KEYS = "abcdefgh"
SHORT = {"telegram": "TG", "discord": "DC"}


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
    return labels.account or labels.connection or labels.leader or labels.symbol or labels.name


def group_card(group: Group, now: datetime, zone: tzinfo, why: Why | None = None) -> Card:
    """One group as it stands; edited in place, so a line says who has it."""
    icon = ALARMS[group.severity] if group.is_open else "🟢"
    lines = []
    if why in (Why.WORSE, Why.AGAIN, Why.ACK_ENDED, Why.SNOOZE_ENDED, Why.RELEASED):
        lines.append({Why.WORSE: "It got worse.", Why.RELEASED: "What held it back is over."}.get(why, "Still so."))
    if not group.is_open:
        lasted = age((group.ended_at or now).timestamp() - group.began.timestamp())
        lines.append(f"Over after {lasted}: {told(group.outcome, now, zone)}")
    lines += _who(group, zone)
    shown = sorted(group.live or group.members, key=lambda member: (member.severity, member.at))
    if not shown:
        lines.append("About accounts that are not told here.")
    for member in shown[:SHOWN]:
        lines.append(told(member.text, member.at, zone))
        lines += [f"✔ {told(member.proof, now, zone)}"] if member.proof else []
    if len(shown) > SHOWN:
        names = ", ".join(clip(member.name, 14) for member in shown[SHOWN : SHOWN + 12])
        lines.append(f"… +{len(shown) - SHOWN}: {names}{' …' if len(shown) > SHOWN + 12 else ''}")
    if group.holding:
        lines.append(f"Holding back {group.holding} follow-up alerts")
    if group.is_flapping(now):
        lines.append(f"Comes and goes: {len(group.cycles)} times in 10 min")
    if shown_on := pushed(group, now):
        lines.append(f"pushed {shown_on}")
    return Card(
        title=f"{icon} {group.severity} {heading(group)}",
        severity=group.severity,
        lines=tuple(lines),
        footer=f"{group.name} · {clock(group.began, zone)} · {group.code}",
        ref=f"alert:{group.id}",
        stamp=group.began if group.is_open else None,
        is_since=True,
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


def pushed(group: Group, now: datetime | None = None) -> str:
    """How long it took to each platform; with ``now`` what took too long and is not there yet, too.

    Empty while one may still answer in time, so that the line costs one edit.
    """
    if any(one.after_s is None and not one.is_late for one in group.delivered):
        return ""
    said = []
    for one in group.delivered:
        name = SHORT.get(one.platform, one.platform.upper())
        if one.after_s is not None:
            said.append(f"{name} {age(one.after_s)}")
        elif one.is_late and now is not None:
            said.append(f"{name} not yet {age((now - one.since).total_seconds())}")
    return " · ".join(said)


def thread_name(group: Group) -> str:
    """How its place beside the card is called: A-12 DRAWDOWN STOP APX-3."""
    return one_line(f"{group.name} {heading(group).replace(' · ', ' ')}")[:THREAD_NAME]


def lines_card(name: str, lines: Sequence[Line], zone: tzinfo) -> Card:
    """Lines of a history as they are written into its place: one by itself, several under its name."""
    said = tuple(_said(line, zone) for line in lines)
    return Card(title=said[0], brief=True) if len(said) == 1 else Card(title=name, lines=said, brief=True)


def group_buttons(group: Group) -> tuple[Button, ...]:
    """What may be pressed on it: by anybody, whose rights allow it at the press."""
    if not group.is_open:
        return ()
    has_it = group.stage is Stage.ACKED
    ack = ("↩ Unack", f"/unack {group.name}") if has_it else ("✅ Ack 15m", f"/ack {group.name} 15m")
    buttons = [Button(label=ack[0], key="k", payload=Run(line=ack[1]), look=Look.PLAIN if has_it else Look.GOOD)]
    buttons.append(Button(label="Details", key="t", payload=Run(line=f"/alert {group.name}")))
    labels = (group.live or group.members)[0].labels.known() if len(group.live) == 1 else group.labels.known()
    kind = kind_of(group.code)
    one_only = {"account", "ref", "person"} if len(group.live) != 1 else set()
    presses = [press for press in kind.presses if not (press.is_calm and group.severity is Severity.P1)]
    buttons += _buttons(presses, labels | {"alert": group.name}, one_only)
    if kind.ending is not Ending.DESK:
        why = Fill(line=f"/resolve {group.name}", kind="reason")
        buttons.append(Button(label="Resolve…", key="z", payload=why, form="reason"))
    return tuple(sorted(buttons, key=lambda button: button.look is Look.DANGER))


def _buttons(presses: Sequence[Press], labels: dict[str, str], barred: set[str]) -> list[Button]:
    """Those whose labels are known, and none of them barred."""
    found: list[Button] = []
    for press in presses:
        names = {part.partition("}")[0] for part in press.line.split("{")[1:]}
        if names <= set(labels) and not names & barred:
            payload = Run(line=press.line.format_map(labels))
            found.append(Button(label=press.label, key=KEYS[len(found)], payload=payload, look=press.look))
    return found


def event_cards(same: Sequence[Alert], zone: tzinfo) -> list[Card]:
    """Events of one code that came together: a line for each of the first, one for all the others."""
    cards = [notice_card(as_notice(alert), zone) for alert in same[:TOGETHER]]
    if len(same) > TOGETHER:
        names = dict.fromkeys(alert.labels.account for alert in same[TOGETHER:] if alert.labels.account)
        title = f"and {len(same) - TOGETHER} more {same[0].code}"
        cards.append(Card(title=title, lines=(", ".join(names),) if names else (), brief=True))
    return cards


def event_buttons(alert: Alert) -> tuple[Button, ...]:
    """What may be pressed on the one line of an event."""
    kind = kind_of(alert.code)
    return tuple(_buttons(kind.presses, alert.labels.known(), set())) if kind.ending is Ending.ONCE else ()


def said_card(group: Group, zone: tzinfo) -> Card:
    """One line about where it stands now; the group's own card is edited besides."""
    word = (_who(group, zone) or ["nobody has it" if group.is_open else f"over: {one_line(group.outcome)}"])[0]
    return Card(title=f"{group.name} {heading(group)}: {word}", brief=True)


def over_card(group: Group) -> Card:
    """The one short word when a grave one is over."""
    lasted = age((group.ended_at or group.last_at).timestamp() - group.began.timestamp())
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
    since = age((now - group.began).total_seconds())
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
    lines = [_said(line, zone) for line in history]
    return Card(title=f"{group.name} {heading(group)}", severity=group.severity, lines=tuple(lines[-25:]))


def _said(line: Line, zone: tzinfo) -> str:
    return " ".join(filter(None, (clock(line.at, zone), line.by and one_line(line.by), _what(line, zone))))


def _what(line: Line, zone: tzinfo) -> str:
    text = told(line.text, line.at, zone)
    return text if line.kind in ("ack", "held", "released", "snooze") else f"{line.kind} {text}".rstrip()


def storm_card(groups: Sequence[Group], number: int, zone: tzinfo) -> Card:
    """Many at once, as one card: what is open, and who has what of it; ``number`` is when it began."""
    left = sorted((one for one in groups if one.is_open), key=lambda one: (one.severity, -one.id))
    worst = min((group.severity for group in left or groups), default=Severity.P2)
    over = len(groups) - len(left)
    first = f"first {clock(datetime.fromtimestamp(number, UTC), zone)}"
    more = (f"… and {len(left) - LISTED} more: /alerts",) if len(left) > LISTED else ()
    ended = (f"{over} {'is' if over == 1 else 'are'} over",) if over and left else ()
    lines = (*map(_stormed, left[:LISTED]), *more, *ended)
    return Card(
        title=f"{ALARMS[worst]} {worst} STORM · {len(left)} alerts, {first}" if left else f"🟢 STORM over · {first}",
        severity=worst,
        lines=lines,
        footer="Further ones stand here, not each for itself." if left else "",
        ref=f"storm:{number}",
        settled=not left,
    )


def _stormed(group: Group) -> str:
    """News on top: it is what rang."""
    sign = {Stage.ACKED: "👤 ", Stage.SNOOZED: "💤 "}.get(group.stage)
    who = f" {sign}{one_line(group.holder)}" if sign else ""
    return f"{group.severity} {group.name} {heading(group)}{who}"


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

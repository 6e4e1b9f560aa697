"""S9: how the engine, the brokers' lines and the bot's own lines are doing."""

from bot.core.card import Card, one_line
from bot.core.render.look import age, lag
from bot.core.vital import PlatformVital, Vitals, troubles
from engine.api import HealthView, Severity

LEAST_REQUESTS = 10


def health_card(view: HealthView, vitals: Vitals | None = None) -> Card:
    """Everything; without ``vitals`` what the engine says."""
    behind = view.journal_seq - view.stored_seq
    lines = [f"Engine {view.version}  up {age(view.up_s)}  loop {lag(view.loop_ms)}"]
    for line in view.lines:
        beat = f"beat {age(line.heard_s)}"
        lines += [f"Leader {name}  {'LOST ' if name in view.silent else ''}{beat}" for name in line.leads]
    for line in view.lines:
        trip = f" {lag(line.round_trip_ms)}" if line.round_trip_ms is not None else ""
        heard = f" beat {age(line.heard_s)}" if line.heard_s is not None and not line.leads else ""
        word = "ok" if line.up and line.text == "ok" else f"{'' if line.up else 'DOWN '}{one_line(line.text)}"
        lines.append(f"{line.connection} ({line.broker}) {word}{trip}{heard}")
        if line.waiting or line.budget_left < LEAST_REQUESTS:
            lines.append(f" requests left {line.budget_left}, waiting {line.waiting}")
    lines.append(f"Journal {view.journal_seq}, stored {view.stored_seq}" + (f" ({behind} behind)" if behind else ""))
    lines.append(f"Database {one_line(view.database)}")
    lines.append(f"Events {view.events_per_s:.0f}/s")
    if view.quarantined:
        lines.append(f"QUARANTINED {', '.join(view.quarantined)}")
    bad = bool(view.quarantined or view.silent) or any(not line.up for line in view.lines) or view.database != "ok"
    if vitals is not None:
        lines += _bot(vitals)
        bad |= bool(troubles(vitals)) or any(one.trouble for one in vitals.platforms)
    return Card(title=f"{'🟠' if bad else '🟢'} HEALTH", lines=tuple(lines), ref="health")


def silent_card(said: str, vitals: Vitals) -> Card:
    """The engine says nothing: what the bot knows of itself."""
    return Card(title="🔴 HEALTH", severity=Severity.P2, lines=(one_line(said), *_bot(vitals)), ref="health")


def _bot(vitals: Vitals) -> list[str]:
    """Lines of the platforms and of the outbox."""
    if not vitals.platforms:
        return []
    lines = [line for one in vitals.platforms for line in _platform(one)]
    return [*lines, f"Outbox oldest {age(vitals.oldest_s)} · dead {vitals.dead}"]


def _platform(one: PlatformVital) -> list[str]:
    heard = "never" if one.heard_s is None else age(one.heard_s)
    found = [f"{one.name.capitalize()} in {heard} · out {'STUCK' if one.out else 'ok'} · q {one.waiting}"]
    return found + [f" {one_line(said)}" for said in dict.fromkeys((one.trouble, one.out)) if said]

"""S1's own lines and buttons: what is open and who has it, how the platforms are, and what is pressed most."""

from collections.abc import Sequence

from bot.core.alertgroup import Group
from bot.core.card import one_line
from bot.core.dialogue import Button, Fill, Run
from bot.core.vital import Vitals

SHORT = {"telegram": "TG", "discord": "DC"}


def alerts_line(groups: Sequence[Group]) -> str:
    """Alerts 1 open · P2 · Ana has it: of the gravest, which come first."""
    if not groups:
        return "Alerts 0 open"
    first = groups[0]
    holder = f"{one_line(first.holder)} has it" if first.holder and first.until is not None else "nobody has it"
    return f"Alerts {len(groups)} open · {first.severity} · {holder}"


def platforms_line(vitals: Vitals | None) -> str:
    """TG ok · DC deaf."""
    if vitals is None:
        return ""
    words = []
    for one in vitals.platforms:
        state = "deaf" if one.trouble or vitals.is_deaf(one) else "stuck" if one.out else "ok"
        words.append(f"{SHORT.get(one.name, one.name)} {state}")
    return " · ".join(words)


def status_buttons(scope: str, count: int, *, is_acting: bool) -> tuple[Button, ...]:
    """The same places for life, the pause first; without acts where a chat may only read."""
    acts = (
        Button(label="⏸ 15m", key="1", payload=Run(line=f"/pause {scope} 15m")),
        Button(label="⏸ Pause…", key="2", payload=Fill(line=f"/pause {scope}", kind="span")),
    )
    return (
        *(acts if is_acting else ()),
        Button(label="⟳", key="3", payload=Run(line=f"/status {scope}")),
        Button(label="Accounts", key="4", payload=Run(line=f"/accounts {scope}")),
        Button(label="Risk", key="5", payload=Run(line=f"/risk {scope}")),
        Button(label=f"Alerts {count}" if count else "Alerts", key="6", payload=Run(line="/alerts")),
        Button(label="More…", key="7", payload=Run(line="/help")),
    )

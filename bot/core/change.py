"""Change: what somebody did that lets risk grow, in one line for everybody else."""

import re
from decimal import Decimal

from bot.core.dialogue import Intent, adds_risk
from bot.core.render.act import title_of
from engine.api import LimitAsk, PreviewView, Severity, SizeAsk, Value

HALF = Decimal("0.5")  # of the plan's own size: a greater step is worth a look
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


class Change(Value, frozen=True):
    """One act that adds risk. ``was`` is the size that takes it back, where one word does."""

    by: str
    text: str
    scope: str
    severity: Severity = Severity.P4
    was: str = ""


def change_of(by: str, intent: Intent, preview: PreviewView | None, *, is_undo: bool = False) -> Change | None:
    """What others hear of an act; None where it adds no risk."""
    ask = intent.ask
    if ask is None or not adds_risk(intent, preview):
        return None
    severity, was = Severity.P4, ""
    text = title_of(ask)
    if isinstance(ask, SizeAsk | LimitAsk) and preview is not None:
        text = _steps(preview) or text
    if isinstance(ask, SizeAsk):
        if preview is not None and any(step > HALF for step in _raised(ask, preview)):
            severity = Severity.P3
        earlier = [one for one in intent.undo if isinstance(one, SizeAsk)]
        if len(earlier) == len(intent.undo) == 1:
            was = f"{earlier[0].factor:f}x"
    scope = intent.undo[0].scope if was else ask.scope
    return Change(by=by, text=f"takes back, {text}" if is_undo else text, scope=scope, severity=severity, was=was)


def together(changes: list[Change]) -> Change:
    """Changes of one person within a breath: one line."""
    first = changes[0]
    if len(changes) == 1:
        return first
    text = "; ".join(dict.fromkeys(one.text for one in changes))
    scope = ",".join(dict.fromkeys(one.scope for one in changes))
    return Change(by=first.by, text=text, scope="all" if "all" in scope.split(",") else scope)


def _steps(preview: PreviewView) -> str:
    """Accounts that change, those with the same step together."""
    same: dict[str, list[str]] = {}
    for line in preview.lines:
        if line.before != line.after:
            same.setdefault(f"{line.before} → {line.after}", []).append(line.account)
    return "; ".join(f"{', '.join(accounts)} {step}" for step, accounts in same.items())


def _raised(ask: SizeAsk, preview: PreviewView) -> list[Decimal]:
    """By how much of the plan's own size each account grows, as far as the preview's words tell."""
    found = []
    for line in preview.lines:
        before, after = _FIGURE.search(line.before), _FIGURE.search(line.after)
        if before is not None and after is not None and Decimal(after[0]):
            found.append(ask.factor - ask.factor * Decimal(before[0]) / Decimal(after[0]))
    return found

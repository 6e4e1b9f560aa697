"""Cards about people: codes, number pads, second persons, deeds, and who is who."""

from datetime import datetime, tzinfo

from bot.core.access import Level
from bot.core.card import Card, one_line
from bot.core.deed import words as deed_words
from bot.core.dialogue import Intent
from bot.core.render.look import money, until_twice
from engine.api import PreviewView, Severity


def deed_card(intent: Intent, level: Level, word: str, ttl_s: float, now: datetime, zone: tzinfo) -> Card:
    """What would change, before it does."""
    lines = intent.remarks
    if level is Level.C4:
        lines = (*lines, "A second person must approve this.")
    footer = f"To do it type the word {word} · {ttl_s:.0f} s" if word else f"{ttl_s:.0f} s to decide"
    title = deed_words(intent.deed, lambda at: until_twice(at, now, zone)) if intent.deed is not None else ""
    return Card(title=title, lines=lines, footer=footer, settled=False)


def done_card(lines: tuple[str, ...]) -> Card:
    """What was done."""
    return Card(title=lines[0], lines=lines[1:])


def ask_code_card(word: str) -> Card:
    """The code, in a chat of one."""
    lines = (f"Without it: type the word {word}.",) if word else ()
    return Card(title="Your 6-digit code? · 60 s", lines=lines, settled=False)


def keypad_card(ref: str, typed: int, word: str) -> Card:
    """The code, in a chat where others read."""
    lines = ["•" * typed or "Tap your code, then OK."]
    if word:
        lines.append(f"Without it: type the word {word}.")
    return Card(title="Your 6-digit code · 60 s", lines=tuple(lines), ref=ref, settled=False)


def second_card(
    approval_id: str, asker: str, what: str, reason: str, preview: PreviewView | None, left_s: float
) -> Card:
    """W1: a second person is asked."""
    lines = [f"{one_line(asker)} asks: {what}"]
    if preview is not None:
        many = "" if preview.accounts == 1 else "s"
        lines += [f"{preview.accounts} account{many}, {'LIVE' if preview.live else 'sim'}"]
        if preview.open_profit is not None:
            lines.append(f"Open P/L {money(preview.open_profit)}")
        lines += [one_line(remark) for remark in preview.remarks]
    if reason:
        lines.append(f"Said: {one_line(reason)[:80]}")
    lines.append(f"{approval_id} · not {one_line(asker)}")
    minutes, seconds = divmod(int(left_s), 60)
    return Card(
        title=f"🟥 NEEDS A SECOND PERSON · {minutes}:{seconds:02d} left",
        severity=Severity.P2,
        lines=tuple(lines),
        ref=f"second:{approval_id}",
        settled=False,
    )


def ended_card(approval_id: str, what: str, said: str) -> Card:
    """What became of it, in place of either."""
    return Card(title=what, lines=(f"{approval_id}: {said}",), ref=f"second:{approval_id}")


def waiting_card(approval_id: str, what: str, is_alone: bool, wait_s: float) -> Card:
    """What the asker sees meanwhile."""
    said = (
        f"Nobody else could approve it: done in {wait_s:.0f} s unless you cancel."
        if is_alone
        else "A second person is asked; 5 minutes."
    )
    return Card(title=what, lines=(f"{approval_id}: {said}",), ref=f"second:{approval_id}", settled=False)

"""Cards: what a platform shows, as data; and the plain text of one, never wider than a phone."""

import unicodedata
from datetime import UTC, datetime
from enum import StrEnum

from engine.api import Severity, Value

MARK = "\u2063"  # around amounts that a veil may hide: invisible, and no letter of anybody
CARD_CELLS = 40
TABLE_CELLS = 34
GAP = 1

_WIDE_SIGNS = frozenset("⏸▶⚠✔✖↩⏳")  # one cell by the tables, two on most phones


class Look(StrEnum):
    """What a button does to risk, so that platforms can colour it."""

    PLAIN = "plain"
    GOOD = "good"
    DANGER = "danger"


class Action(Value, frozen=True):
    """A button. ``handle`` names what it does; ``key`` is what a person types on a console to press it."""

    label: str
    handle: str
    key: str
    look: Look = Look.PLAIN
    form: str = ""  # what is asked for before it is pressed, where the platform can: code, reason
    is_choice: bool = False  # one of a list, of which many may be folded into one control


class Column(Value, frozen=True):
    """One column. A ``firm`` one is never cut: a clipped number is a wrong number."""

    head: str
    right: bool = False
    firm: bool = True
    least: int = 0


class Table(Value, frozen=True):
    """Rows under columns; letters only, because emoji break the columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


class Card(Value, frozen=True):
    """One message of the bot, the same for every platform. ``ref`` names it so that it can be edited in place."""

    title: str
    severity: Severity | None = None
    lines: tuple[str, ...] = ()
    table: Table | None = None
    fields: tuple[tuple[str, str], ...] = ()
    actions: tuple[Action, ...] = ()
    footer: str = ""
    ref: str = ""
    stamp: datetime | None = None  # when this was so; shown as an age that grows by itself, where the platform can
    is_since: bool = False  # the stamp is when it began, not when this was so
    brief: bool = False  # an aside of one line: no blank line around it
    settled: bool = True  # False while it will still be edited


def ages(card: Card) -> str:
    """The words before an age."""
    return "began" if card.is_since else "as of"


def cells(text: str) -> int:
    """Columns that ``text`` takes, counting what may be wide as two."""
    return sum(_cell(sign) for sign in text)


def _cell(sign: str) -> int:
    if unicodedata.combining(sign) or sign in {"\ufe0f", MARK}:
        return 0
    wide = sign in _WIDE_SIGNS or unicodedata.east_asian_width(sign) in "WF"
    return 2 if wide else 1


def clip(text: str, width: int) -> str:
    """``text``, or its beginning and an ellipsis, in at most ``width`` columns."""
    if cells(text) <= width:
        return text
    kept, used = "", 0
    for sign in text:
        if used + _cell(sign) > width - 1:
            break
        kept, used = kept + sign, used + _cell(sign)
    return kept + "…" if width > 0 else ""


def unsigned(title: str) -> str:
    """A title without the coloured sign before it."""
    sign, _, words = title.partition(" ")
    return words if words and not sign.isascii() else title


def one_line(text: str) -> str:
    """``text`` without line breaks, control characters or doubled blanks: what an outsider wrote cannot draw a card."""
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    text = text.replace(MARK, "")
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def wrap(text: str, width: int, indent: str = " ") -> list[str]:
    """``text`` in lines of at most ``width`` columns, broken at blanks where there are any."""
    lines: list[str] = []
    line = ""
    lead = text[: len(text) - len(text.lstrip(" "))]
    for word in text.split():
        start = lead if not lines else indent
        joined = f"{line} {word}" if line.strip() else start + word
        if cells(joined) <= width:
            line = joined
            continue
        if line.strip():
            lines.append(line)
            line = indent + word
        else:
            line = start + word
        while cells(line) > width:
            head = _head(line, width)
            lines.append(head)
            line = indent + line[len(head) :]
    if line.strip():
        lines.append(line)
    return lines or [""]


def _head(text: str, width: int) -> str:
    used = 0
    for place, sign in enumerate(text):
        used += _cell(sign)
        if used > width:
            return text[:place]
    return text


def spread(text: str, width: int = CARD_CELLS) -> list[str]:
    """A line as a person spaced it when it fits, wrapped when it does not."""
    text = _printable(text)
    return [text] if cells(text) <= width else wrap(text, width)


def pack(items: list[str], width: int = CARD_CELLS) -> tuple[str, ...]:
    """Items side by side, two to a line where both fit into their half."""
    half = (width - 2) // 2
    lines: list[str] = []
    waiting = ""
    for item in items:
        if cells(item) > half:
            lines.extend(filter(None, (waiting, clip(item, width))))
            waiting = ""
        elif waiting:
            lines.append(pad(waiting, half) + "  " + item)
            waiting = ""
        else:
            waiting = item
    if waiting:
        lines.append(waiting)
    return tuple(lines)


def pad(text: str, width: int, right: bool = False) -> str:
    """``text`` filled with blanks to ``width`` columns."""
    blank = " " * (width - cells(text))
    return blank + text if right else text + blank


def table_lines(table: Table, width: int = TABLE_CELLS) -> list[str]:
    """The table in at most ``width`` columns: soft columns give way, then a row breaks in two."""
    rows = [tuple(column.head for column in table.columns), *(tuple(map(_printable, row)) for row in table.rows)]
    wants = [
        max([table.columns[place].least, *(cells(row[place]) for row in rows)]) for place in range(len(table.columns))
    ]
    over = sum(wants) + GAP * (len(wants) - 1) - width
    for place, column in enumerate(table.columns):
        if over > 0 and not column.firm:
            least = min(wants[place], max(column.least, cells(column.head), 4))
            give = min(over, wants[place] - least)
            wants[place], over = wants[place] - give, over - give
    if over > 0:
        return [line for row in rows for line in wrap(" ".join(cell for cell in row if cell), width, "  ")]
    return [_row(row, table.columns, wants) for row in rows]


def _row(row: tuple[str, ...], columns: tuple[Column, ...], wants: list[int]) -> str:
    parts = [pad(clip(cell, want), want, column.right) for cell, column, want in zip(row, columns, wants, strict=True)]
    return (" " * GAP).join(parts).rstrip()


def body_lines(card: Card, width: int = CARD_CELLS) -> list[str]:
    """Everything between the title and the buttons."""
    lines = [line for text in card.lines for line in spread(text, width)]
    if card.table is not None:
        lines.extend(table_lines(card.table, min(TABLE_CELLS, width)))
    if card.fields:
        label_width = min(max(cells(label) for label, _ in card.fields), 14)
        for label, value in card.fields:
            lines.extend(spread(f"{pad(clip(label, label_width), label_width)}  {value}", width))
    if card.footer:
        lines.extend(spread(card.footer, width))
    if card.stamp is not None and not card.is_since:
        lines.append(f"at {card.stamp.astimezone(UTC):%H:%M:%S} UTC")
    return lines


def button_lines(card: Card, width: int = CARD_CELLS) -> list[str]:
    """Buttons as choices to type, as many to a line as fit."""
    lines: list[str] = []
    for action in card.actions:
        button = clip(_printable(f"[{action.key}] {action.label}"), width)
        if lines and action.look is not Look.DANGER and cells(lines[-1]) + 2 + cells(button) <= width:
            lines[-1] += "  " + button
        else:
            lines.append(button)
    return lines


def plain(card: Card, width: int = CARD_CELLS) -> list[str]:
    """The card as plain text."""
    return [*spread(card.title, width), *body_lines(card, width), *button_lines(card, width)]

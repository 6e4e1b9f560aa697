"""A card's buttons as rows under a message: at most three beside each other, a dangerous one alone and last."""

from collections.abc import Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup

from bot.core.card import Action, Look, cells, clip, one_line
from bot.core.chat import UnreachableError

PREFIX = "a:"
BUTTONS = 100
DATA_BYTES = 64
A_ROW = 3
SHORT = 10  # a longer label leaves room for two only
LONG = 18  # a longer one stands alone
LABEL = 60
STYLES = {Look.GOOD: "success", Look.DANGER: "danger"}
DAILY = {"⏸ Pause 15m": "/pause 15m", "Status": "/status", "Alerts": "/alerts"}
"""What the keyboard of a private chat says, and what each of its keys types."""


def rows(actions: Sequence[Action]) -> list[list[Action]]:
    """Buttons in their rows, in their order; the dangerous ones after all others."""
    found: list[list[Action]] = []
    for action in actions:
        if action.look is Look.DANGER:
            continue
        if found and len(found[-1]) < _beside([*found[-1], action]):
            found[-1].append(action)
        else:
            found.append([action])
    return found + [[action] for action in actions if action.look is Look.DANGER]


def _beside(row: Sequence[Action]) -> int:
    widest = max(cells(action.label) for action in row)
    return 1 if widest > LONG else 2 if widest > SHORT else A_ROW


def markup(actions: Sequence[Action]) -> InlineKeyboardMarkup | None:
    """The rows as Telegram has them; None without buttons.

    Raises: UnreachableError for a handle that is too long: it would come back cut, and mean nothing.
    """
    if not actions:
        return None
    return InlineKeyboardMarkup([[_button(action) for action in row] for row in rows(actions[:BUTTONS])])


def _button(action: Action) -> InlineKeyboardButton:
    data = PREFIX + action.handle
    if not 0 < len(data.encode()) <= DATA_BYTES:
        raise UnreachableError(f"the handle of {action.label!r} has {len(data.encode())} bytes; {DATA_BYTES} fit")
    label = clip(one_line(action.label), LABEL) or "·"
    return InlineKeyboardButton(label, callback_data=data, style=STYLES.get(action.look))


def handle(data: str) -> str:
    """The handle that a press brought; whatever else it brought means nothing to anybody."""
    return data.removeprefix(PREFIX) or "none"


def daily(commands: Sequence[str]) -> ReplyKeyboardMarkup | None:
    """The row that stays under a private chat, of what this person may use."""
    keys = [label for label, line in DAILY.items() if line.split(maxsplit=1)[0].lstrip("/") in commands]
    if not keys:
        return None
    return ReplyKeyboardMarkup([[KeyboardButton(key) for key in keys]], is_persistent=True, resize_keyboard=True)

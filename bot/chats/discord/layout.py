"""A card as Discord's components: a container with its colour, texts, files and rows of buttons, within all their limits."""

import io
import re
from collections.abc import Iterable

import discord
from discord import ui

from bot.chats.discord.button import Pick, Press
from bot.chats.discord.text import escape, ring_ids, words
from bot.core.card import Action, Card, Look, clip
from bot.core.chat import File, Message
from engine.api import Severity, Value

COLOURS = {
    Severity.P1: 0xE02F2F,
    Severity.P2: 0xE67E22,
    Severity.P3: 0xF1C40F,
}
SIGNS = {"🟢": 0x2ECC71, "✔": 0x2ECC71, "🟡": 0xF1C40F, "🟠": 0xE67E22, "🔴": 0xE02F2F, "🟥": 0xE02F2F}  # of a title
PLAIN = 0x4E5058  # what says nothing of how things are
MOST_BUTTONS = 20
MOST_FILES = 8
FEW = 5  # choices that stand as buttons; more are a list
MOST_OPTIONS = 25
WIDE_LABEL = 10  # beyond so many signs two buttons fill a phone's row, else three
STYLES = {
    Look.PLAIN: discord.ButtonStyle.secondary,
    Look.GOOD: discord.ButtonStyle.success,
    Look.DANGER: discord.ButtonStyle.danger,
}
LABEL = 38
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Sheet(Value, frozen=True):
    """What is sent: components, the files that they show, and who may be called."""

    view: ui.LayoutView
    files: tuple[File, ...]
    rings: tuple[int, ...]

    def attachments(self) -> list[discord.File]:
        """The files, fresh: each can be sent once."""
        return [discord.File(io.BytesIO(file.body), filename=file.name) for file in self.files]

    def mentions(self) -> discord.AllowedMentions:
        """Nobody but who is to be called."""
        called = [discord.Object(user) for user in self.rings]
        return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=called or False)


def sheet(message: Message) -> Sheet:
    """Lay a card out."""
    card = message.card
    choices, buttons = _sorted(card.actions)
    note = _left_out(len(choices) - MOST_OPTIONS, len(buttons) - MOST_BUTTONS)
    said = words(card, message.rings, note)
    files = [_safe(file) for file in message.files[:MOST_FILES]]
    if said.overflow:
        files.append(File(name="card.txt", body=said.overflow.encode()))
    box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=_colour(card))
    for text in said.texts:
        box.add_item(ui.TextDisplay(text))
    pictures = [discord.MediaGalleryItem(f"attachment://{file.name}") for file in files if file.is_picture]
    if pictures:
        box.add_item(ui.MediaGallery(*pictures))
    for file in files:
        if not file.is_picture:
            box.add_item(ui.File(f"attachment://{file.name}"))
    rows = ([_list(choices[:MOST_OPTIONS])] if choices else []) + _rows(buttons[:MOST_BUTTONS])
    if rows:
        box.add_item(ui.Separator())
    for row in rows:
        box.add_item(row)
    view = ui.LayoutView(timeout=None)
    view.add_item(box)
    return Sheet(view=view, files=tuple(files), rings=tuple(ring_ids(message.rings)))


def _colour(card: Card) -> int:
    """What the title's sign says, so that nothing that is over stands beside a red bar; else how grave it is."""
    return SIGNS.get(card.title[:1]) or (COLOURS.get(card.severity, PLAIN) if card.severity is not None else PLAIN)


def line(text: str) -> ui.LayoutView:
    """One short line of our own."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(escape(text)))
    return view


def _safe(file: File) -> File:
    return File(name=_NAME.sub("_", file.name) or "file.txt", body=file.body)


def _left_out(options: int, buttons: int) -> str:
    if options > 0:
        return f"{options} more have no room in the list: write the command, it finds each name as you type"
    return f"{buttons} more choices have no room here: type what you mean" if buttons > 0 else ""


def _sorted(actions: tuple[Action, ...]) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
    """What stands in a list, and what are buttons: a few choices are buttons, too."""
    choices = tuple(action for action in actions if action.is_choice)
    if len(choices) <= FEW:
        return (), actions
    return choices, tuple(action for action in actions if not action.is_choice)


def _list(choices: tuple[Action, ...]) -> ui.ActionRow[ui.LayoutView]:
    options = [discord.SelectOption(label=_label(one), value=one.handle) for one in choices]
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    row.add_item(Pick(first=choices[0].handle, options=options))
    return row


def _rows(actions: Iterable[Action]) -> list[ui.ActionRow[ui.LayoutView]]:
    """Buttons keep their order; a dangerous one stands alone, after all others."""
    rows: list[ui.ActionRow[ui.LayoutView]] = []
    waiting: list[Action] = []
    found = list(actions)

    def close() -> None:
        if waiting:
            rows.append(_row(waiting))
            waiting.clear()

    for action in (one for one in found if one.look is not Look.DANGER):
        wide = any(len(one.label) > WIDE_LABEL for one in (*waiting, action))
        if len(waiting) >= (2 if wide else 3):
            close()
        waiting.append(action)
    close()
    rows.extend(_row([one]) for one in found if one.look is Look.DANGER)
    return rows


def _row(actions: Iterable[Action]) -> ui.ActionRow[ui.LayoutView]:
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for action in actions:
        row.add_item(_button(action))
    return row


def _button(action: Action) -> Press:
    return Press(handle=action.handle, form=action.form, label=_label(action), style=STYLES[action.look])


def _label(action: Action) -> str:
    label = "".join(sign if sign.isprintable() else " " for sign in action.label)
    return clip(label, LABEL) or "·"

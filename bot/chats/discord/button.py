"""Buttons and forms: each carries its handle in its id, so that a press is understood after any restart."""

import re
from typing import Any, Self

import discord
from discord import ui

PRESS = re.compile(r"tc1(?:f:(?P<form>[a-z]{1,16}))?:(?P<handle>[A-Za-z0-9_-]{1,64})")
FORMS = {  # how each form asks: title, label, what may stand there
    "code": ("One-time code", "The 6 digits of your app, or the word asked for", "123456", 16),
    "size": ("Another size", "0.5x, 50%, half, +10%, off", "0.5x", 16),
    "reason": ("Reason", "Why, in your own words", "", 200),
}
FORM_S = 900.0


def id_of(handle: str, form: str) -> str:
    """What stands in the button, and in the form that it opens."""
    return f"tc1f:{form}:{handle}" if form in FORMS else f"tc1:{handle}"


class Press(ui.DynamicItem[ui.Button[Any]], template=PRESS):
    """A button of any card, of this process or of an earlier one."""

    def __init__(
        self,
        *,
        handle: str,
        form: str = "",
        label: str = "·",
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        """``form`` is asked for before the press counts."""
        super().__init__(ui.Button(label=label, style=style, custom_id=id_of(handle, form)))
        self.handle = handle
        self.form = form

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The same button, from what came back."""
        return cls(handle=match["handle"], form=match["form"] or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Nothing: ``Client.on_interaction`` hears every press, also of a card that lost its buttons meanwhile."""


class Form(ui.Modal):
    """One question before a press counts. What was filled in comes back by its id, whatever process sent it."""

    def __init__(self, handle: str, form: str) -> None:
        """A form of ``FORMS``."""
        title, label, hint, longest = FORMS[form]
        super().__init__(title=title, timeout=FORM_S, custom_id=id_of(handle, form))
        field: ui.TextInput[Any] = ui.TextInput(
            custom_id=form, required=True, max_length=longest, placeholder=hint or None
        )
        self.add_item(ui.Label(text=label[:45], component=field))


def read(interaction: discord.Interaction[Any]) -> tuple[str, str, str] | None:
    """Handle, form and text of a press or a filled form; None for what is not ours."""
    body: Any = interaction.data or {}
    match = PRESS.fullmatch(body.get("custom_id", ""))
    if match is None:
        return None
    text = next((value for value in _values(body.get("components", ())) if value), "").strip()
    return match["handle"], match["form"] or "", text


def _values(components: Any) -> Any:
    """Every text of a form, however deep it stands."""
    for part in components:
        if "value" in part:
            yield str(part["value"])
        yield from _values(part.get("components", ()))
        if "component" in part:
            yield from _values((part["component"],))

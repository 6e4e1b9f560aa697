"""Buttons and forms: each carries its handle in its id, so that a press is understood after any restart."""

import re
from typing import Any, Self

import discord
from discord import ui

from engine.api import Value

PRESS = re.compile(r"tc1(?:f:(?P<form>[a-z]{1,16}))?:(?P<handle>[A-Za-z0-9_-]{1,64})")


class Blank(Value, frozen=True):
    """One field of a form; with ``presets`` one of them is picked."""

    name: str
    label: str
    hint: str = ""
    least: int = 0  # characters; none where it may stay empty
    longest: int = 200
    presets: tuple[str, ...] = ()


REASON = "reason"
_CODE = Blank(name="code", label="6 digits of your app, or the word asked for", hint="123456", least=1, longest=16)
_WHY = Blank(name=REASON, label="Why, for the second person")
FORMS: dict[str, tuple[str, tuple[Blank, ...]]] = {  # the title, and what is asked; the reason comes beside the text
    "code": ("One-time code", (_CODE,)),
    "ask": ("Ask risk", (_CODE, _WHY)),
    "why": ("Ask risk", (_WHY,)),
    "size": (
        "Another size",
        (
            Blank(name="preset", label="One of these", presets=("0.25x", "half", "0.75x", "1x", "off")),
            Blank(name="size", label="Or another: 0.5x, 50%, +10%", hint="0.5x", longest=16),
            Blank(name=REASON, label="Why"),
        ),
    ),
    "reason": ("In your own words", (Blank(name="words", label="Why, in your own words", least=1),)),
    "glass": ("Break the glass", (Blank(name="words", label="Why nobody else is waited for", least=10),)),
    "answer": (
        "Act on this alert",
        (Blank(name="words", label="half, pause 30, close, ack 20 on it, why …", hint="half", least=1),),
    ),
}
FORM_S = 900.0
PICK = re.compile(r"tc1s:(?P<first>[A-Za-z0-9_-]{1,64})")
HANDLE = re.compile(r"[A-Za-z0-9_-]{1,64}")


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


class Pick(ui.DynamicItem[ui.Select[Any]], template=PICK):
    """One of many, as a list that opens: each option's value is the handle of what it stands for."""

    def __init__(self, *, first: str, options: list[discord.SelectOption] | None = None) -> None:
        """``first`` is the first option's handle: no other list has it."""
        super().__init__(
            ui.Select(
                custom_id=f"tc1s:{first}",
                placeholder="Choose one",
                options=options or [discord.SelectOption(label="·", value=first)],
            )
        )

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The same list, from what came back."""
        return cls(first=match["first"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Nothing, as with ``Press``."""


class Form(ui.Modal):
    """One question before a press counts. What was filled in comes back by its id, whatever process sent it."""

    def __init__(self, handle: str, form: str) -> None:
        """A form of ``FORMS``."""
        title, blanks = FORMS[form]
        super().__init__(title=title, timeout=FORM_S, custom_id=id_of(handle, form))
        for blank in blanks:
            self.add_item(ui.Label(text=blank.label[:45], component=_field(blank)))


def _field(blank: Blank) -> ui.Item[Any]:
    if blank.presets:
        options = [discord.RadioGroupOption(label=word, value=word) for word in blank.presets]
        return ui.RadioGroup(custom_id=blank.name, required=False, options=options)
    return ui.TextInput(
        custom_id=blank.name,
        required=blank.least > 0,
        min_length=blank.least or None,
        max_length=blank.longest,
        placeholder=blank.hint or None,
    )


class Heard(Value, frozen=True):
    """What a press, a choice or a filled form says."""

    handle: str
    form: str = ""
    text: str = ""
    reason: str = ""


def read(interaction: discord.Interaction[Any]) -> Heard | None:
    """A press, a choice or a filled form; None for what is not ours."""
    body: Any = interaction.data or {}
    if PICK.fullmatch(body.get("custom_id", "")):
        chosen = "".join(body.get("values", ()))
        return Heard(handle=chosen) if HANDLE.fullmatch(chosen) else None
    match = PRESS.fullmatch(body.get("custom_id", ""))
    if match is None:
        return None
    said = {name: text for name, text in _values(body.get("components", ())) if text}
    reason = said.pop(REASON, "")
    typed = [text for name, text in said.items() if name != "preset"]  # beats a preset
    text = next(iter(typed or said.values()), "")
    return Heard(handle=match["handle"], form=match["form"] or "", text=text, reason=reason)


def _values(components: Any) -> Any:
    """Every field of a form with what stands in it, however deep."""
    for part in components:
        if "value" in part:
            yield str(part.get("custom_id", "")), str(part["value"] or "").strip()
        yield from _values(part.get("components", ()))
        if "component" in part:
            yield from _values((part["component"],))

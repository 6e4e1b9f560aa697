"""Interactions under way: each is answered within its time, first in its own place, then beside it, at last in the channel.

Theory of operation. A command or press is deferred at once, so that Discord keeps its token for fifteen minutes. What is
for everybody stands in the channel, what is for one person is shown to him alone:

    deferred ── first card ──► stands where the waiting line was    (a command)
       │     └─ first card ──► beside the card that was pressed     (a press)
       ├────── next cards ───► beside it
       ├────── ten seconds ──► a short line instead of the waiting one
       └────── 15 minutes, or another process ──► the channel
"""

from collections import OrderedDict
from typing import Any

import discord

from bot.chats.discord.fault import FAULTS, is_late
from bot.chats.discord.layout import Sheet, line
from bot.core.chat import Clock, Message

TOKEN_S = 840.0  # a minute less than Discord's fifteen
KEPT = 300
NO_ANSWER = "No answer yet. Nothing is known to be done; look: /status"
NOTHING = "Nothing to show for this."


class Open:
    """One interaction that may still be answered."""

    def __init__(self, interaction: discord.Interaction[Any], at: float, *, is_quiet: bool) -> None:
        """Deferred at ``at``; ``is_quiet`` shows the waiting line to its person alone."""
        self.interaction = interaction
        self.at = at
        self.is_quiet = is_quiet
        self.is_press = interaction.type is not discord.InteractionType.application_command
        self.is_waiting = not self.is_press  # a line says that we think
        self.is_answered = False

    @property
    def from_alone(self) -> bool:
        """Say whether the card that was pressed is seen by its person alone."""
        shown = self.interaction.message
        return shown is not None and shown.flags.ephemeral


class Answers:
    """Every interaction that is younger than its token, and the messages that only its token can change."""

    def __init__(self, clock: Clock) -> None:
        """None yet."""
        self._clock = clock
        self._open: OrderedDict[str, Open] = OrderedDict()
        self._alone: OrderedDict[str, Open] = OrderedDict()  # by message: shown to one person

    def begin(self, update: str, interaction: discord.Interaction[Any], *, is_quiet: bool) -> Open:
        """An interaction was deferred."""
        opened = self._open[update] = Open(interaction, self._clock.monotonic(), is_quiet=is_quiet)
        while len(self._open) > KEPT:
            self._open.popitem(last=False)
        return opened

    async def show(self, message: Message, made: Sheet) -> str | None:
        """Show a card by the interaction that it answers; None where the channel is its place."""
        opened = self._fresh(self._open, message.answers)
        if opened is None:
            return None
        try:
            return await self._show(opened, message, made)
        except discord.HTTPException as error:
            if not is_late(error):
                raise
            self._open.pop(message.answers, None)
            return None

    async def _show(self, opened: Open, message: Message, made: Sheet) -> str | None:
        alone = _is_for_one(opened, message)
        if opened.is_waiting and opened.is_quiet == alone:
            shown: discord.Message = await opened.interaction.edit_original_response(
                view=made.view, attachments=made.attachments(), allowed_mentions=made.mentions()
            )
            opened.is_waiting = False
        elif alone:
            await self._stop_waiting(opened)
            shown = await opened.interaction.followup.send(
                view=made.view,
                files=made.attachments(),
                allowed_mentions=made.mentions(),
                ephemeral=True,
                silent=message.silent,
                wait=True,
            )
        else:
            opened.is_answered = True
            await self._stop_waiting(opened)
            return None
        opened.is_answered = True
        if alone:
            self._alone[f"{shown.id}"] = opened
            while len(self._alone) > KEPT:
                self._alone.popitem(last=False)
        return f"{shown.id}"

    async def edit(self, known: str, made: Sheet) -> bool:
        """Change a message that one person sees; False where its token is gone or it is everybody's."""
        opened = self._fresh(self._alone, known)
        if opened is None:
            return False
        await opened.interaction.followup.edit_message(
            int(known), view=made.view, attachments=made.attachments(), allowed_mentions=made.mentions()
        )
        return True

    async def edited(self, answers: str) -> None:
        """The answer was a change of a card that stands elsewhere."""
        opened = self._open.get(answers)
        if opened is not None:
            opened.is_answered = True
            await self._stop_waiting(opened)

    async def close(self, opened: Open, *, is_over: bool) -> None:
        """No answer came in time, or (``is_over``) none will come: say so."""
        if opened.is_answered:
            return
        opened.is_answered = True
        said = line(NOTHING if is_over else NO_ANSWER)
        try:
            if opened.is_waiting:
                await opened.interaction.edit_original_response(view=said)
            else:
                await opened.interaction.followup.send(view=said, ephemeral=True)
        except FAULTS:
            return

    async def _stop_waiting(self, opened: Open) -> None:
        """Take the waiting line away: the answer stands elsewhere."""
        if not opened.is_waiting:
            return
        opened.is_waiting = False
        try:
            await opened.interaction.delete_original_response()
        except FAULTS:
            return

    def _fresh(self, kept: OrderedDict[str, Open], key: str) -> Open | None:
        opened = kept.get(key)
        if opened is not None and self._clock.monotonic() - opened.at > TOKEN_S:
            del kept[key]
            return None
        return opened


def _is_for_one(opened: Open, message: Message) -> bool:
    """Say whether an answer is shown to its person alone: secrets, what he reads, and refusals; acts are everybody's."""
    if opened.interaction.guild_id is None:
        return False
    if message.is_secret:
        return True
    if not message.is_private:
        return False
    if not opened.is_press:
        return opened.is_quiet
    card = message.card
    is_line = not (card.actions or card.ref or card.table or card.fields or message.files)
    return is_line or opened.from_alone

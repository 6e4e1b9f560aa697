"""The library's client, turned into events: a command, a press, a form, a message, a sign on one; and how the line is."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import discord
from discord import app_commands

from bot.chats.discord.button import Heard, read
from bot.chats.discord.fault import FAULTS, name_of
from bot.chats.discord.layout import line
from bot.chats.discord.slash import fill, long_press
from bot.core.chat import Entry, Field

INTENTS = discord.Intents(  # none of them privileged
    guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, dm_reactions=True
)

OLD = "Not run: this command has changed since Discord showed it. Reload Discord (Ctrl+R) and write it anew."

log = logging.getLogger(__name__)


class Ears(Protocol):
    """What hears of it."""

    async def typed(self, interaction: discord.Interaction[Any], text: str, entry: Entry) -> None: ...
    async def pressed(self, interaction: discord.Interaction[Any], handle: str, form: str) -> None: ...
    async def filled(self, interaction: discord.Interaction[Any], heard: Heard) -> None: ...
    async def written(self, message: discord.Message) -> None: ...
    async def asked(self, interaction: discord.Interaction[Any], message: discord.Message) -> None: ...
    async def signed(self, change: discord.RawReactionActionEvent) -> None: ...
    def suggest(self, interaction: discord.Interaction[Any], field: Field, text: str) -> list[str]: ...
    def heard(self) -> None: ...
    def line(self, *, is_up: bool) -> None: ...


class Client(discord.Client):
    """One connection to Discord's gateway, and its REST."""

    def __init__(self, ears: Ears, set_up: Callable[["Client"], Awaitable[None]]) -> None:
        """``set_up`` runs between the login and the gateway."""
        super().__init__(
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=30.0,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.1,
            enable_debug_events=True,  # the only public word on when something was last heard
        )
        self.tree = _Tree(self)
        self._ears = ears
        self._set_up = set_up

    def fill(self, menu: tuple[Entry, ...], guild: int) -> None:
        """Make the slash commands, and what a long press on a message offers."""
        fill(self.tree, menu, guild, self._ears.typed, self._ears.suggest)
        self.tree.add_command(long_press(self._ears.asked), guild=discord.Object(guild))

    async def setup_hook(self) -> None:
        """Logged in, not yet connected."""
        await self._set_up(self)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Every press and every form, by its id alone: of any process, also where its card has changed meanwhile."""
        if interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            return
        found = read(interaction)
        if found is None:
            log.warning("a button or form that is not ours was used: %s", interaction.id)
            return
        if interaction.type is discord.InteractionType.component:
            await self._ears.pressed(interaction, found.handle, found.form)
        else:
            await self._ears.filled(interaction, found)

    async def on_message(self, message: discord.Message) -> None:
        """New ones alone: what is edited later is never read."""
        await self._ears.written(message)

    async def on_raw_reaction_add(self, change: discord.RawReactionActionEvent) -> None:
        """Also on messages of an earlier process."""
        await self._ears.signed(change)

    async def on_socket_raw_receive(self, _message: str) -> None:
        """Anything, heartbeats included."""
        self._ears.heard()

    async def on_connect(self) -> None:
        """The gateway knows us."""
        self._ears.line(is_up=True)

    async def on_resumed(self) -> None:
        """The gateway knows us again, and tells what we missed."""
        self._ears.line(is_up=True)

    async def on_disconnect(self) -> None:
        """The library connects anew by itself."""
        self._ears.line(is_up=False)

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """A fault of ours."""
        log.error("hearing %s failed", event_method, exc_info=True)  # noqa: LOG014  the library calls this while it handles one


class _Tree(app_commands.CommandTree[Client]):
    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        """A command that Discord shows as it once was, or a fault of ours; whoever typed it is told."""
        is_old = isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch)
        if not is_old:
            log.error("the command of interaction %s failed", interaction.id, exc_info=error)
        said = OLD if is_old else "A fault in the bot stopped this. Not known to be done. Look: /status"
        if interaction.type is discord.InteractionType.application_command and not interaction.response.is_done():
            try:
                await interaction.response.send_message(view=line(said), ephemeral=True)
            except FAULTS as fault:
                log.warning("a command could not be answered: %s", name_of(fault))

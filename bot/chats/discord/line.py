"""The line to Discord: every command, press, form and message goes through one function to the door; and how the line is.

Theory of operation. The library keeps the gateway: it beats, resumes and connects anew. What it cannot mend (a token that is
not accepted) ends ``run`` and is built anew by whoever keeps it. Every interaction is deferred within its three seconds, then
handed on; when Discord took that, it has happened now, whatever this computer's clock says.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable
from typing import Any

import discord
import msgspec

from bot.chats.discord.answer import Answers, Open
from bot.chats.discord.button import Form, Heard
from bot.chats.discord.client import Client
from bot.chats.discord.fault import FAULTS, TOKEN_S, name_of
from bot.chats.discord.heard import is_aside, of_interaction, of_message, of_reaction, place_of_interaction
from bot.chats.discord.layout import line
from bot.chats.discord.option import Options
from bot.chats.discord.place import NAME, place_of
from bot.chats.discord.sender import Sender
from bot.chats.discord.slash import acts
from bot.chats.discord.wire import aim
from bot.core.chat import Clock, Door, Entry, Field, Health, Incoming, LaterError, Message, Sign
from engine.api import ConfigError, LockstepError

CHANGED_S = 0.7  # a thumb that was on its way when the card changed meant the old one
JUST_CHANGED = "The card just changed. Look again, then press."
AWAY_S = 2.0
DOWN_S = 15.0  # a line that broke is back within this, or it is told
KEPT = 200
BAD_TOKEN = "the token is not accepted; put the one of the developer portal's Bot page into .env"  # noqa: S105  words
NO_GUILD = "the bot is not in the server {}; `lockstep doctor` prints the link that lets it in"
NO_COMMANDS = "slash commands could not be set ({}); let the bot in anew by the link of `lockstep doctor`"
SIGNS = {Sign.SEEN: "👀", Sign.DONE: "👌"}

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)  # what the library raises over news of a new shape

log = logging.getLogger(__name__)


class LineError(LockstepError):
    """The line ended; it is built anew."""


class Discord:
    """One bot on Discord."""

    def __init__(self, options: Options, clock: Clock) -> None:
        """Nothing is sent yet.

        Raises: ConfigError for what cannot be a token or a server's id.
        """
        logging.getLogger("discord").setLevel(logging.ERROR)  # below that its lines hold addresses with tokens
        logging.getLogger("discord.client").addFilter(_shortened)
        if not options.token.strip():
            raise ConfigError(f"[discord] token: {BAD_TOKEN}")
        if options.guild <= 0:
            raise ConfigError("[discord] guild: write the server's id; `lockstep doctor` says which that is")
        aim(options)
        self._options = options
        self._clock = clock
        self._answers = Answers(clock)
        self._client: Client | None = None
        self._sender: Sender | None = None
        self._door: Door | None = None
        self._set = 0  # hash of the commands that Discord has from us
        self._edited: OrderedDict[str, float] = OrderedDict()  # by message: when we changed it
        self._works: set[asyncio.Future[None]] = set()
        self._heard: float | None = None
        self._since = clock.monotonic()
        self._trouble = ""  # what ended the line
        self._down: float | None = self._since  # since when the gateway does not know us
        self._flaw = ""  # what does not end the line

    # ---- the port --------------------------------------------------------------------------------------------------

    async def run(self, door: Door) -> int:
        """Serve until the line breaks for good.

        Raises: LineError with what broke.
        """
        self._door, self._since, self._heard = door, self._clock.monotonic(), None
        self._answers = Answers(self._clock)  # what is open hangs on the old line: the channel gets its answer
        client = Client(self, self._set_up)
        try:
            async with client:
                await client.login(self._options.token)
                await client.connect()
        except discord.LoginFailure:
            self._trouble = BAD_TOKEN
        except discord.ConnectionClosed as error:
            self._trouble = BAD_TOKEN if error.code == 4004 else f"Discord closed the line for good ({error.code})"
        except FAULTS as error:
            self._trouble = f"no line to Discord: {name_of(error)}"
        except UNREADABLE as error:
            log.exception("Discord told something that the library cannot read")
            self._trouble = f"something from Discord cannot be read: {name_of(error)}"
        finally:
            self._client = self._sender = None
            self.line(is_up=False)
        raise LineError(self._trouble or "the connection ended")

    async def post(self, message: Message, known: str, nonce: str) -> str:
        """Show a card, or change the one that is known."""
        shown = await self._sending().show(message, known, nonce)
        if known and not message.is_pad:
            self._edited[known] = self._clock.monotonic()
            while len(self._edited) > KEPT:
                self._edited.popitem(last=False)
        return shown

    async def open_thread(self, chat: str, post: str, name: str) -> str:
        """A thread of a message."""
        return await self._sending().open_thread(chat, post, name)

    async def tend_thread(self, place: str, name: str, *, is_shut: bool) -> None:
        """Archive a thread, or open it again."""
        await self._sending().tend_thread(place, name, is_shut=is_shut)

    def _sending(self) -> Sender:
        if self._sender is None:
            away = TOKEN_S if self._trouble == BAD_TOKEN else AWAY_S
            raise LaterError(self._trouble or "no line to Discord", away, is_whole=True)
        return self._sender

    async def mark(self, chat: str, post: str, sign: Sign) -> None:
        """A reaction, in private chats; elsewhere the answer itself says it."""
        if self._sender is None or sign not in SIGNS or not chat.startswith(f"{NAME}:@") or not post.isdigit():
            return
        try:
            channel = await self._sender.channel(place_of(chat))
            await channel.get_partial_message(int(post)).add_reaction(SIGNS[sign])
        except (*FAULTS, LockstepError) as error:
            log.info("no mark on a message: %s", name_of(error))

    def health(self) -> Health:
        """How long ago the gateway said anything. Discord moves each line now and then: that is no trouble yet."""
        now = self._clock.monotonic()
        age = now - (self._heard if self._heard is not None else self._since)
        trouble = self._trouble
        if not trouble and self._down is not None and now - self._down >= DOWN_S:
            trouble = "the line to Discord broke; it is being built again"
        elif not trouble and age > self._options.deaf_s:
            trouble = f"deaf: no heartbeat from Discord for more than {self._options.deaf_s:g} s"
        elif not trouble and self._down is None and not self._is_member():
            trouble = NO_GUILD.format(self._options.guild)
        return Health(heard_s=age if self._heard is not None else None, trouble=trouble or self._flaw)

    # ---- how the line is -------------------------------------------------------------------------------------------

    async def _set_up(self, client: Client) -> None:
        """Logged in: commands are set where they changed, and cards may leave."""
        assert self._door is not None
        menu = self._door.menu()
        client.fill(menu, self._options.guild)
        self._client, self._flaw = client, ""
        self._sender = Sender(client, self._answers, self._clock, self._options.patience_s)
        if hash(menu) == self._set:
            return
        try:
            await client.tree.sync(guild=discord.Object(self._options.guild))
        except (discord.HTTPException, discord.app_commands.AppCommandError) as error:
            self._flaw = NO_COMMANDS.format(name_of(error))
            log.warning("%s", self._flaw)
        else:
            self._set = hash(menu)

    def heard(self) -> None:
        """Something came over the gateway."""
        self._heard = self._clock.monotonic()

    def line(self, *, is_up: bool) -> None:
        """It stands, or broke."""
        if is_up:
            self._trouble, self._down = "", None
        elif self._down is None:
            self._down = self._clock.monotonic()

    def _is_member(self) -> bool:
        return self._client is None or self._client.get_guild(self._options.guild) is not None

    # ---- what people do --------------------------------------------------------------------------------------------

    async def typed(self, interaction: discord.Interaction[Any], text: str, entry: Entry) -> None:
        """A slash command. Everybody sees what acts, as far as its person may do that here."""
        place = place_of_interaction(interaction)
        usable = self._door.menu(f"{NAME}:{interaction.user.id}", place.address) if self._door is not None else ()
        is_public = acts(entry) and any(one.name == entry.name for one in usable)
        await self._take(interaction, text=text, is_quiet=not is_public)

    async def pressed(self, interaction: discord.Interaction[Any], handle: str, form: str) -> None:
        """A button: its form is opened, or it counts."""
        shown = f"{interaction.message.id}" if interaction.message is not None else ""
        if self._clock.monotonic() - self._edited.get(shown, -CHANGED_S) < CHANGED_S:
            await self._briefly(interaction.response.send_message(view=line(JUST_CHANGED), ephemeral=True))
        elif form:
            await self._briefly(interaction.response.send_modal(Form(handle, form)))
        else:
            await self._take(interaction, handle=handle)

    async def filled(self, interaction: discord.Interaction[Any], heard: Heard) -> None:
        """The form of a button."""
        await self._take(interaction, handle=heard.handle, text=heard.text, reason=heard.reason)

    async def written(self, message: discord.Message) -> None:
        """A message in private, or one that calls us."""
        assert self._client is not None
        me = self._client.user
        heard = of_message(message, me.id, self._options.guild) if me is not None else None
        if heard is not None:
            self._hand_on(heard)

    async def asked(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """A long press: what may be done about this message."""
        await self._take(interaction, replied=f"{message.id}")

    async def signed(self, change: discord.RawReactionActionEvent) -> None:
        """A sign on a message."""
        assert self._client is not None
        me = self._client.user
        heard = of_reaction(change, me.id, self._options.guild, self._clock.now()) if me is not None else None
        if heard is not None:
            self._hand_on(heard)

    def suggest(self, interaction: discord.Interaction[Any], field: Field, text: str) -> list[str]:
        """What may stand in an argument, of what this person may see."""
        heard = of_interaction(interaction, self._options.guild, self._clock.now())
        if self._door is None or heard.odd:
            return []
        return self._door.suggest(heard.identity, heard.chat, field, text)

    async def _take(
        self,
        interaction: discord.Interaction[Any],
        *,
        text: str = "",
        handle: str = "",
        replied: str = "",
        reason: str = "",
        is_quiet: bool = True,
    ) -> None:
        """One interaction: deferred, handed on, and never left without an answer."""
        is_now = await self._defer(interaction, is_quiet=is_quiet)
        at = self._clock.now() if is_now else interaction.created_at
        heard = of_interaction(interaction, self._options.guild, at, text=text, handle=handle, replied=replied)
        heard = msgspec.structs.replace(heard, reason=reason, is_aside=is_aside(interaction, is_quiet=is_quiet))
        if not is_now:
            log.warning("an interaction came too late to be answered in its place: the channel gets the answer")
            self._hand_on(heard)
            return
        opened = self._answers.begin(heard.update, interaction, is_quiet=is_quiet)
        await self._watch(opened, self._hand_on(heard))

    def _hand_on(self, heard: Incoming) -> "asyncio.Future[None]":
        """The one way from Discord to the door; the result ends when the answer was shown."""
        assert self._door is not None
        return self._start(_awaited(self._door.receive(heard)))

    async def _watch(self, opened: Open, done: "asyncio.Future[None]") -> None:
        """Whoever waits is told so when nothing comes."""
        waits = asyncio.ensure_future(self._clock.sleep(self._options.answer_s))
        try:
            await asyncio.wait({done, waits}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits.cancel()
        await self._answers.close(opened, is_over=done.done())

    async def _defer(self, interaction: discord.Interaction[Any], *, is_quiet: bool) -> bool:
        """Say at once that we heard; False where Discord no longer waits for us."""
        if interaction.type is discord.InteractionType.application_command:
            return await self._briefly(interaction.response.defer(ephemeral=is_quiet, thinking=True))
        return await self._briefly(interaction.response.defer())

    async def _briefly(self, call: Awaitable[Any]) -> bool:
        try:
            async with asyncio.timeout(self._options.patience_s):
                await call
        except FAULTS as error:
            log.warning("an interaction could not be answered at once: %s", name_of(error))
            return False
        return True

    def _start(self, work: Any) -> "asyncio.Future[None]":
        """Work that ends by itself; kept so that it is not forgotten half-way."""
        task: asyncio.Future[None] = asyncio.ensure_future(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return task


def _shortened(record: logging.LogRecord) -> bool:
    """One line where the line broke: the library adds where in itself it noticed, on the console of whoever sits there."""
    fault = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if isinstance(fault, FAULTS) and isinstance(record.args, tuple):
        record.msg, record.args, record.exc_info = f"{record.msg} (%s)", (*record.args, name_of(fault)), None
    return True


async def _awaited(answer: Awaitable[None]) -> None:
    await answer

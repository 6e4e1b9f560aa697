"""The port to a chat platform: what comes in, what goes out, and what a platform must be."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol

from bot.core.budget import Budget
from bot.core.card import Card
from engine.api import LockstepError, StatusView, Value

# ---- in ------------------------------------------------------------------------------------------------------------

ACK_SIGN = "👍"  # the one sign of a person that means anything


class Incoming(Value, frozen=True):
    """One thing that a person did on a platform.

    They wrote ``text``, pressed the button of ``handle`` or filled in its form, or put ``sign`` on the message ``post``. A
    text that is empty asks what may be done about the message ``replied``.

    ``user`` is the platform's own id of the person; ``chat`` the place's, after the platform's name and a colon:
    ``telegram:-100123/45``, a topic after a slash. Names are shown and never matched.
    """

    chat: str
    user: str
    at: datetime
    text: str = ""
    handle: str = ""
    name: str = ""
    is_private: bool = False  # nobody else reads this chat
    is_summons: bool = True  # meant for the bot: a slash, a mention, an answer to it, a private chat
    update: str = ""  # the platform's id of the event: told twice it counts once; empty never repeats
    post: str = ""  # the platform's id of the message that was written, signed, or whose button was pressed
    replied: str = ""  # the message that it answers
    sign: str = ""  # what was put on a message: ``ACK_SIGN``
    odd: str = ""  # why nothing of it may run: edited, forwarded, anonymous …
    reason: str = ""  # why, where a form asked for that beside its text
    place: str = ""  # the guild or group that the chat belongs to, where the platform has such
    is_aside: bool = False  # asked before nobody else: its answer is shown to this person alone

    @property
    def platform(self) -> str:
        """Where it came from."""
        return self.chat.partition(":")[0]

    @property
    def identity(self) -> str:
        """The person as this platform knows him: what rights are looked up by."""
        return f"{self.platform}:{self.user}"


# ---- out -----------------------------------------------------------------------------------------------------------

THREAD_NAME = 100


class Priority(IntEnum):
    """Who goes first where a platform allows only so many messages."""

    URGENT = 0  # money at risk now
    ANSWER = 1  # somebody waits for it, or is to act soon
    STATUS = 2  # the pinned card
    REST = 3
    EVENT = 4  # nothing is to be done


class File(Value, frozen=True):
    """Something to look at or to keep beside a card: a picture, a CSV."""

    name: str
    body: bytes

    @property
    def is_picture(self) -> bool:
        """Say whether it is shown rather than offered."""
        return self.name.endswith(".png")


class Thread(Value, frozen=True):
    """A place of its own beside the card ``of`` in a message's chat, where the platform has such; made when it is needed."""

    of: str  # the card's ref
    name: str  # at most THREAD_NAME signs
    is_end: bool = False  # nothing is shown: the place is closed


class Message(Value, frozen=True):
    """One card for one place. A card whose ``ref`` was shown there before replaces the older one."""

    chat: str
    card: Card
    silent: bool = False
    priority: Priority = Priority.ANSWER
    answers: str = ""  # the ``update`` that this answers: platforms may answer it in a way of their own
    is_private: bool = False  # for the person who asked alone, where the platform can
    reader: str = (
        ""  # who alone may read it, by their private chat: it goes there where its own place shows it to others
    )
    is_secret: bool = False  # not to be forwarded or kept
    is_pinned: bool = False
    files: tuple[File, ...] = ()
    rings: tuple[str, ...] = ()  # users to be called by name
    asks: bool = False  # the next thing that the person writes there answers it
    is_fresh: bool = False  # somebody just asked for it: shown anew, where he looks, and not in place of an older one
    only_edits: bool = False  # no news: where the card does not stand any more, nothing is shown
    anew: str = ""  # the line that brings a fresh one, when its buttons have run out
    is_pad: bool = False  # its buttons mean the same after each change: no press of one comes too early
    thread: Thread | None = None  # it stands there; where its chat has no such place it is not shown

    @property
    def about(self) -> str:
        """The card that it is, or that its thread hangs on."""
        return self.thread.of if self.thread is not None else self.card.ref


Show = Callable[[Message], Awaitable[None]]
"""Shows one card at its place."""


class Sign(IntEnum):
    """A mark on somebody's message that costs no message."""

    SEEN = 0
    DONE = 1
    GONE = 2  # it holds what is not to be read again: the message itself is taken away, where the platform can


class LaterError(LockstepError):
    """Not shown, and nobody saw it: try again after ``after_s``. ``is_whole`` speaks for all chats of the platform."""

    def __init__(self, reason: str, after_s: float, *, is_whole: bool = False) -> None:
        """The platform's own reason."""
        super().__init__(reason)
        self.after_s = after_s
        self.is_whole = is_whole


class UnsureError(LockstepError):
    """Sent, not answered: it may have been shown."""


class VanishedError(LockstepError):
    """The message that was to be edited is gone: show it anew."""


class UnreachableError(LockstepError):
    """The chat is gone, or the bot was put out of it: no more attempts."""


class LacksError(LockstepError):
    """The chat could have what was wanted, but the bot may not: names the right that it lacks."""


class MovedError(LockstepError):
    """The chat has another id from now on."""

    def __init__(self, chat: str) -> None:
        """``chat`` is the new one."""
        super().__init__(f"the chat is now {chat}")
        self.chat = chat


class Limits(Value, frozen=True):
    """What one message of a platform may hold."""

    card_cells: int = 40
    table_cells: int = 34
    text: int = 4096
    buttons: int = 100
    handle_bytes: int = 64


class Health(Value, frozen=True):
    """How a platform's line is: seconds since something was heard from it, and what is wrong."""

    heard_s: float | None
    trouble: str = ""
    is_rival: bool = False  # somebody else uses our token


class Pulse(Value, frozen=True):
    """What a status line shows: the newest status, and how long ago the engine was heard."""

    status: StatusView | None
    heard_s: float | None
    connected: bool
    notes: tuple[str, ...] = ()  # what is still to be done, a line each


# ---- the door ------------------------------------------------------------------------------------------------------


class Field(Value, frozen=True):
    """One argument of a command, for platforms that ask for each by name."""

    name: str
    kind: str  # scope, account, instrument, span, size, count, word, rest, or one of ``choices``
    about: str
    is_needed: bool
    choices: tuple[str, ...] = ()


class Entry(Value, frozen=True):
    """A command as a menu shows it."""

    name: str
    summary: str
    family: str
    is_hot: bool
    fields: tuple[Field, ...]


class Door(Protocol):
    """What a platform is given of the bot."""

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        """Start answering at once; the result is awaited only by who wants to know that the reply was shown."""
        ...

    def pulse(self) -> Pulse:
        """Say how things stand, without asking anybody."""
        ...

    def complete(self, text: str) -> list[str]:
        """Words that may stand at the end of ``text``."""
        ...

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:
        """Commands that this person may use there, the hot ones first; all that there are without a name."""
        ...

    def suggest(self, identity: str, chat: str, field: Field, text: str) -> list[str]:
        """What may stand in a field, of what this person may see."""
        ...

    def moved(self, old: str, new: str) -> None:
        """A chat has another id from now on."""
        ...

    def is_bound(self, chat: str) -> bool:
        """Say whether this chat, or a topic of it, belongs to the desk."""
        ...

    async def settle(self, what: str, timeout_s: float) -> bool:
        """Wait until ``what`` has come true since the last command: proven, copy, flat, engine, copying.

        Returns: False when it did not in time, or when an act failed.
        Raises: ValueError for a word that is none of these.
        """
        ...


class Chat(Protocol):
    """One connected platform."""

    async def run(self, door: Door) -> int:
        """Serve until the platform ends, such as a console's end of input; an exit code, 0 when all went well."""
        ...

    async def post(self, message: Message, known: str, nonce: str) -> str:
        """Show a card anew, or in place of the message ``known``; the platform's id of what is shown.

        A platform that can shows one ``nonce`` once, however often it is sent.
        Raises: LaterError, UnsureError, VanishedError, UnreachableError, MovedError.
        """
        ...

    async def open_thread(self, chat: str, post: str, name: str) -> str:
        """Make a place of its own beside the message ``post``, or beside none; its address, empty where there is no such.

        What is posted there has ``thread`` set: a place that is gone raises VanishedError.
        Raises: what ``post`` does, and LacksError.
        """
        ...

    async def tend_thread(self, place: str, name: str, *, is_shut: bool) -> None:
        """Close the place or open it again; a ``name`` renames it.

        Raises: what ``post`` does, and LacksError; VanishedError where it is gone.
        """
        ...

    async def mark(self, chat: str, post: str, sign: Sign) -> None:
        """Put a mark on somebody's message, where the platform has such; failing is no matter."""
        ...

    def health(self) -> Health:
        """Say how the line is."""
        ...


class Clock(Protocol):
    """Time. Tests turn it by hand."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock's time."""
        ...


class Finding(Value, frozen=True):
    """What a look at a platform found: ``ok``, ``--`` good to know, ``!!`` something to mend.

    ``reach`` says where a person writes to the bot in private; without it nobody can. ``fix`` is what its table lacks.
    """

    mark: str
    text: str
    reach: str = ""
    fix: dict[str, Any] = {}


class ChatSpec(Value, frozen=True):
    """A plug-in: ``bot.chats.<name>.CHAT``. ``options`` is the type of its table in desk.toml."""

    name: str
    options: type[Value]
    limits: Limits
    connect: Callable[..., Chat]  # (options, Clock)
    secrets: tuple[str, ...] = ()  # options that desk.toml may only name as env:NAME
    budget: Callable[[str], Budget] = Budget.boundless  # what may be sent to a chat of it
    repeats: bool = True  # sending a message twice shows it twice: no nonce is kept
    probe: Callable[..., Awaitable[list[Finding]]] | None = (
        None  # (options): does the set-up work, and how is it invited
    )
    close: Callable[..., Awaitable[None]] | None = None  # (the connected chat): after everything that may still send
    is_fleeting: bool = False  # what it has not shown dies with the process: nobody would read it later

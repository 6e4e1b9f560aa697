"""Confirmations as a pure state machine: what an act needs before it is sent, and what each button still means.

Theory of operation. A command yields an ``Intent``. ``level_of`` says how it is confirmed, by the direction of its
risk. Buttons stand for ``Payload``s behind opaque handles; buttons offered together are kin, and the first one-shot
press ends them all:

    offered ── press by the asker, in time ──► used       the payload, once
       │                                         └─ press ► refused "already pressed"
       ├────── press by another, elsewhere ───► offered   refused, nothing changes
       ├────── press of kin ──────────────────► closed    refused "already decided"
       └────── time ──────────────────────────► expired   refused, "ask again"

Offers are rows: a restart forgets none. A confirmed act is previewed once more; when what it would do changed, a fresh
preview takes its place. What only reduces risk asks for a second look no more than once: a market that moves must not keep a
person from getting out.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.access import Level, Role
from bot.core.card import Action, Look
from bot.core.deed import AnyDeed, Freeze, Lockdown, Revoke
from engine.api import (
    ActAsk,
    CloseAsk,
    FlattenAsk,
    LeaveAsk,
    LimitAsk,
    NewsPauseAsk,
    OffAsk,
    OnAsk,
    PauseAsk,
    PayoutAsk,
    PlanAsk,
    PreviewView,
    RefuseAsk,
    SizeAsk,
    SkipAsk,
    TakeAsk,
    UnlockAsk,
    Value,
)

UNDO_S = 60.0
CONFIRM_S = 30.0
WORD_S = 60.0
CHOICE_S = 120.0
LINE_S = 86_400.0  # a button that only types a line for its person is judged anew at each press
APPROVE_S = 300.0
REMEMBERED = timedelta(minutes=10)
WORD = "FLATTEN"
WORDS = {OnAsk: "ON", UnlockAsk: "UNLOCK", PayoutAsk: "PAYOUT", LimitAsk: "LIMIT", SizeAsk: "SIZE"}
CODE = "code"  # what an offer waits for that a one-time code completes
TEXT = "text"  # what an offer waits for that the next thing written completes
GLASS = "glass"  # the form that asks the owner why nobody else is waited for
ANYBODY = "*"


class Intent(Value, frozen=True):
    """An act that a person wants, not yet confirmed: on accounts (``ask``), or on people and chats (``deed``)."""

    ask: ActAsk | None = None
    deed: AnyDeed | None = None
    level: Level | None = None  # of a deed
    undo: tuple[ActAsk, ...] = ()  # what takes it back; empty when nothing can
    instead: tuple[tuple[str, ActAsk], ...] = ()  # other ways to do it, each previewed in its turn
    whole: bool = False  # covers every account of the desk
    remarks: tuple[str, ...] = ()  # what the person should know before deciding
    after: "tuple[Button, ...]" = ()  # what may follow it, on its receipt
    role: Role = Role.TRADER
    reason: str = ""  # why, in the person's own words, where a form asked for them
    post: str = ""  # the message that asked for it: it bears a sign when the act is proven


class Confirm(Value, frozen=True, tag=True):
    """Do it, if it still means what ``preview`` showed. ``looks`` counts the previews shown.

    With ``hears`` what the person writes next is the reason that a second person reads.
    """

    intent: Intent
    preview: PreviewView | None
    level: Level = Level.C2
    looks: int = 1
    hears: bool = False


class Key(Value, frozen=True, tag=True):
    """One key of a number pad, for a code that must not stand in the chat: a digit, ``<`` or ``ok``."""

    pad: str  # handle of the offer that waits for the code
    digit: str


class Approve(Value, frozen=True, tag=True):
    """A second person's word on an act that waits for it."""

    id: str
    is_yes: bool


class Propose(Value, frozen=True, tag=True):
    """Preview another way of doing it."""

    intent: Intent


class Undo(Value, frozen=True, tag=True):
    """Take an act back: what ``of`` left, and nothing that came after it."""

    asks: tuple[ActAsk, ...]
    role: Role = Role.TRADER
    of: ActAsk | None = None


class Run(Value, frozen=True, tag=True):
    """Type this line for me; ``once`` when it may act. ``post`` is the person's own message that it completes."""

    line: str
    once: bool = False
    post: str = ""


class Fill(Value, frozen=True, tag=True):
    """Type this line for me, with what the person adds to it; ``kind`` is the field that is missing, ``post`` as above."""

    line: str
    kind: str
    once: bool = False
    post: str = ""


class Drop(Value, frozen=True, tag=True):
    """Do nothing."""


Payload = Confirm | Key | Approve | Propose | Undo | Run | Fill | Drop


class Button(Value, frozen=True):
    """A button to be: what it says, what it does."""

    label: str
    key: str
    payload: Payload
    look: Look = Look.PLAIN
    form: str = ""  # what it asks for before it is pressed, where the platform can: code, reason
    is_choice: bool = False  # one of a list


class Turned(Value, frozen=True):
    """A press that does nothing, with the reason in one line."""

    text: str
    is_foreign: bool = False  # it was somebody else's to press


class Stage(StrEnum):
    """Where one offer stands."""

    OFFERED = "offered"
    USED = "used"
    CLOSED = "closed"


def level_of(intent: Intent, preview: PreviewView | None) -> Level:
    """How ``intent`` is confirmed.

    Paper and simulated accounts drop one level, but what no Undo takes back is always shown before it happens.
    """
    live = preview is None or preview.live
    match intent.ask:
        case None:
            return intent.level or Level.C2
        case PauseAsk() | NewsPauseAsk() | PlanAsk() | LeaveAsk() | RefuseAsk() | SkipAsk() | OffAsk(close=False):
            return Level.C1
        case TakeAsk():  # what is offered was shown with its figures
            return Level.C2 if live else Level.C1
        case SizeAsk():
            return _size_level(intent.ask, preview)
        case FlattenAsk():
            return Level.C3 if intent.whole and live else Level.C2
        case LimitAsk() if preview is not None and not preview.adds_risk:
            return Level.C1
        case OnAsk() | PayoutAsk():
            return Level.C3 if live else Level.C2
        case UnlockAsk() | LimitAsk():  # more risk after a hard stop, or beyond a limit
            return Level.C4 if live else Level.C3
        case _:
            return intent.level or Level.C2


def _size_level(ask: SizeAsk, preview: PreviewView | None) -> Level:
    """Down is done at once, up is looked at; beyond the plan's own size it is a large act."""
    live = preview is None or preview.live
    if preview is not None and not preview.adds_risk and not (ask.now and preview.contracts):
        return Level.C1
    if ask.factor > 1:
        return Level.C4 if live else Level.C3
    return Level.C2 if live or ask.now else Level.C1


def word_of(ask: ActAsk | None) -> str:
    """The word that is typed where an act asks for one: its own, so that no habit types it."""
    return "YES" if ask is None else WORDS.get(type(ask), WORD)


def needs_preview(intent: Intent) -> bool:
    """Say whether the act's level or card depends on a preview; a pause waits for nothing, and nobody previews people."""
    ask = intent.ask
    if ask is None or isinstance(ask, PauseAsk | NewsPauseAsk | PlanAsk | LeaveAsk | RefuseAsk | SkipAsk):
        return False
    return not (isinstance(ask, OffAsk) and not ask.close)


def adds_risk(intent: Intent, preview: PreviewView | None) -> bool:
    """Say whether an act may make risk grow: what a lock or a lockdown stops."""
    if isinstance(intent.deed, Freeze):
        return not intent.deed.is_on
    if intent.ask is None:
        return not isinstance(intent.deed, Revoke | Lockdown)
    if isinstance(
        intent.ask, PauseAsk | NewsPauseAsk | PlanAsk | FlattenAsk | CloseAsk | LeaveAsk | RefuseAsk | SkipAsk | OffAsk
    ):
        return False
    return preview is None or preview.adds_risk


def still_means(shown: PreviewView, now: PreviewView) -> bool:
    """Say whether the act would do what was shown; profit alone may move."""
    return (shown.lines, shown.contracts, shown.excluded, shown.adds_risk, shown.live) == (
        now.lines,
        now.contracts,
        now.excluded,
        now.adds_risk,
        now.live,
    )


def asks_again(confirm: Confirm, now: PreviewView) -> bool:
    """Say whether the person must look again before this is sent."""
    if confirm.preview is None or still_means(confirm.preview, now):
        return False
    return not (_only_reduces(confirm.intent.ask) and confirm.looks > 1)


def binds_version(confirm: Confirm) -> bool:
    """Say whether the engine must refuse the act when the state changed; a second look at an exit no longer does."""
    return not (_only_reduces(confirm.intent.ask) and confirm.looks > 1)


def _only_reduces(ask: ActAsk | None) -> bool:
    return isinstance(ask, FlattenAsk | OffAsk) or (isinstance(ask, CloseAsk) and ask.quantity is None)


class Seat(Value, frozen=True):
    """Who may press, and where; ``ANYBODY`` may, whose rights allow what the button does."""

    person: str
    chat: str


class Offer(Value, frozen=True):
    """One button that is out, or one act that waits for a typed word."""

    handle: str
    payload: Payload
    seat: Seat
    kin: str
    due: datetime
    word: str = ""
    stage: Stage = Stage.OFFERED

    @property
    def once(self) -> bool:
        """Say whether the first press ends it."""
        if isinstance(self.payload, Key | Approve):  # of approvals, the first word that counts ends them
            return False
        return not isinstance(self.payload, Run | Fill) or self.payload.once


class Offers(Protocol):
    """Where offers are kept."""

    def put(self, offers: Sequence[Offer]) -> None:
        """Keep offers."""
        ...

    def get(self, handle: str) -> Offer | None:
        """One offer."""
        ...

    def waiting(self, word: str, seat: Seat) -> Offer | None:
        """The newest offer of a seat that waits for a word, whatever became of it."""
        ...

    def undo(self, seat: Seat, now: datetime) -> Offer | None:
        """The newest Undo of a seat that may still be pressed."""
        ...

    def use(self, offer: Offer) -> bool:
        """Use an offer up and close its kin, once; False where it was used or closed already."""
        ...

    def end(self, handle: str) -> None:
        """Close an offer and its kin."""
        ...

    def sweep(self, before: datetime) -> None:
        """Forget offers that were due before."""
        ...


class Dialogue:
    """Every button that is out."""

    def __init__(self, mint: Callable[[], str], offers: Offers) -> None:
        """``mint`` makes an opaque handle that nobody can guess."""
        self._mint = mint
        self._offers = offers

    def offer(
        self, seat: Seat, buttons: Sequence[Button], *, now: datetime, ttl_s: float, word: str = ""
    ) -> tuple[Action, ...]:
        """Put buttons out.

        With ``word``, a ``Confirm`` among them gets no button: it happens when the person types the word, or one of several
        with blanks between them; nor does a ``Fill`` without a label, which takes whatever is written next.
        """
        self._offers.sweep(now - REMEMBERED)
        kin, actions, offers = self._mint(), [], []
        for button in buttons:
            due = now + timedelta(seconds=_life_s(button.payload, ttl_s))
            is_typed = word and (isinstance(button.payload, Confirm) or not button.label)
            for typed in word.split() if is_typed else [""]:
                handle = self._mint()
                offers.append(Offer(handle=handle, payload=button.payload, seat=seat, kin=kin, due=due, word=typed))
                if not typed:
                    actions.append(_action(button, handle))
        self._offers.put(offers)
        return tuple(actions)

    def press(self, handle: str, seat: Seat, now: datetime) -> Payload | Turned:
        """What the press means, once."""
        offer = self._offers.get(handle)
        if offer is None or offer.word:
            return Turned(text="This button is not valid any more. Ask again.")
        if offer.seat.chat != seat.chat or offer.seat.person not in (seat.person, ANYBODY):
            return Turned(text="Only the person who asked can press this, and only here.", is_foreign=True)
        return self._use(offer, now)

    def typed(self, word: str, seat: Seat, now: datetime) -> Payload | Turned | None:
        """What a typed word means: the newest offer that waits for it, or None when none does."""
        offer = self._offers.waiting(word, seat)
        return self._use(offer, now) if offer is not None else None

    def undo(self, seat: Seat, now: datetime) -> Payload | Turned:
        """As pressing the newest Undo."""
        offer = self._offers.undo(seat, now)
        return self._use(offer, now) if offer is not None else Turned(text="Nothing of yours can be undone here now.")

    def waits(self, word: str, seat: Seat, now: datetime) -> bool:
        """Say whether something still waits for this word."""
        offer = self._offers.waiting(word, seat)
        return offer is not None and offer.stage is Stage.OFFERED and now <= offer.due

    def close(self, handle: str) -> None:
        """An offer and its kin mean nothing any more."""
        self._offers.end(handle)

    def _use(self, offer: Offer, now: datetime) -> Payload | Turned:
        if offer.stage is Stage.USED:
            return Turned(text="Already pressed; it happens once.")
        if offer.stage is Stage.CLOSED:
            return Turned(text="Already decided.")
        if now > offer.due:
            return Turned(text="Too late: this has expired. Ask again.")
        if offer.once and not self._offers.use(offer):
            return Turned(text="Already pressed; it happens once.")
        return offer.payload


def _life_s(payload: Payload, ttl_s: float) -> float:
    return max(ttl_s, LINE_S) if isinstance(payload, Run | Fill) and not payload.once else ttl_s


def _action(button: Button, handle: str) -> Action:
    return Action(
        label=button.label,
        handle=handle,
        key=button.key,
        look=button.look,
        form=button.form,
        is_choice=button.is_choice,
    )

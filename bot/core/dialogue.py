"""Confirmations as a pure state machine: what an act needs before it is sent, and what each button still means.

Theory of operation. A command yields an ``Intent``. ``level_of`` says how it is confirmed, by the direction of its
risk. Buttons stand for ``Payload``s behind opaque handles; buttons offered together are kin, and the first one-shot
press ends them all:

    offered ── press by the asker, in time ──► used       the payload, once
       │                                         └─ press ► refused "already pressed"
       ├────── press by another, elsewhere ───► offered   refused, nothing changes
       ├────── press of kin ──────────────────► closed    refused "already decided"
       └────── time ──────────────────────────► expired   refused, "ask again"

A confirmed act is previewed once more; when what it would do changed, a fresh preview takes its place. What only
reduces risk asks for a second look no more than once: a market that moves must not keep a person from getting out.
"""

from collections.abc import Callable, Sequence
from enum import Enum

from bot.core.access import Level, Role
from bot.core.card import Action, Look
from engine.api import (
    ActAsk,
    CloseAsk,
    FlattenAsk,
    LeaveAsk,
    LimitAsk,
    OffAsk,
    OnAsk,
    PauseAsk,
    PayoutAsk,
    PreviewView,
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
REMEMBER_S = 600.0
WORD = "FLATTEN"
WORDS = {OnAsk: "ON", UnlockAsk: "UNLOCK", PayoutAsk: "PAYOUT", LimitAsk: "LIMIT"}


class Intent(Value, frozen=True):
    """An act that a person wants, not yet confirmed."""

    ask: ActAsk
    undo: tuple[ActAsk, ...] = ()  # what takes it back; empty when nothing can
    instead: tuple[tuple[str, ActAsk], ...] = ()  # other ways to do it, each previewed in its turn
    whole: bool = False  # covers every account of the desk
    remarks: tuple[str, ...] = ()  # what the person should know before deciding
    after: "tuple[Button, ...]" = ()  # what may follow it, on its receipt
    role: Role = Role.TRADER


class Confirm(Value, frozen=True):
    """Do it, if it still means what ``preview`` showed. ``looks`` counts the previews shown."""

    intent: Intent
    preview: PreviewView
    looks: int = 1


class Propose(Value, frozen=True):
    """Preview another way of doing it."""

    intent: Intent


class Undo(Value, frozen=True):
    """Take an act back."""

    asks: tuple[ActAsk, ...]
    role: Role = Role.TRADER


class Run(Value, frozen=True):
    """Type this line for me; ``once`` when it may act."""

    line: str
    once: bool = False


class Drop(Value, frozen=True):
    """Do nothing."""


Payload = Confirm | Propose | Undo | Run | Drop


class Button(Value, frozen=True):
    """A button to be: what it says, what it does."""

    label: str
    key: str
    payload: Payload
    look: Look = Look.PLAIN


class Turned(Value, frozen=True):
    """A press that does nothing, with the reason in one line."""

    text: str


class Stage(Enum):
    """Where one offer stands."""

    OFFERED = "offered"
    USED = "used"
    CLOSED = "closed"


def level_of(intent: Intent, preview: PreviewView | None) -> Level:
    """How ``intent`` is confirmed.

    Paper and simulated accounts drop one level, but what no Undo takes back is always shown before it happens.
    """
    match intent.ask:
        case PauseAsk() | LeaveAsk() | SkipAsk() | OffAsk(close=False):
            return Level.C1
        case OnAsk():
            return Level.C3 if preview is None or preview.live else Level.C2
        case TakeAsk():  # what is offered was shown with its figures
            return Level.C2 if preview is None or preview.live else Level.C1
        case SizeAsk():
            if intent.ask.now and (preview is None or preview.contracts):
                return Level.C2
            adds = preview is None or preview.adds_risk
            return Level.C2 if adds and (preview is None or preview.live) else Level.C1
        case FlattenAsk():
            return Level.C3 if intent.whole and (preview is None or preview.live) else Level.C2
        case LimitAsk() if preview is not None and not preview.adds_risk:
            return Level.C1
        case UnlockAsk() | PayoutAsk() | LimitAsk():
            return Level.C3 if preview is None or preview.live else Level.C2
        case _:
            return Level.C2


def word_of(ask: ActAsk) -> str:
    """The word that is typed where an act asks for one: its own, so that no habit types it."""
    return WORDS.get(type(ask), WORD)


def needs_preview(ask: ActAsk) -> bool:
    """Say whether the act's level or card depends on a preview; a pause waits for nothing."""
    return not isinstance(ask, PauseAsk | LeaveAsk | SkipAsk) and not (isinstance(ask, OffAsk) and not ask.close)


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
    if still_means(confirm.preview, now):
        return False
    return not (_only_reduces(confirm.intent.ask) and confirm.looks > 1)


def binds_version(confirm: Confirm) -> bool:
    """Say whether the engine must refuse the act when the state changed; a second look at an exit no longer does."""
    return not (_only_reduces(confirm.intent.ask) and confirm.looks > 1)


def _only_reduces(ask: ActAsk) -> bool:
    return isinstance(ask, FlattenAsk | OffAsk) or (isinstance(ask, CloseAsk) and ask.quantity is None)


class Seat(Value, frozen=True):
    """Who may press, and where."""

    person: str
    chat: str


class _Offer:
    def __init__(self, payload: Payload, seat: Seat, *, due: float, kin: int, word: str) -> None:
        self.payload = payload
        self.seat = seat
        self.due = due
        self.kin = kin
        self.word = word
        self.once = not isinstance(payload, Run) or payload.once
        self.stage = Stage.OFFERED


class Dialogue:
    """Every button that is out. Times are seconds of a clock that only goes forward."""

    def __init__(self, mint: Callable[[], str]) -> None:
        """``mint`` makes an opaque handle that nobody can guess."""
        self._mint = mint
        self._offers: dict[str, _Offer] = {}
        self._kin = 0

    def offer(
        self, seat: Seat, buttons: Sequence[Button], *, now: float, ttl_s: float, word: str = ""
    ) -> tuple[Action, ...]:
        """Put buttons out.

        With ``word``, a ``Confirm`` among them gets no button: it happens when the person types the word.
        """
        self._sweep(now)
        self._kin += 1
        actions = []
        for button in buttons:
            handle = self._mint()
            typed = word if isinstance(button.payload, Confirm) else ""
            self._offers[handle] = _Offer(button.payload, seat, due=now + ttl_s, kin=self._kin, word=typed)
            if not typed:
                actions.append(Action(label=button.label, handle=handle, key=button.key, look=button.look))
        return tuple(actions)

    def press(self, handle: str, seat: Seat, now: float) -> Payload | Turned:
        """What the press means, once."""
        offer = self._offers.get(handle)
        if offer is None or offer.word:
            return Turned(text="This button is not valid any more. Ask again.")
        if offer.seat != seat:
            return Turned(text="Only the person who asked can press this, and only here.")
        return self._use(offer, now)

    def typed(self, text: str, seat: Seat, now: float) -> Payload | Turned | None:
        """What a typed word means: the newest offer that waits for it, or None when none does."""
        waiting = [offer for offer in self._offers.values() if offer.word and offer.word == text and offer.seat == seat]
        return self._use(waiting[-1], now) if waiting else None

    def _use(self, offer: _Offer, now: float) -> Payload | Turned:
        if offer.stage is Stage.USED:
            return Turned(text="Already pressed; it happens once.")
        if offer.stage is Stage.CLOSED:
            return Turned(text="Already decided.")
        if now > offer.due:
            return Turned(text="Too late: this has expired. Ask again.")
        if offer.once:
            for kin in self._offers.values():
                if kin.kin == offer.kin and kin.once and kin.stage is Stage.OFFERED:
                    kin.stage = Stage.CLOSED
            offer.stage = Stage.USED
        return offer.payload

    def _sweep(self, now: float) -> None:
        self._offers = {name: offer for name, offer in self._offers.items() if offer.due + REMEMBER_S > now}

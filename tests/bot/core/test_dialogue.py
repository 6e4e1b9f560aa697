"""Confirmations: levels by risk, handles that work once, a fresh look when the state changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from msgspec.structs import replace

from bot.core.access import Level
from bot.core.dialogue import (
    CONFIRM_S,
    UNDO_S,
    WORD,
    WORD_S,
    Button,
    Confirm,
    Dialogue,
    Drop,
    Intent,
    Run,
    Seat,
    Turned,
    Undo,
    asks_again,
    binds_version,
    level_of,
    word_of,
)
from bot.storage.database import Database
from bot.storage.handle import HandleStore
from engine.api import (
    ActAsk,
    CloseAsk,
    FlattenAsk,
    LimitAsk,
    LimitKind,
    PauseAsk,
    PayoutAsk,
    PreviewLine,
    PreviewView,
    ResumeAsk,
    SizeAsk,
    SyncAsk,
    UnlockAsk,
)

T0 = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def store() -> HandleStore:
    return HandleStore(Database("sqlite://"))


ANA = Seat(person="ana", chat="console:desk")
BEN = Seat(person="ben", chat="console:desk")
ELSEWHERE = Seat(person="ana", chat="console:other")


def shown(**more: object) -> PreviewView:
    fields: dict[str, object] = {
        "kind": "flatten",
        "version": 7,
        "accounts": 2,
        "contracts": 3,
        "orders": 0,
        "open_profit": Decimal(-85),
        "adds_risk": False,
        "live": True,
        "lines": (PreviewLine(account="ALPHA", before="+2 NQZ6", after="flat"),),
    }
    return PreviewView(**{**fields, **more})  # type: ignore[arg-type]  # fields by name


FLATTEN = FlattenAsk(key="k", by="Ana", scope="all")
SIZE = SizeAsk(key="k", by="Ana", factor=Decimal(1))


@pytest.mark.parametrize(
    ("ask", "adds", "live", "whole", "level"),
    [
        (PauseAsk(key="k", by="Ana"), False, True, True, Level.C1),
        (SIZE, False, True, False, Level.C1),
        (SIZE, True, True, False, Level.C2),
        (SIZE, True, False, False, Level.C1),  # paper drops one level
        (SizeAsk(key="k", by="Ana", factor=Decimal(2)), True, True, False, Level.C4),  # beyond the plan's size
        (SizeAsk(key="k", by="Ana", factor=Decimal(2)), True, False, False, Level.C3),
        (UnlockAsk(key="k", by="Ana"), True, True, False, Level.C4),
        (UnlockAsk(key="k", by="Ana"), True, False, False, Level.C3),
        (ResumeAsk(key="k", by="Ana"), True, True, False, Level.C2),
        (CloseAsk(key="k", by="Ana"), False, True, False, Level.C2),
        (SyncAsk(key="k", by="Ana"), True, True, False, Level.C2),
        (FLATTEN, False, True, False, Level.C2),
        (FLATTEN, False, True, True, Level.C3),
        (FLATTEN, False, False, True, Level.C2),  # paper drops one level, but never below a look
        (CloseAsk(key="k", by="Ana"), False, False, False, Level.C2),
    ],
)
def test_level_follows_the_direction_of_risk(ask: ActAsk, adds: bool, live: bool, whole: bool, level: Level) -> None:
    assert level_of(Intent(ask=ask, whole=whole), shown(adds_risk=adds, live=live)) is level


def test_without_a_preview_the_stricter_level_holds() -> None:
    assert level_of(Intent(ask=SIZE), None) is Level.C2
    assert level_of(Intent(ask=FLATTEN, whole=True), None) is Level.C3


def counted() -> Dialogue:
    numbers = count()
    return Dialogue(lambda: f"h{next(numbers)}", store())


class Talk:
    """A dialogue with counted handles and one Confirm and one Cancel out."""

    def __init__(self, word: str = "", ttl_s: float = CONFIRM_S) -> None:
        self.dialogue = counted()
        self.confirm = Confirm(intent=Intent(ask=FLATTEN), preview=shown())
        buttons = (
            Button(label="Confirm", key="y", payload=self.confirm),
            Button(label="Cancel", key="n", payload=Drop()),
        )
        self.actions = self.dialogue.offer(ANA, buttons, now=T0, ttl_s=ttl_s, word=word)


def test_pressing_twice_acts_once() -> None:
    talk = Talk()
    yes, _ = (action.handle for action in talk.actions)
    assert talk.dialogue.press(yes, ANA, at(1.0)) == talk.confirm
    assert isinstance(talk.dialogue.press(yes, ANA, at(1.1)), Turned)


def test_cancel_ends_confirm_and_the_other_way_round() -> None:
    talk = Talk()
    yes, no = (action.handle for action in talk.actions)
    assert talk.dialogue.press(no, ANA, at(1.0)) == Drop()
    assert isinstance(talk.dialogue.press(yes, ANA, at(1.1)), Turned)


def test_a_late_press_does_nothing() -> None:
    talk = Talk()
    assert isinstance(talk.dialogue.press(talk.actions[0].handle, ANA, at(CONFIRM_S + 0.1)), Turned)


def test_another_person_or_place_cannot_press_and_the_asker_still_can() -> None:
    talk = Talk()
    yes = talk.actions[0].handle
    assert isinstance(talk.dialogue.press(yes, BEN, at(1.0)), Turned)
    assert isinstance(talk.dialogue.press(yes, ELSEWHERE, at(1.0)), Turned)
    assert talk.dialogue.press(yes, ANA, at(1.0)) == talk.confirm


def test_a_forged_handle_is_refused() -> None:
    assert isinstance(Talk().dialogue.press("h99", ANA, at(0.0)), Turned)


def test_the_word_confirms_and_no_button_does() -> None:
    talk = Talk(word=WORD, ttl_s=WORD_S)
    assert [action.label for action in talk.actions] == ["Cancel"]
    assert isinstance(talk.dialogue.press("h1", ANA, at(1.0)), Turned)  # the hidden handle is no way round the word
    assert talk.dialogue.typed("flatten", ANA, at(1.0)) is None  # as the card says it, in capitals
    assert talk.dialogue.typed(WORD, BEN, at(1.0)) is None
    assert talk.dialogue.typed(WORD, ANA, at(1.0)) == talk.confirm
    assert isinstance(talk.dialogue.typed(WORD, ANA, at(2.0)), Turned)


def test_the_word_comes_too_late() -> None:
    assert isinstance(Talk(word=WORD, ttl_s=WORD_S).dialogue.typed(WORD, ANA, at(WORD_S + 1)), Turned)


def test_undo_ends_after_sixty_seconds() -> None:
    dialogue = counted()
    undo = Undo(asks=(ResumeAsk(key="u", by="Ana"),))
    (action,) = dialogue.offer(ANA, (Button(label="Undo", key="u", payload=undo),), now=T0, ttl_s=UNDO_S)
    handle = action.handle
    assert isinstance(dialogue.press(handle, ANA, at(61.0)), Turned)
    (action,) = dialogue.offer(ANA, (Button(label="Undo", key="u", payload=undo),), now=T0, ttl_s=UNDO_S)
    handle = action.handle
    assert dialogue.press(handle, ANA, at(59.0)) == undo


def test_paging_may_be_pressed_again() -> None:
    dialogue = counted()
    run = Run(line="/accounts")
    (action,) = dialogue.offer(ANA, (Button(label="Accounts", key="1", payload=run),), now=T0, ttl_s=60)
    handle = action.handle
    assert dialogue.press(handle, ANA, at(1.0)) == dialogue.press(handle, ANA, at(2.0)) == run


def test_a_changed_state_asks_again() -> None:
    confirm = Confirm(intent=Intent(ask=SIZE), preview=shown())
    assert not asks_again(confirm, replace(shown(), version=8, open_profit=Decimal(-90)))
    assert asks_again(confirm, shown(contracts=5))
    assert asks_again(replace(confirm, looks=2), shown(contracts=5))
    assert binds_version(replace(confirm, looks=2))


def test_a_moving_market_does_not_keep_a_person_in() -> None:
    confirm = Confirm(intent=Intent(ask=FLATTEN), preview=shown())
    assert asks_again(confirm, shown(contracts=5))
    assert not asks_again(replace(confirm, looks=2), shown(contracts=6))
    assert not binds_version(replace(confirm, looks=2))


@pytest.mark.parametrize(
    ("ask", "adds", "level", "word"),
    [
        (UnlockAsk(key="k", by="Ana", scope="ALPHA"), True, Level.C4, "UNLOCK"),
        (PayoutAsk(key="k", by="Ana", scope="ALPHA", amount=Decimal(500)), True, Level.C3, "PAYOUT"),
        (LimitAsk(key="k", by="Ana", scope="ALPHA", kind=LimitKind.DAILY_LOSS), True, Level.C4, "LIMIT"),
        (LimitAsk(key="k", by="Ana", scope="ALPHA", kind=LimitKind.DAILY_LOSS), False, Level.C1, "LIMIT"),
    ],
)
def test_what_lets_more_happen_asks_for_its_own_word(ask: ActAsk, adds: bool, level: Level, word: str) -> None:
    assert level_of(Intent(ask=ask), shown(adds_risk=adds)) is level
    assert word_of(ask) == word

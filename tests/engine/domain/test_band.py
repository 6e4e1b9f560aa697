"""A desk with bands is a desk that looks at every quote: the same decisions, the same ledgers, less work."""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.domain import stopout
from engine.domain.bands import Bands
from engine.domain.command import Flatten, Pause, Resume, Unlock
from engine.domain.copier import Copier
from engine.domain.decision import Decision
from engine.domain.desk import Desk
from engine.domain.entry import encode_entry
from engine.domain.event import BalanceReported, DayClosed, DayStarted, QuoteMarked
from engine.domain.ids import AccountId, Symbol
from engine.domain.keeping import Keeping
from engine.domain.limit import Action, LimitPlan, LimitsPlan
from engine.domain.terms import Basis, Compare, DailyLoss, Terms, Trail
from tests.engine.domain.model import ES, MNQ, NQ, PRICE, Stage, plan
from tests.engine.domain.test_stopout import CLOCK
from tests.engine.domain.test_story import ease, follower

A, B = AccountId("A"), AccountId("B")
BALANCE = Decimal(50_000)


class Watchful(Bands):
    """The rule itself: everybody is looked at upon everything, and nobody has a band."""

    def look(self, copier: Copier, at: datetime, out: list[Decision]) -> None:
        stopout.look(copier, self.quotes, at, out)

    def moved(self, symbol: Symbol, at: datetime) -> list[Copier]:
        del at
        return [
            copier
            for copier in self._state.copiers.values()
            if (copier.kept or copier.bond) and stopout.is_moved(copier, symbol, self.quotes)
        ]


def watchful() -> Desk:
    desk = Desk()
    desk._bands = Watchful(desk.state)
    return desk


AMOUNTS = st.sampled_from([Decimal(150), Decimal(300), Decimal("433.33"), Decimal(700)])
LOSSES = st.builds(
    DailyLoss, amount=AMOUNTS, basis=st.sampled_from(list(Basis)), soft=st.booleans(), carries=st.booleans()
)
TERMS = st.builds(
    Terms,
    start_balance=st.just(BALANCE),
    drawdown=AMOUNTS,
    mode=st.sampled_from(list(Trail)),
    lock=st.none() | st.sampled_from([BALANCE, BALANCE + 100, BALANCE - 100]),
    compare=st.sampled_from(list(Compare)),
    dll=st.none() | LOSSES,
    daily_target=st.none() | AMOUNTS,
    margin_level=st.none() | st.just(Decimal("1.5")),
)
PLANS = st.builds(
    LimitPlan,
    warn_at=st.sampled_from([(), (Decimal("0.3"), Decimal("0.5"), Decimal("0.9")), (Decimal(1) / 3,)]),
    act_at=st.sampled_from([Decimal("0.6"), Decimal("0.95"), Decimal(1)]),
    ticks_ahead=st.integers(0, 3),
    actions=st.sampled_from(
        [(Action.WARN,), (Action.WARN, Action.FLATTEN, Action.LOCK_DAY), (Action.CLOSE_ONLY,), (Action.LOCK,)]
    ),
)
LIMITS = st.builds(LimitsPlan, max_loss=PLANS, daily_loss=PLANS, daily_target=PLANS, margin=PLANS)
KEEPINGS = st.builds(Keeping, terms=TERMS, clock=st.just(CLOCK), limits=LIMITS)

QUARTERS = st.integers(-30, 30).map(lambda quarters: Decimal(quarters) / 4)
WALKS = st.lists(st.sampled_from([-1, -1, 1, 1, -2, 2, 3, -4, 0]), min_size=1, max_size=25)
MARGINS = [Decimal(0), Decimal(20_000), Decimal(29_900), Decimal(31_600), Decimal(33_250)]  # lines near the balance
MOVES = st.one_of(
    st.tuples(st.just("path"), st.lists(QUARTERS, min_size=1, max_size=6)),
    st.tuples(st.just("walk"), st.tuples(st.just(NQ), WALKS)),
    st.tuples(st.just("walk"), st.tuples(st.sampled_from([NQ, ES, MNQ]), WALKS)),
    st.tuples(st.just("slide"), st.tuples(st.sampled_from([-1, -1, 1, -2, 3]), st.integers(10, 60))),
    st.tuples(st.just("slide"), st.tuples(st.sampled_from([-1, -1, 1, -2, 3]), st.integers(10, 60))),
    st.tuples(st.just("lead"), st.tuples(st.sampled_from([NQ, NQ, ES]), st.integers(-2, 2).filter(bool))),
    st.tuples(st.just("ease"), st.none()),
    st.tuples(st.just("hand"), st.integers(-2, 2).filter(bool)),
    st.tuples(
        st.just("balance"),
        st.tuples(st.integers(-60, 60), st.sampled_from(MARGINS)),
    ),
    st.tuples(st.just("snapshot"), st.none()),
    st.tuples(st.just("wait"), st.integers(1, 5)),
    st.tuples(st.just("day"), st.booleans()),
    st.tuples(st.just("act"), st.sampled_from([Pause, Resume, Unlock, Flatten])),
    st.tuples(st.just("line"), st.none()),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("look"), st.none()),
)


def play(stage: Stage, name: str, what: object) -> None:
    match name, what:
        case "path", [*steps]:
            for step in steps:
                stage.at += timedelta(milliseconds=250)
                price = PRICE + step
                stage.price = price
                quote = QuoteMarked(at=stage.at, symbol=NQ, bid=price - 1, ask=price + Decimal("1.5"), last=price)
                stage.tell(quote if step % 1 else msgspec.structs.replace(quote, last=None))
        case "walk", (symbol, steps):
            known = stage.desk.state.quotes.get(symbol)
            price = PRICE if known is None or known.last is None else known.last
            for step in steps:
                stage.at += timedelta(milliseconds=250)
                price += Decimal(step) / 4
                stage.quote(price, symbol)
        case "slide", (step, count):
            play(stage, "walk", (NQ, [step] * count))
        case "lead", (symbol, quantity):
            stage.lead(quantity, symbol)
        case "ease", _:
            ease(stage)
        case "hand", int(quantity):
            stage.trade_by_hand(A, quantity)
            stage.hear(A)
        case "balance", (more, margin):
            balance = (stage.brokers[A].balance or BALANCE) + more
            stage.tell(BalanceReported(at=stage.at, account=A, balance=balance, margin=margin))
        case "snapshot", _:
            stage.snapshot(A)
        case "wait", int(seconds):
            stage.wait(seconds)
        case "day", bool(is_start):
            stage.at += timedelta(hours=1)
            day = stage.at.date() + timedelta(days=stage.count)
            kind = DayStarted if is_start else DayClosed
            stage.tell(kind(at=stage.at, accounts=(A, B), due=stage.at, trade_date=day))
        case "act", kind:
            stage.act(kind(accounts=(A,)))
        case "line", _:
            stage.lose(B)
            stage.restore(B)
            stage.snapshot(B)
        case "restart", _:
            stage.restart()
            for account in stage.brokers:
                stage.restore(account)
                stage.snapshot(account)


def trailing(**changes: object) -> Keeping:
    terms = {"start_balance": BALANCE, "drawdown": Decimal(300), "mode": Trail.INTRADAY_EQUITY, **changes}
    return Keeping(terms=Terms(**terms), clock=CLOCK)


@settings(max_examples=300, deadline=None)
@given(KEEPINGS, KEEPINGS, st.lists(MOVES, max_size=15), st.booleans(), st.booleans())
@example(
    trailing(),
    trailing(),
    [("lead", (NQ, 1)), ("ease", None), ("path", [Decimal(6), Decimal(2), Decimal(-7), Decimal(-8)])],
    False,
    False,
)
@example(  # the floor comes to its lock in one mark here, in a hundred there
    trailing(drawdown=Decimal(150), lock=BALANCE), trailing(), [("slide", (1, 31))], False, False
)
def test_bands_change_nothing_but_the_work(
    first: Keeping, second: Keeping, moves: list[tuple[str, object]], is_micro: bool, has_both: bool
) -> None:
    other = follower(B, symbols={"NQ": "MNQ"} if is_micro else {})
    stage = Stage(plan([follower(A), other], keepings={A: first, B: second}), {A: BALANCE, B: BALANCE})
    stage.quote()
    looks = set()
    begin = [("lead", (NQ, 1)), *([("walk", (ES, [0])), ("lead", (ES, -1))] if has_both else []), ("ease", None)]
    for name, what in [*begin, *moves]:
        if name == "look":
            looks.add(len(stage.journal))
        play(stage, name, what)
    full, banded = watchful(), Desk()
    for number, (event, entry) in enumerate(stage.journal, 1):
        decided = full.handle(event)
        assert encode_entry(number, event, decided) == entry, (number, event)
        assert banded.handle(event) == decided, (number, event)
        if decided or number in looks:
            assert banded.checkpoint() == full.checkpoint(), (number, event)
    assert banded.checkpoint() == full.checkpoint() == stage.desk.checkpoint()

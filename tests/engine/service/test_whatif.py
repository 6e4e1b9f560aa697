"""What-if: every cell of it is what the desk then does, on whatever state."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api.whatif import WhatIfLine, WhatIfView
from engine.domain.command import Pause
from engine.domain.contract import PRODUCTS
from engine.domain.decision import Decision, SendLots, Skipped
from engine.domain.desk import Desk
from engine.domain.event import OrderFilled
from engine.domain.group import Bracket, Caps, Discretion, Flip, GroupPlan, Multiplier
from engine.domain.ids import AccountId, BrokerOrderId, FillId, GroupId, Symbol
from engine.service.risk import limit_views, room
from engine.service.trade import Trade, TradeError
from engine.service.whatif import what_if
from tests.engine.domain.model import ES, LEAD, NQ, PRICE, Stage, plan
from tests.engine.domain.test_desk import FOLLOWERS, plans, quick, rude_steps, run
from tests.engine.domain.test_stopout import keeping, staged
from tests.engine.domain.test_story import ease, follower

A, B, C, D = (AccountId(name) for name in "ABCD")
OTHER = AccountId("LEAD-2")
quantities = st.sampled_from([-7, -4, -2, -1, 1, 2, 3, 5, 12])


def think(stage: Stage, quantity: int, symbol: str = NQ, stop: str = "", leader: AccountId = LEAD) -> WhatIfView:
    trade = Trade(symbol=symbol, quantity=quantity, stop=stop)
    wanted = frozenset(stage.desk.state.copiers)
    return what_if(stage.desk.checkpoint(), trade, [leader], wanted, len(stage.journal), stage.at)


def line(view: WhatIfView, account: AccountId = A) -> WhatIfLine:
    return next(line for line in view.lines if line.account == account)


def then(stage: Stage, quantity: int, symbol: Symbol) -> tuple[Desk, list[Decision]]:
    """The same trade in earnest, on the same state."""
    desk = Desk.restore(stage.desk.checkpoint())
    fill = OrderFilled(
        at=stage.at,
        account=LEAD,
        fill=FillId("later"),
        order=BrokerOrderId("later"),
        symbol=symbol,
        quantity=quantity,
        price=PRICE,
        traded_at=stage.at,
    )
    return desk, desk.handle(fill)


# ---- cell by cell


@quick
@given(
    desk_plan=plans,
    steps=st.lists(rude_steps, max_size=30),
    quantity=quantities,
    symbol=st.sampled_from([NQ, NQ, ES]),
    is_aimed=st.booleans(),
)
def test_size_rounding_and_blocks_are_those_of_the_later_copy(
    desk_plan: object, steps: list[tuple], quantity: int, symbol: Symbol, is_aimed: bool
) -> None:
    stage = run(desk_plan, steps)
    stage.restore(LEAD)
    stage.snapshot(LEAD)
    state = stage.desk.checkpoint()
    view = think(stage, quantity, symbol, "30")
    assert stage.desk.checkpoint() == state
    if is_aimed:
        stage.desk.aim()
    desk, decisions = then(stage, quantity, symbol)
    assert view.leaders[0].after - view.leaders[0].has == quantity
    for account in FOLLOWERS:
        cells, copier = line(view, account), desk.state.copiers[account]
        lane = copier.lanes[Symbol(cells.symbol)]
        sent = [lot for told in decisions if isinstance(told, SendLots) for lot in told.lots if lot[1] == account]
        assert cells.send == sum(lot[3] for lot in sent)
        skips = [told for told in decisions if isinstance(told, Skipped) and told.account == account]
        shown = [block for block in cells.blocks if block.check != "symbol_cap"]
        assert [(b.check, b.figures, b.contracts) for b in shown][: len(skips)] == [
            (skip.check, skip.figures, skip.wanted) for skip in skips
        ]
        assert cells.target == lane.target
        sized = sum(
            (
                Fraction(f.num, f.den) * f.net if not f.flat else f.flat * (f.net > 0) - f.flat * (f.net < 0)
                for f in lane.feeds.values()
            ),
            Fraction(0),
        )
        assert abs(Fraction(cells.exact) - sized) < Fraction(1, 10_000)
        if not cells.blocks and copier.plan.below_one == "zero" and len(lane.feeds) == 1:
            assert 0 <= cells.rounding < 1
        lost = [block.contracts for block in cells.blocks if block.check == "symbol_cap"]
        assert bool(lost) == (abs(cells.exact) >= abs(cells.target) + 1 and copier.plan.caps.symbol == 5) or (
            len(lane.feeds) > 1
        )


moves = st.lists(
    st.one_of(
        st.tuples(st.just("lead"), st.sampled_from([-3, -2, -1, 1, 2, 3])),
        st.tuples(st.just("price"), st.integers(-30, 30)),
        st.tuples(st.just("pause"), st.sampled_from([A, B])),
        st.tuples(st.just("wait"), st.just(3)),
    ),
    max_size=8,
)


def play(stage: Stage, steps: list[tuple]) -> None:
    for step in steps:
        match step:
            case ("lead", quantity):
                stage.lead(quantity)
                ease(stage)
            case ("price", points):
                stage.quote(PRICE + points)
            case ("pause", account):
                stage.act(Pause(accounts=(account,)))
            case ("wait", seconds):
                stage.wait(seconds)
    for account, broker in stage.brokers.items():
        if broker.wants_snapshot:
            stage.snapshot(account)
    ease(stage)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    steps=moves,
    quantity=quantities,
    stop=st.sampled_from(["4", "30", "120t", "400"]),
    flip=st.sampled_from(Flip),
    micro=st.booleans(),
)
def test_rooms_and_risk_are_those_that_the_ledger_then_shows(
    steps: list[tuple], quantity: int, stop: str, flip: Flip, micro: bool
) -> None:
    stage = staged(
        follower(A, flip=flip, caps=Caps(order=4)),
        follower(B, symbols={"NQ": "MNQ"} if micro else {}, sizing=Multiplier(ratio=Decimal("0.5"))),
        B=keeping(),
    )
    play(stage, steps)
    view = think(stage, quantity, NQ, stop)
    before = {name: _room(stage, name) for name in (A, B)}
    held = {name: sum(lane.held for lane in stage.copier(name).lanes.values()) for name in (A, B)}
    stage.lead(quantity)
    ease(stage)
    distance = Decimal(30) if stop == "120t" else Decimal(stop)
    for name in (A, B):
        cells, lanes = line(view, name), stage.copier(name).lanes.values()
        assert cells.has == held[name]
        assert cells.room == before[name]
        assert cells.after == sum(lane.held for lane in lanes) == cells.has + cells.in_flight + cells.send + cells.later
        assert cells.room_after == _room(stage, name)
        assert list(cells.limits) == _views(stage, name)
        point = PRODUCTS["MNQ" if micro and name == B else "NQ"].point
        side = 1 if stage.net() > 0 else -1 if stage.net() < 0 else 0
        assert cells.at_risk == cells.after * side * distance * point
    step = view.leaders[0]
    assert step.after == stage.net()
    if stage.net():
        assert step.stop == stage.price - (distance if stage.net() > 0 else -distance)
        held_before = {name: len(stage.copier(name).kept.watch.acted) for name in (A, B)}
        stage.quote(step.stop)
        for name in (A, B):
            assert line(view, name).room_at_stop == _room(stage, name)
            acted = len(stage.copier(name).kept.watch.acted)
            assert line(view, name).is_stopped == (acted > held_before[name])
    else:
        assert step.stop is None
        assert all(cells.room_at_stop is None and cells.at_risk == 0 for cells in view.lines)
    assert view.at_risk == sum(cells.at_risk for cells in view.lines)


def _views(stage: Stage, account: AccountId) -> list:
    stage.desk.mark()
    return limit_views(stage.copier(account), stage.desk.state.fresh_quotes())


def _room(stage: Stage, account: AccountId) -> Decimal | None:
    return room(_views(stage, account))


# ---- what it says


def test_an_entry_in_numbers() -> None:
    stage = staged(follower(A), follower(B, symbols={"NQ": "MNQ"}, sizing=Multiplier(ratio=Decimal("0.25"))))
    view = think(stage, 2, NQ, "30")
    (leader,) = view.leaders
    assert (leader.has, leader.after, leader.stop) == (0, 2, Decimal(19_970))
    assert (view.price, view.distance, view.ticks) == (PRICE, 30, 120)
    a, b = view.lines
    assert (a.exact, a.target, a.send, a.after, a.at_risk) == (2, 2, 2, 2, 1_200)
    assert (a.room, a.room_after, a.room_at_stop, a.is_stopped) == (1_000, 1_000, -200, True)
    assert {limit.limit: limit.stop for limit in a.limits}["daily_loss"] == Decimal("19976.25")
    assert (b.symbol, b.exact, b.target, b.at_risk, b.room) == ("MNQZ6", 5, 5, 300, None)
    assert b.words == "multiplier 0.25, NQZ6 to MNQZ6 x 10"
    assert view.at_risk == 1_500


def test_what_is_blocked_says_by_which_check_and_how_much() -> None:
    stage = staged(
        follower(A),
        follower(B, caps=Caps(symbol=3)),
        follower(C, symbols={"NQ": ""}),
        follower(D, caps=Caps(account=Decimal(1))),
    )
    stage.act(Pause(accounts=(A,), reason="NFP"))
    view = think(stage, 5)
    blocks = {line.account: [(b.check, b.figures, b.contracts) for b in line.blocks] for line in view.lines}
    assert blocks == {
        A: [("hold", "NFP by ann", 5)],
        B: [("symbol_cap", "5 over 3", 2)],
        C: [("symbol", "NQ is not copied by this account's settings", 5)],
        D: [("account_size", "5 over 1, the room under the account cap", 4)],
    }
    assert [line.send for line in view.lines] == [0, 3, 0, 1]
    assert (line(view, B).exact, line(view, B).target, line(view, B).rounding) == (5, 3, 2)
    assert view.at_risk is None


def test_an_entry_that_a_person_decides_about_is_said_to_be_offered() -> None:
    stage = staged(follower(A, discretion=Discretion.APPROVE), follower(B, discretion=Discretion.SIGNAL))
    view = think(stage, 2)
    assert [(line.send, line.blocks[0].check, line.blocks[0].contracts) for line in view.lines] == [
        (0, "offer", 2),
        (0, "signal", 2),
    ]
    assert not view.remarks


def test_a_flip_says_what_leaves_at_once_and_what_later() -> None:
    stage = staged(follower(A))
    stage.lead(3)
    ease(stage)
    a = line(think(stage, -5, NQ, "10"))
    assert (a.has, a.send, a.later, a.after, a.at_risk) == (3, -3, -2, -2, 400)
    stage.lead(1)
    a = line(think(stage, 2))
    assert (a.has, a.in_flight, a.send, a.after) == (3, 1, 2, 6)


def test_an_exit_has_no_stop() -> None:
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    view = think(stage, -2, NQ, "30")
    assert view.leaders[0].stop is None
    assert (line(view).send, line(view).at_risk, line(view).room_at_stop) == (-2, 0, None)


def test_before_the_first_price_money_is_known_and_prices_are_not() -> None:
    stage = Stage(plan([follower(A)], keepings={A: keeping()}), {A: Decimal(50_000)})
    view = think(stage, 2, NQ, "10")
    assert (view.price, view.leaders[0].stop) == (None, None)
    a = line(view)
    assert (a.at_risk, a.room, a.room_at_stop) == (400, 1_000, 600)
    assert {limit.price for limit in a.limits} == {None}
    assert not view.remarks


def test_own_protection_is_named() -> None:
    stage = staged(follower(A, bracket=Bracket(stop_ticks=40, target_ticks=80)))
    assert line(think(stage, 1)).own_stop == PRICE - 10


def test_each_leader_stands_for_himself() -> None:
    other = GroupPlan(id=GroupId("OTHER"), leader=OTHER, followers=(follower(B),))
    stage = Stage(plan([follower(A)], other))
    stage.quote()
    trade = Trade(symbol="NQ", quantity=2)
    state = stage.desk.checkpoint()
    view = what_if(state, trade, [LEAD, OTHER], frozenset({A, B}), 1, stage.at)
    assert [(line.leader, line.account, line.send) for line in view.lines] == [(LEAD, A, 2), (OTHER, B, 2)]
    assert what_if(state, trade, [LEAD], frozenset({B}), 1, stage.at).lines == ()


def test_a_leader_who_is_not_compared_is_said() -> None:
    stage = staged(follower(A))
    stage.lose(LEAD)
    view = think(stage, 1)
    assert view.remarks == ("LEAD is not compared with the broker yet: what he trades waits for that",)
    assert line(view).send == 0


def test_a_notice_of_the_trade_itself_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(follower(A))
    monkeypatch.setattr("engine.domain.fanout.follow", lambda *_: 1 / 0)
    stage.desk.aim()
    view = think(stage, 1)
    assert "is set aside after a fault of ours" in " ".join(view.remarks)


@pytest.mark.parametrize("stop", ["0", "x", "-3", "30 40", "1e9", "0t"])
def test_a_stop_that_is_none_says_how_to_write_one(stop: str) -> None:
    with pytest.raises(TradeError, match="write points such as 30, or ticks such as 120t"):
        think(staged(follower(A)), 1, NQ, stop)


@pytest.mark.parametrize("quantity", [0, 1_001, -1_001])
def test_a_size_that_nobody_trades_is_refused(quantity: int) -> None:
    with pytest.raises(TradeError, match="quantity: 1 to 1000"):
        think(staged(follower(A)), quantity)


def test_a_product_names_its_one_month_or_the_months_there_are() -> None:
    stage = staged(follower(A))
    assert think(stage, 1, "NQ").symbol == NQ
    stage.quote(PRICE, Symbol("NQH7"))
    with pytest.raises(TradeError, match="NQH7, NQZ6 are known; name one"):
        think(stage, 1, "NQ")
    stage.lead(1)
    assert think(stage, 1, "NQ").symbol == NQ
    with pytest.raises(TradeError, match="name the month, such as CLZ6"):
        think(stage, 1, "CL")

"""What people see of limits: the nearest first, and the price at which the desk would act."""

from decimal import Decimal

from engine.api import AccountState
from engine.domain.command import Resize
from engine.domain.ids import AccountId
from engine.service.account import state_of
from engine.service.away import away
from engine.service.risk import limit_views, nearest, risk_view, room, shares
from tests.engine.domain.test_stopout import A, ease, fall, follower, staged

B = AccountId("B")


def test_the_nearest_limit_comes_first_with_the_price_that_stops_it():
    stage = staged(follower(A), follower(B))
    stage.lead(2)
    ease(stage)
    fall(stage, "20")
    stage.desk.mark()
    state = stage.desk.state
    view = risk_view([A, B], state.copiers, state.quotes)
    day, trail = view.limits
    assert (day.limit, day.used, day.gone, day.span, day.line) == ("daily_loss", Decimal("0.8"), 800, 1_000, 49_000)
    assert (day.symbol, day.price, day.stop) == ("NQZ6", 19_980, Decimal("19976.25"))
    assert (trail.limit, trail.used) == ("max_loss", Decimal("0.32"))
    assert (view.unknown, view.free) == ((), (B,))
    assert nearest(list(view.limits)) == "daily loss 80 %"
    assert {limit.value: used for limit, used in shares(stage.copier(A))} == {
        one.limit: one.used for one in view.limits
    }
    assert room(list(view.limits)) == 200
    fall(stage, "23.5")
    assert not stage.copier(A).holds
    fall(stage, "23.75")
    assert stage.copier(A).holds, "it acts where the view said it would"


def test_a_stopped_account_says_why():
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    fall(stage, "24")
    state, why = state_of(stage.copier(A))
    assert state is AccountState.STOPPED
    assert why == "daily loss 96 % used, equity 49040.00, line 49000.00"
    assert [view.has_acted for view in limit_views(stage.copier(A), stage.desk.state.quotes)] == [True, False]


def test_another_size_says_how_far_the_price_may_run_before_and_after():
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    fall(stage, "20")
    stage.desk.mark()
    copier, quotes = stage.copier(A), stage.desk.state.quotes
    twice, none = (Resize(accounts=(A,), factor=Decimal(factor)) for factor in (2, 0))
    assert away([copier], twice, quotes) == ("A stops in 3.75 pt of NQ, at that size in 1.88 pt",)
    assert away([copier], none, quotes) == ("A stops in 3.75 pt of NQ, at that size in never",)

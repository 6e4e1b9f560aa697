"""What people see of limits: the nearest first, and the price at which the desk would act."""

from decimal import Decimal

from engine.api import AccountState, ResumeAsk, UnlockAsk
from engine.domain.command import Off, Pause, Rejoin, Resize, Resume, Unlock
from engine.domain.ids import AccountId
from engine.service.account import state_of
from engine.service.away import away
from engine.service.preview import preview
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


def shown(stage, command, **more):
    ask = {Resume: ResumeAsk, Unlock: UnlockAsk}[type(command)](key="k", by="ann", scope="A", **more)
    state = stage.desk.state
    return preview(ask, command, state, state.quotes, 1, stage.at)


def test_nobody_is_promised_that_a_resume_lifts_a_lock_or_turns_on_what_is_off():
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    fall(stage, "24")
    stage.settle()
    locked = "stays locked until the firm's next day: /unlock A"
    for rejoin in Rejoin:
        view = shown(stage, Resume(accounts=(A,), rejoin=rejoin), rejoin=rejoin)
        assert (view.lines[0].after, view.lines[0].orders, view.contracts) == (locked, (), 0)
        assert not view.adds_risk
    stage.act(Pause(accounts=(A,)))
    view = shown(stage, Resume(accounts=(A,)))
    assert view.adds_risk, "the pause is lifted, and the lock ends by itself"
    assert view.lines[0].after == f"{locked}; the pause beside it is lifted"
    other = staged(follower(A))
    other.act(Off(accounts=(A,)))
    assert shown(other, Resume(accounts=(A,))).lines[0].after == "stays off: /on A"


def test_an_unlock_says_whether_the_limit_is_used_up_still():
    stage = staged(follower(A))
    stage.lead(2)
    ease(stage)
    fall(stage, "24")
    assert shown(stage, Unlock(accounts=(A,))).lines[0].after == "copies from the leader's next entry"
    fall(stage, "26")  # still being flattened, and over the firm's own line
    assert shown(stage, Unlock(accounts=(A,))).lines[0].after == "locked again at once: daily loss 104 % used"
    assert shown(stage, Unlock(accounts=(A,), is_reset=True), is_reset=True).lines[0].after == "a new ledger, copies"

"""What the views and the preview say of other hands."""

from engine.api.requests import ApartAsk
from engine.api.views import AccountState
from engine.domain.command import Apart
from engine.domain.group import RoguePolicy
from engine.service.account import hands, state_of
from engine.service.preview import command_of, preview
from tests.engine.domain.test_rogue import A, flow, hand, staged


def test_the_view_names_policy_and_what_others_have() -> None:
    stage = staged(RoguePolicy.ALERT)
    assert hands(stage.copier(A)) == "policy alert"
    stage.rest(A, is_gone=False)
    hand(stage, 1)
    state, why = state_of(stage.copier(A))
    assert state is AccountState.DESYNC
    assert "policy alert" in why
    assert hands(stage.copier(A)) == "policy alert, 1 working orders"
    stage = staged(RoguePolicy.APART)
    hand(stage, 2)
    assert hands(stage.copier(A)) == "policy apart, +2 NQZ6 kept apart"
    assert state_of(stage.copier(A))[0] is AccountState.LIVE


def test_the_view_names_what_is_being_closed_and_who_stopped_an_account() -> None:
    stage = staged(RoguePolicy.CLOSE)
    stage.trade_by_hand(A, 2)
    stage.hear(A)
    assert hands(stage.copier(A)) == "policy close, closing +2 NQZ6"
    flow(stage)
    stage.lead(1)
    flow(stage)
    hand(stage, -1, is_admin=True)
    state, why = state_of(stage.copier(A))
    assert state is AccountState.STOPPED
    assert "the broker" in why


def test_the_preview_of_apart_shows_both_parts_and_the_act_does_it() -> None:
    stage = staged(RoguePolicy.ALERT)
    stage.lead(2)
    flow(stage)
    hand(stage, 1)
    ask, state = ApartAsk(key="k", by="ann", scope="A"), stage.desk.state
    wish = command_of(ask, (A,), state, stage.at)
    assert isinstance(wish, Apart)
    seen = preview(ask, wish, state, state.quotes, 1, stage.at)
    assert (seen.lines[0].before, seen.lines[0].after) == ("+3 NQZ6", "+2 NQZ6 copied, +1 NQZ6 kept apart")
    assert seen.contracts == 0
    assert seen.adds_risk
    stage.act(wish)
    assert hands(stage.copier(A)) == "policy alert, +1 NQZ6 kept apart"
    again = preview(ask, wish, state, state.quotes, 1, stage.at).lines[0]
    assert again.before == again.after, "nothing is left to keep apart"

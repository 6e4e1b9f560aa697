"""The whole desk before brokers at their worst: nothing is ever more than was asked, and in the end all is as it should."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.command import Close, Flatten, Pause, Rejoin, Resize, Resume, Sync
from engine.domain.event import RefusalKind
from engine.domain.group import BelowOne, Caps, Exact, Fixed, Flip, FollowerPlan, MissedEntry, Multiplier
from engine.domain.ids import AccountId
from tests.engine.domain.model import ES, LEAD, NQ, Stage, plan

A, B = AccountId("A"), AccountId("B")
FOLLOWERS = (A, B)

sizings = st.one_of(
    st.just(Exact()),
    st.sampled_from([Multiplier(ratio=Decimal(r)) for r in ("0.5", "1.5", "2", "0.34")]),
    st.just(Fixed(contracts=2)),
)
followers = st.builds(
    FollowerPlan,
    account=st.just(A),
    sizing=sizings,
    below_one=st.sampled_from(BelowOne),
    symbols=st.sampled_from([{}, {"NQ": "MNQ"}, {"ES": "MNQ"}]),
    ratios=st.just({"ES": Decimal(4)}),
    caps=st.builds(
        Caps,
        order=st.sampled_from([3, 1_000]),
        symbol=st.sampled_from([5, 1_000]),
        account=st.sampled_from([Decimal(4), Decimal(1_000)]),
    ),
    flip=st.sampled_from(Flip),
    max_run_ticks=st.just(-1),
    max_age_s=st.just(Decimal(0)),
    missed_entry=st.sampled_from(MissedEntry),
)
plans = st.builds(lambda a, b: plan([a, type(b)(**{**_fields(b), "account": B})]), followers, followers)


def _fields(value: FollowerPlan) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


who = st.sampled_from(FOLLOWERS)
sizes = st.integers(1, 4)
lead_steps = st.tuples(
    st.just("lead"), st.sampled_from([-6, -4, -3, -2, -1, 1, 2, 3, 4, 5]), st.sampled_from([NQ, NQ, ES])
)
kind_steps = st.one_of(
    lead_steps,
    lead_steps,
    lead_steps,
    st.tuples(st.just("ease"), who),
    st.tuples(st.just("ease"), who),
    st.tuples(st.just("lead_flat")),
    st.tuples(st.sampled_from(["fill", "fill", "fill"]), who, sizes),
    st.tuples(st.sampled_from(["hear", "hear", "hear"]), who, sizes),
    st.tuples(st.sampled_from(["swap", "double", "snapshot", "lose", "restore"]), st.sampled_from((*FOLLOWERS, LEAD))),
    st.tuples(st.sampled_from(["hang", "vanish"]), who),
    st.tuples(st.just("wait"), st.sampled_from([1, 2, 4, 8])),
    st.tuples(st.sampled_from(["restart", "come_back"]), st.permutations((*FOLLOWERS, LEAD))),
)
hard_steps = st.one_of(
    kind_steps,
    kind_steps,
    st.tuples(st.just("refuse"), who, st.sampled_from(RefusalKind)),
    st.tuples(st.sampled_from(["reject", "cancel", "refuse_long"]), who),
    st.tuples(st.just("rest"), who, st.booleans()),
    st.tuples(st.sampled_from(["pause", "resume", "join", "sync", "close", "flatten"]), who),
    st.tuples(st.just("close_some"), who, sizes),
    st.tuples(st.just("resize"), who, st.sampled_from(["0", "0.5", "2", "1"])),
)
rude_steps = st.one_of(hard_steps, hard_steps, st.tuples(st.just("hand"), who, st.sampled_from([-3, -2, -1, 1, 2])))


def play(stage: Stage, step: tuple) -> None:
    match step:
        case ("lead", quantity, symbol):
            stage.lead(quantity, symbol)
        case ("lead_flat",):
            lead_flat(stage)
        case ("fill", account, size):
            for order in stage.brokers[account].open_orders()[:1]:
                stage.fill(account, order, size)
        case ("refuse", account, kind):
            for order in stage.brokers[account].open_orders()[:1]:
                stage.refuse(account, order, kind)
        case (("reject" | "cancel") as word, account):
            for order in stage.brokers[account].open_orders()[:1]:
                getattr(stage, word)(account, order)
        case (("hang" | "vanish") as word, account):
            for order in stage.brokers[account].open_orders()[-1:]:
                stage.hang(account, order, is_lost=word == "vanish")
        case ("hear", account, count):
            stage.hear(account, count)
        case ("swap", account):
            queue = stage.brokers[account].queue
            queue[:2] = reversed(queue[:2])
        case ("double", account):
            queue = stage.brokers[account].queue
            queue[:0] = queue[:1]
        case (("snapshot" | "lose" | "restore") as word, account):
            getattr(stage, word)(account)
        case ("wait", seconds):
            stage.wait(seconds)
        case ("refuse_long", account):
            for _ in range(4):
                for order in stage.brokers[account].open_orders():
                    stage.refuse(account, order)
                stage.hear(account)
                stage.wait(5)
        case ("rest", account, is_gone):
            stage.rest(account, is_gone=is_gone)
        case ("ease", account):
            for order in stage.brokers[account].open_orders():
                stage.fill(account, order, 2)
            stage.hear(account)
        case (("restart" | "come_back") as word, order):
            if word == "restart":
                stage.restart()
            for account in order:
                stage.restore(account)
                stage.snapshot(account)
        case ("hand", account, quantity):
            stage.trade_by_hand(account, quantity)
        case ("resize", account, factor):
            stage.act(Resize(accounts=(account,), factor=Decimal(factor)))
        case ("close_some", account, size):
            stage.act(Close(accounts=(account,), symbol=NQ, quantity=size))
        case (word, account):
            commands = {
                "pause": Pause(accounts=(account,)),
                "resume": Resume(accounts=(account,)),
                "join": Resume(accounts=(account,), rejoin=Rejoin.JOIN),
                "sync": Sync(accounts=(account,)),
                "close": Close(accounts=(account,)),
                "flatten": Flatten(accounts=(account,)),
            }
            stage.act(commands[word])


def lead_flat(stage: Stage) -> None:
    for symbol in (NQ, ES):
        if net := stage.net(symbol):
            stage.lead(-net, symbol)


def run(desk_plan: object, steps: list[tuple]) -> Stage:
    stage = Stage(desk_plan)
    stage.quote()
    for step in steps:
        play(stage, step)
    return stage


quick = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@quick
@given(desk_plan=plans, steps=st.lists(hard_steps, min_size=12, max_size=50))
def test_nothing_is_ever_more_than_was_asked_and_all_settles(desk_plan: object, steps: list[tuple]) -> None:
    stage = run(desk_plan, steps)
    stage.settle()
    lead_flat(stage)
    stage.settle()
    for account in FOLLOWERS:
        assert not any(stage.brokers[account].nets.values()), "leader flat, follower flat"
        assert not stage.copier(account).quarantined
    stage.assert_replays()


@quick
@given(desk_plan=plans, steps=st.lists(rude_steps, min_size=12, max_size=50))
def test_a_follower_can_always_get_flat(desk_plan: object, steps: list[tuple]) -> None:
    stage = run(desk_plan, steps)
    stage.act(Flatten(accounts=FOLLOWERS))
    stage.settle()
    for account in FOLLOWERS:
        assert not any(stage.brokers[account].nets.values())
        assert not stage.copier(account).tasks, stage.copier(account).tasks
    stage.assert_replays()

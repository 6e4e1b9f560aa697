"""What a person asks for, over real sockets: pause, resume, size, close, flatten, and honest words on the way."""

from decimal import Decimal
from pathlib import Path

from engine.domain.command import Close, Flatten, Pause, Rejoin, Resize, Resume
from engine.domain.decision import Raised
from engine.domain.ids import AccountId, Symbol
from engine.sim import fault
from engine.sim.order import NewOrder, Terms
from tests.scenarios.stage import Stage, follower, staged

A, B, C = AccountId("A"), AccountId("B"), AccountId("C")


def said(stage: Stage, key: str, account: str) -> list[str]:
    """What was told of an act on one account, in order."""
    return [
        f"{raised.code.removeprefix('act.')}: {raised.text}"
        for raised in stage.decisions(Raised)
        if raised.key == key and raised.account == account
    ]


def is_proven(stage: Stage, key: str, *accounts: str) -> bool:
    return all(any(text.startswith("proven") for text in said(stage, key, name)) for name in accounts)


def rest(stage: Stage, name: str, quantity: int, *, price: str = "", stop: str = "") -> None:
    """Lay a person's resting order on an account."""
    terms = Terms(
        qty=abs(quantity),
        kind="Limit" if price else "Stop",
        price=Decimal(price) if price else None,
        stop=Decimal(stop) if stop else None,
    )
    side = 1 if quantity > 0 else -1
    stage.venue.venue.place(NewOrder(account=name, symbol="NQZ6", side=side, terms=terms, is_automated=False))


async def test_paused_entries_stay_out_and_exits_go_through(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")]) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.act(Pause(accounts=(A,)), "pause")
        await stage.until(lambda: is_proven(stage, "pause", "A"), "paused")
        stage.lead(1)
        await stage.until_held({"B": 3})
        await stage.until_skipped("A", ("hold", 1))
        stage.lead(-2)
        await stage.until_held({"A": 1, "B": 1})
        stage.act(Resume(accounts=(A,)), "resume")
        stage.lead(1)
        await stage.until_held({"A": 2, "B": 2})
        stage.lead(-2)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        assert stage.path("A") == [2, 1, 2, 0]
        stage.assert_no_double()


async def test_a_pause_ends_by_itself_and_a_key_counts_once(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")], speed=60) as stage:
        until = stage.clock.now().replace(microsecond=0)
        until = until.replace(minute=until.minute + 1)
        for _ in range(2):
            stage.act(Pause(accounts=(A,), until=until), "pause")
        assert len(stage.copier("A").holds) == 1
        stage.lead(1)
        await stage.until_held({"B": 1})
        await stage.until_skipped("A", ("hold", 1))
        await stage.until(lambda: bool(stage.notices("pause.ended", "A")), "the pause is over")
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 2})
        stage.act(Pause(accounts=(A,)), "pause")  # the same key again: known, nothing happens
        assert not stage.copier("A").holds


async def test_a_second_pause_is_no_resume(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A")]) as stage:
        for key in ("first", "second"):
            stage.act(Pause(accounts=(A,), reason="NFP"), key=key)
        stage.lead(2)
        await stage.until_skipped("A", ("hold", 2))
        stage.act(Resume(accounts=(A,)), key="resume")
        stage.lead(1)
        await stage.until_held({"A": 1})


async def test_a_resume_can_join(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")]) as stage:
        stage.act(Pause(accounts=(A, B)), "pause")
        stage.lead(-2)
        await stage.until_skipped("A", ("hold", -2))
        await stage.until_skipped("B", ("hold", -2))
        stage.act(Resume(accounts=(A,), rejoin=Rejoin.JOIN), "join")
        stage.act(Resume(accounts=(B,)), "flat")
        await stage.until_held({"A": -2})
        await stage.until(lambda: is_proven(stage, "join", "A") and is_proven(stage, "flat", "B"), "both are proven")
        assert stage.held("B") == 0
        stage.lead(2)
        await stage.until_held({"A": 0})
        await stage.until_quiet()
        assert stage.path("B") == []


async def test_a_new_size_counts_from_the_next_entry(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")]) as stage:
        stage.lead(4)
        await stage.until_held({"A": 4, "B": 4})
        stage.act(Resize(accounts=(A,), factor=Decimal("0.5")), "size")
        await stage.until(lambda: is_proven(stage, "size", "A"), "the size is set")
        await stage.until_quiet()
        assert stage.held("A") == 4  # by itself a size trades nothing
        stage.lead(-4)
        await stage.until_held({"A": 0, "B": 0})
        stage.lead(6)
        await stage.until_held({"A": 3, "B": 6})
        stage.lead(-6)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_part_is_closed_and_proven(tmp_path: Path) -> None:
    async with staged(tmp_path, [follower("A"), follower("B")], speed=5) as stage:
        stage.lead(3)
        stage.lead(1, "ESZ6")
        await stage.until_held({"A": 3, "B": 3})
        await stage.until_held({"A": 1, "B": 1}, "ESZ6")
        stage.act(Close(accounts=(A,), symbol=Symbol("NQZ6"), quantity=2), "close")
        await stage.until_held({"A": 1})
        await stage.until(lambda: is_proven(stage, "close", "A"), "proven")
        assert stage.held("A", "ESZ6") == 1
        stage.lead(-1)
        await stage.until_held({"B": 2})
        await stage.until_quiet()
        assert stage.held("A") == 1
        stage.lead(-2)
        stage.lead(-1, "ESZ6")
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_held({"A": 0, "B": 0}, "ESZ6")
        await stage.until_quiet()
        stage.assert_no_double()


async def test_a_flattened_account_has_nothing_left_that_could_fire(tmp_path: Path) -> None:
    """Row 5: working children: none left, and no reverse position, also where a child fires on the way."""
    async with staged(tmp_path, [follower("A"), follower("B")], speed=5) as stage:
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        rest(stage, "A", -2, price="21100")
        rest(stage, "A", -2, stop="20900")
        rest(stage, "A", 1, price="20000")
        await stage.until(lambda: len(stage.copier("A").working) == 3, "the children are known")
        stage.fault(fault.SlowExchange(account="A", endpoint="order/cancelorder", accept_s=1.0, count=3))
        stage.act(Flatten(accounts=(A,)), "flatten")
        await stage.until_held({"A": 0})
        await stage.until(lambda: is_proven(stage, "flatten", "A"), "proven")
        assert stage.working("A") == []
        stage.price("20800")
        stage.price("21300")
        await stage.stand(2)
        assert stage.path("A") == [2, 0]
        stage.lead(1)
        await stage.until_held({"B": 3})
        await stage.until_skipped("A", ("hold", 1))


async def test_a_flatten_tells_refusal_part_and_offline_as_they_are(tmp_path: Path) -> None:
    """One refusal, one fill in parts, one account off line: nobody is called flat before it is; the rest follows."""
    plans = [follower("A"), follower("B"), follower("C")]
    async with staged(tmp_path, plans, per_login=1, speed=5) as stage:
        stage.lead(4)
        await stage.until_held({"A": 4, "B": 4, "C": 4})
        stage.fault(fault.RefuseUpgrade(status=503, count=None))
        stage.fault(fault.DropLine(login="login3", role="user"))
        await stage.until(lambda: not stage.copier("C").is_line_up, "C is off")
        stage.fault(fault.Refuse(account="A", text="Try later"))
        stage.fault(fault.SlowExchange(account="B", fill_s=1.0))
        stage.venue.venue.set_liquidity(3)
        stage.act(Flatten(accounts=(A, B, C)), "flatten")
        await stage.until(lambda: stage.path("B") == [4, 1], "a part of B is filled")
        assert said(stage, "flatten", "C") == ["acked: OFFLINE, goes on when the line is back"]
        assert not is_proven(stage, "flatten", "B")
        stage.venue.venue.set_liquidity(None)
        stage.price("21000")
        await stage.until(lambda: is_proven(stage, "flatten", "A", "B"), "A and B are proven flat")
        assert any("try 2" in text for text in said(stage, "flatten", "A")), said(stage, "flatten", "A")
        assert any(text.startswith("acked: +1 NQZ6 to go") for text in said(stage, "flatten", "B"))
        assert stage.held("C") == 4
        assert not is_proven(stage, "flatten", "C")
        stage.venue.venue.faults.clear()
        await stage.until(lambda: is_proven(stage, "flatten", "C"), "C is proven flat")
        assert [stage.held(name) for name in "ABC"] == [0, 0, 0]
        stage.lead(-4)
        await stage.until_quiet()
        stage.assert_no_double()
        assert [min(stage.path(name)) for name in "ABC"] == [0, 0, 0]


async def test_a_flatten_in_the_middle_of_a_fan_out(tmp_path: Path) -> None:
    """The entry is on its way when the person flattens: flat in the end, whatever comes first."""
    async with staged(tmp_path, [follower("A"), follower("B")], speed=5) as stage:
        stage.fault(fault.SlowExchange(account="A", accept_s=2.0))
        stage.lead(3)
        await stage.until_held({"B": 3})
        stage.act(Flatten(accounts=(A, B)), "flatten")
        await stage.until(lambda: is_proven(stage, "flatten", "A", "B"), "both are proven flat")
        await stage.until_quiet()
        assert (stage.held("A"), stage.held("B")) == (0, 0)
        assert min(stage.path("A"), default=0) == 0
        stage.assert_no_double()

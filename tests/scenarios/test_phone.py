"""Whole stories of the phone: a venue, an engine, its clerk, a bot and a platform; the venue's books are the judge."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.storage.database import Database
from bot.storage.outbox import OutboxStore
from engine.runtime.clock import SystemClock
from engine.sim import fault
from tests.bot.discord.server import LUIS
from tests.scenarios.phone import PHONES, DiscordPhone, phoned
from tests.scenarios.stage import Stage, follower

remote = pytest.mark.parametrize("platform", ["telegram"])  # Discord keeps nothing for a bot that is not there
OLD = (("/status", "COPYING"), ("/positions", "A +2"), ("/accounts", "ACCOUNTS"), ("/risk", "LIMITS"))
platforms = pytest.mark.parametrize("platform", PHONES)


def buy(stage: Stage) -> None:
    """There are buyers again."""
    stage.venue.venue.set_liquidity(None)
    stage.price("21000")


@platforms
async def test_a_pause_from_the_phone_keeps_entries_out_and_a_resume_tells_what_was_missed(
    tmp_path: Path, platform: str
) -> None:
    """Paused: exits are copied and entries are not; a resume says what was missed, and starts flat or joins."""
    async with phoned(platform, tmp_path, [follower("A"), follower("B")], speed=5) as scene:
        stage = scene.stage
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        await scene.sees("BUY 3 NQZ6")
        await scene.type("/pause all 15m NFP")
        await scene.sees("PAUSED all", "proven ✔")
        *before, proven = scene.phone.edits("PAUSED all")
        assert "proven ✔" in proven
        assert all(text.startswith("⏸ PAUSE all") for text in before)  # never done before it was proven
        stage.lead(2)
        await stage.until_skipped("A", ("hold", 2))
        stage.lead(-3)
        await stage.until_held({"A": 2, "B": 2})
        stage.lead(1)
        await stage.until_skipped("B", ("hold", 2), ("hold", 1))
        await scene.type("/resume all")
        preview = await scene.sees("RESUME all?")
        assert "by Luis NFP" in preview
        assert "2 entries, 1 exit" in preview
        assert "long 3 NQZ6 now" in preview
        assert "Join: 2 at market now" in preview
        await scene.press("Confirm")
        await scene.sees("RESUMED all", "proven ✔")
        await stage.until_quiet()
        assert (stage.held("A"), stage.held("B")) == (2, 2)
        stage.lead(1)
        await stage.until_held({"A": 3, "B": 3})
        await scene.type("/pause all 15m")
        await scene.sees("PAUSED all", "proven ✔")
        stage.lead(2)
        await stage.until(lambda: len(stage.skips("B")) == 3, "missed once more")
        await scene.type("/resume all")
        await scene.sees("RESUME all?", "Join: 6 at market now")
        await scene.press("Join")
        await scene.sees("RESUME all and join?")
        await scene.press("Confirm")
        await stage.until_held({"A": 6, "B": 6})
        await scene.sees("RESUMED all", "proven ✔")
        stage.lead(-6)
        await stage.until_held({"A": 0, "B": 0})
        await stage.until_quiet()
        stage.assert_no_double()
        assert stage.path("A") == stage.path("B") == [3, 2, 3, 6, 0]


@platforms
async def test_a_flatten_from_the_phone_is_told_account_by_account(tmp_path: Path, platform: str) -> None:
    """One refusal, one fill in parts, one account off line: named before, told as they are, proven one by one, flat."""
    plans = [follower("A"), follower("B"), follower("C")]
    async with phoned(platform, tmp_path, plans, per_login=1, is_live=True, speed=5) as scene:
        stage = scene.stage
        stage.lead(4)
        await stage.until_held({"A": 4, "B": 4, "C": 4})
        stage.fault(fault.RefuseUpgrade(status=503, count=None))
        stage.fault(fault.DropLine(login="login3", role="user"))
        await scene.sees("login3", "off")
        stage.fault(fault.Refuse(account="A", text="Try later"))
        stage.fault(fault.SlowExchange(account="B", fill_s=2.0))
        stage.venue.venue.set_liquidity(7)
        await scene.type("/flatten all")
        preview = await scene.sees("FLATTEN all", "LIVE")
        assert "12 contracts" in preview
        assert "Not included: C: OFFLINE" in preview
        await scene.phone.assent(scene.totp.at(stage.clock.now()))
        await scene.sees("exit.refused", "A NQZ6", "Try later")
        await scene.sees("FLATTEN all", "C OFFLINE, goes on when the line is back")
        await scene.sees("FLATTEN all", "+1 NQZ6 to go")  # of eight seven found a buyer
        assert (stage.held("A") + stage.held("B"), stage.held("C")) == (1, 4)
        stage.venue.venue.set_liquidity(None)
        stage.price("21000")
        await scene.sees("FLATTEN all", "A flat")
        await scene.sees("FLATTEN all", "B flat")
        await scene.sees("FLATTEN all", "proven flat 2/3 …")
        assert (stage.held("A"), stage.held("B"), stage.held("C")) == (0, 0, 4)
        stage.venue.venue.faults.clear()
        await scene.sees("FLAT all", "proven flat ✔ 3/3")
        assert [stage.held(name) for name in "ABC"] == [0, 0, 0]
        *before, proven = scene.phone.edits("proven flat ✔ 3/3")
        assert "3/3" in proven
        assert not [text for text in before if "🟥 FLAT all" in text]
        await stage.until_quiet()
        stage.assert_no_double()
        assert [min(stage.path(name)) for name in "ABC"] == [0, 0, 0]


@platforms
async def test_a_dead_engine_is_said_at_once_and_its_last_word_is_marked_as_old(tmp_path: Path, platform: str) -> None:
    """Down: said unasked; what is read is old and says so; what is ordered is refused; back by itself."""
    async with phoned(platform, tmp_path, [follower("A"), follower("B")], speed=5) as scene:
        stage = scene.stage
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        await scene.sees("BUY 2 NQZ6")
        await scene.type("/positions")
        assert "OLD" not in await scene.sees("POSITIONS", "A +2")
        await stage.stand(6)  # so that what is remembered holds these positions
        await scene.close_engine()
        await scene.sees("🔴 P1 ENGINE NOT ANSWERING", "A +2 NQZ6, B +2 NQZ6")
        for line, words in OLD:
            await scene.type(line)
            assert "not answering" in await scene.sees("⚫ OLD", words, "Not known now")
        await scene.type("/pause all 15m")
        assert "OLD" not in await scene.sees("The engine is not answering (last answer")
        stage.lead(-1)
        await scene.open_engine()
        await scene.sees("ENGINE NOT ANSWERING: over after")
        await stage.until_held({"A": 1, "B": 1})  # the missed exit is caught up; nobody is paused
        await scene.type("/status")
        assert (await scene.sees("COPYING · 2 of 2")).startswith("🟢")
        assert scene.wishes() == []
        stage.assert_no_double()


@remote
async def test_a_phone_is_paired_and_a_killed_bot_loses_nothing_and_repeats_nothing(
    tmp_path: Path, platform: str
) -> None:
    """A code from the shell makes an owner; killed between act and proof the same message is proven; what is late waits."""
    pair = [follower("A"), follower("B")]
    async with phoned(platform, tmp_path, pair, with_bot=False, clock=SystemClock()) as scene:
        stage = scene.stage
        code, _ = await asyncio.gather(scene.ask_shell("pair", "Luis"), scene.start_bot())
        await scene.type("/status")
        await scene.sees("do not know you")
        await scene.type(f"/start {code}")
        await scene.sees("Paired with the desk", "Luis, owner")
        await scene.type("/status")
        await scene.sees("COPYING · 2 of 2")
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.venue.venue.set_liquidity(0)  # nobody buys, for as long as the story needs
        await scene.type("/flatten A")
        await scene.press("Confirm")
        await scene.sees("FLATTEN A", "A +2 NQZ6 to go")
        await scene.kill_bot()
        await scene.type("/pause all 15m", late_s=61)
        buy(stage)
        await stage.until_held({"A": 0})
        await scene.start_bot()
        await scene.sees("FLAT A", "proven flat ✔ 1/1")
        assert any("A +2 NQZ6 to go" in text for text in scene.phone.edits("proven flat ✔ 1/1"))  # the same message
        assert scene.wishes() == ["Flatten"]
        await scene.sees("Not run", "/pause all 15m", "sent 1 minutes ago")
        assert not stage.copier("B").holds
        assert scene.wishes() == ["Flatten"]
        await scene.press("Run now")
        await scene.sees("PAUSED all", "proven ✔")
        assert scene.wishes() == ["Flatten", "Pause"]
        assert (stage.path("A"), stage.path("B")) == ([2, 0], [2])
        stage.assert_no_double()


@pytest.mark.parametrize("platform", ["discord"])
async def test_a_bot_killed_between_confirm_and_proof_ends_its_own_message_on_discord(
    tmp_path: Path, platform: str
) -> None:
    """Killed while a flatten is under way: its message becomes the proof, its dead button does nothing, nothing is repeated."""
    async with phoned(platform, tmp_path, [follower("A"), follower("B")], with_bot=False, clock=SystemClock()) as scene:
        stage = scene.stage
        code, _ = await asyncio.gather(scene.ask_shell("pair", "Luis"), scene.start_bot())
        await scene.type(f"pair {code}")
        await scene.sees("Paired with the desk", "Luis, owner")
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.venue.venue.set_liquidity(0)  # nobody buys, for as long as the story needs
        await scene.type("flatten A")
        await scene.sees("FLATTEN A", "30 s to decide")
        assert isinstance(scene.phone, DiscordPhone)
        server = scene.phone.server
        preview = next(post for post in reversed(server.posts) if "Confirm" in post.buttons)
        confirm = preview.button("Confirm")["custom_id"]
        await scene.press("Confirm")
        await scene.sees("FLATTEN A", "A +2 NQZ6 to go")
        base = Database(scene.settings().database)
        await stage.until(lambda: not OutboxStore(base).waiting("discord"), "what was shown is known to have arrived")
        base.close()
        await scene.kill_bot()
        buy(stage)
        await stage.until_held({"A": 0})
        assert not any("FLAT A" in text for text in scene.phone.read())
        await scene.start_bot()
        await scene.sees("FLAT A", "proven flat ✔ 1/1")
        assert any("A +2 NQZ6 to go" in text for text in scene.phone.edits("proven flat ✔ 1/1"))  # the same message
        await server.until(lambda: "pressed: Confirm" in preview.text)  # its buttons are gone …
        while "just changed" in str((await server.press_id(confirm, preview, LUIS)).answer):
            continue  # … and mean nothing to a thumb that was late
        await scene.sees("Already pressed")
        assert scene.wishes() == ["Flatten"]
        assert (stage.path("A"), stage.path("B")) == ([2, 0], [2])
        stage.assert_no_double()


@platforms
async def test_a_digest_has_the_days_figures_and_a_bot_that_was_away_says_so_once(
    tmp_path: Path, platform: str
) -> None:
    """The close from the journal's own report, with its files; then an outage, and one card about it."""
    async with phoned(platform, tmp_path, [follower("A"), follower("B")], speed=5) as scene:
        stage = scene.stage
        stage.lead(3)
        await stage.until_held({"A": 3, "B": 3})
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        await scene.sees("SELL 3 NQZ6")
        await scene.type("/digest now close")
        said = await scene.sees("CLOSE Mon 23 Nov", "4 copies, none failed")
        assert "2 trips flat to flat" in said
        await stage.until(lambda: "close-2026-11-23.csv" in scene.phone.files(), "the table arrives")
        await scene.type("/digest close on")
        await scene.sees("DIGESTS", "next Mon 23:00")
        await scene.close_bot()
        stage.clock.turn_to(stage.clock.now() + timedelta(seconds=90))
        await scene.open_bot()
        back = await scene.sees("BACK ONLINE · away 1m")
        assert "State: COPYING 2 of 2" in back
        assert "Not run: nothing was asked" in back
        await stage.stand(15)
        assert sum("BACK ONLINE" in text for text in scene.phone.read()) == 1

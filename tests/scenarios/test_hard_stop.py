"""After a hard stop: `/resume` lifts no lock and says so, `/unlock` needs another person; told as it is, over real sockets."""

from datetime import timedelta
from pathlib import Path

from bot.core.access import Grant, Person, Role
from bot.storage.database import Database
from bot.storage.people import PeopleStore
from tests.bot.telegram.server import Post
from tests.scenarios.phone import PATIENCE_S, Scene, TelegramPhone, phoned
from tests.scenarios.stage import follower
from tests.scenarios.swift import SwiftClock
from tests.scenarios.test_limit import START, calendar, keeping

ANA = Person(id="ana", name="Ana", grants=(Grant(role=Role.RISK),))
NUMBER = 12  # Ana on Telegram
STAYS = "A stays locked until the firm's next day: /unlock A"


class Second:
    """Ana, in her own private chat with the bot."""

    def __init__(self, scene: Scene) -> None:
        assert isinstance(scene.phone, TelegramPhone)
        self.server = scene.phone.server
        self.room = self.server.room(NUMBER)
        base = Database(scene.settings().database)
        store, now = PeopleStore(base), scene.stage.clock.now()
        store.add(ANA, "local", now)
        store.link(f"telegram:{NUMBER}", ANA.id, ANA.name, now)
        base.close()

    async def sees(self, *words: str) -> str:
        def found() -> str:
            texts = (" ".join(post.text.split()) for post in self.room.bots)
            return next((text for text in texts if all(word in text for word in words)), "")

        return str(await self.server.until(found, PATIENCE_S))

    async def press(self, label: str) -> None:
        def found() -> Post | None:
            return next((post for post in reversed(self.room.bots) if label in post.buttons), None)

        while True:  # as Luis does
            post = await self.server.until(found, PATIENCE_S)
            query = self.server.press(NUMBER, NUMBER, post, post.data(label))
            await self.server.until(lambda query=query: query in self.server.boxes, PATIENCE_S)
            if "just changed" not in self.server.boxes[query]:
                return


async def ask_to_unlock(scene: Scene, ana: Second, why: str, step: int = 0) -> str:
    """Luis asks, with a reason and a code of ``step`` steps later (each counts once), and Ana approves; what he was shown."""
    await scene.type("/unlock A")
    shown = await scene.sees("UNLOCK A", "A second person must approve this")
    await scene.press("Ask risk")
    await scene.sees("UNLOCK A", "why?")
    await scene.type(why)
    await scene.sees("6-digit code?")
    await scene.type(scene.totp.at(scene.stage.clock.now() + timedelta(seconds=30 * step)))
    await ana.sees("NEEDS A SECOND PERSON", "Luis asks: UNLOCK A", f"Said: {why}")
    await ana.press("Approve")
    return shown


async def test_a_resume_after_a_hard_stop_lifts_nothing_and_an_unlock_takes_two(tmp_path: Path) -> None:
    """Stopped, A is resumed in vain; unlocked by two it copies again; with its day used up, it is told what that comes to."""
    clock = SwiftClock(10.0)
    calendar(tmp_path, clock.now(), clock.now() + timedelta(days=1))
    async with phoned(
        "telegram", tmp_path, [follower("A"), follower("B")], clock=clock, is_live=True,
        keepings={"A": keeping()}, balances={"A": START, "B": START},
    ) as scene:  # fmt: skip
        stage, ana = scene.stage, Second(scene)
        stage.lead(2)
        await stage.until_held({"A": 2, "B": 2})
        stage.price("20976.50")  # where this desk acts, ahead of the firm's own line
        await scene.sees("P1 DRAWDOWN STOP", "A")
        await stage.until_held({"A": 0, "B": 2})
        await scene.sees("A is proven flat")

        await scene.type("/resume A")
        assert STAYS in await scene.sees("Not done: A cannot be resumed")
        await scene.type("/resume all")
        said = await scene.sees("RESUME all?")
        assert f"→ {STAYS.removeprefix('A ')}" in said
        assert "0 entries, 0 exits" in said  # that A was closed is no trade of the leader's
        await scene.press("Cancel")
        await scene.type("/resume A")
        await scene.press("Unlock A")
        await scene.sees("UNLOCK A", "A second person must approve this")
        assert scene.wishes() == []

        shown = await ask_to_unlock(scene, ana, "limit raised by the firm")
        assert "→ copies from the leader's next entry" in shown
        await scene.sees("UNLOCKED A by Luis + Ana", "proven ✔")
        assert "approved by Ana" in await ana.sees("UNLOCK A", "R1:")
        stage.lead(1)
        await stage.until_held({"A": 1, "B": 3})
        stage.price("20970")  # what little was left is gone
        await stage.until_held({"A": 0, "B": 3})
        await scene.sees("P1 DRAWDOWN STOP", "A")
        await stage.until(lambda: len(stage.notices("dd.flat", "A")) == 2, "proven flat once more")
        shown = await ask_to_unlock(scene, ana, "try it all the same", 1)
        assert "→ locked again at once: daily loss 1" in shown
        await stage.until(lambda: len(stage.notices("dd.hard", "A")) == 3, "locked again")
        assert scene.wishes() == ["Unlock", "Unlock"]
        stage.lead(-3)
        await stage.until_held({"A": 0, "B": 0})
        stage.assert_no_double()
        assert stage.path("A") == [2, 0, 1, 0]

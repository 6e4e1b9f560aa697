"""The demo: the README's command told to its end, stopped half-way, and its judge of who ended wrong."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli.demo import verdict
from engine.cli.demo.cast import CAST, LEADER_NAME
from engine.cli.demo.stage import Wishes, stage
from engine.cli.demo.venue import Book, Books, wrong
from engine.errors import LockstepError

DEMO = (sys.executable, "-m", "engine.cli", "demo")
LONGEST_S = 60.0


def environment(place: Path) -> dict[str, str]:
    """Ours without settings of Lockstep, with temporary files under ``place``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCKSTEP_")}
    return {**kept, "TMPDIR": str(place), "TEMP": str(place), "TMP": str(place), "PYTHONUTF8": "1"}


async def start(place: Path) -> asyncio.subprocess.Process:
    group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {}
    return await asyncio.create_subprocess_exec(
        *DEMO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(place),
        **group,
    )


async def test_the_piped_demo_tells_its_story_to_the_end(tmp_path):
    started = time.monotonic()
    demo = await start(tmp_path)
    async with asyncio.timeout(100):
        shown = (await demo.communicate())[0].decode("utf-8")
    assert demo.returncode == 0, shown
    assert time.monotonic() - started < LONGEST_S
    assert shown.count("The venue's books agree") >= 8
    assert "books say otherwise" not in shown
    assert "BUY 2 NQZ6" in shown  # a copy's card
    assert "PAUSED all" in shown
    assert "skipped hold" in " ".join(shown.split())  # the entry that was not copied
    assert "REFUSED" in shown  # DELTA's first way out
    assert "proven flat ✔" in shown
    assert shown.rstrip().endswith("Every follower ended right.")
    assert "made-up" not in shown  # the password
    assert list(tmp_path.iterdir()) == []  # its home is gone


async def test_a_demo_that_is_stopped_takes_everything_with_it(tmp_path):
    demo = await start(tmp_path)
    assert demo.stdout is not None
    async with asyncio.timeout(60):
        while b"2/3 " not in await demo.stdout.readline():
            assert demo.returncode is None
        demo.send_signal(signal.CTRL_BREAK_EVENT if sys.platform == "win32" else signal.SIGTERM)
        await demo.communicate()
    assert demo.returncode == 130
    assert list(tmp_path.iterdir()) == []


async def test_a_stage_that_cannot_be_set_says_why_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "tape.csv").write_text("no,such,columns\n")
    said: list[str] = []
    with pytest.raises(LockstepError, match=r"the venue ended: .*tape\.csv"):
        async with stage(Wishes(tape=tmp_path / "tape.csv"), said.append):
            raise AssertionError("the stage was set")
    assert [path.name for path in tmp_path.iterdir()] == ["tape.csv"]


def books(net: int, leader: int | None = None) -> Books:
    """Everyone as it should be for the leader's ``net``."""
    found = {LEADER_NAME: Book(nets={"NQZ6": net if leader is None else leader}, working=0)}
    for part in CAST:
        found[part.name] = Book(nets={"MNQZ6" if part.micro else "NQZ6": part.should(net)[0]}, working=0)
    return found


@pytest.mark.parametrize("net", [-5, -1, 0, 1, 2, 7])
def test_the_judge_finds_nothing_wrong_where_all_is_right(net):
    assert wrong(books(net), "NQZ6", net, {}) == []
    assert wrong(books(net, leader=9), "NQZ6", net, {}, leader=9) == []


def test_the_judge_names_whoever_is_wrong():
    found = books(2)
    found["TST-1"] = Book(nets={"NQZ6": 2}, working=1)
    found["APX-2"] = Book(nets={}, working=0)
    found["APX-3"] = Book(nets={"MNQZ6": 10, "ESZ6": 1}, working=0)
    assert wrong(found, "NQZ6", 2, {}) == [
        "BRAVO APX-2 holds nothing, should hold +1 NQZ6",
        "CHARLIE APX-3 holds +10 MNQZ6, +1 ESZ6, should hold +10 MNQZ6",
        "DELTA TST-1 holds +2 NQZ6, should hold +1 NQZ6",
        "DELTA TST-1 has 1 orders still working",
    ]
    assert wrong(books(0), "NQZ6", 1, {})[0] == f"LEAD {LEADER_NAME} holds nothing, should hold +1 NQZ6"
    assert "ALPHA APX-1 holds +2 NQZ6, should hold +1 NQZ6" in wrong(books(2), "NQZ6", 2, {"ALPHA": Decimal("0.5")})


def test_the_verdict_is_the_exit_code_and_names_the_accounts(capsys):
    assert verdict([]) == 0
    assert verdict(["chapter 2: DELTA TST-1 holds nothing, should hold +1 NQZ6"]) == 1
    assert "✘ chapter 2: DELTA TST-1" in capsys.readouterr().out


def test_the_cast_has_every_way_of_sizing_over_three_logins():
    modes = {part.sizing.split('"')[1] for part in CAST}
    assert modes == {"exact", "0.5x", "fixed", "percentage", "balance-scaled", "room-scaled", "pooled"}
    assert len({part.login for part in CAST}) == 3
    assert len(CAST) >= 8

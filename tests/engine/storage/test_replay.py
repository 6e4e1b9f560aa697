"""Replay: the same facts give the same decisions; the first that does not is shown with both texts."""

import json
from base64 import b64decode
from pathlib import Path
from zlib import decompress

import pytest

from engine.domain.decision import SendLots
from engine.domain.entry import decode_entry, encode_entry
from engine.errors import JournalError
from engine.storage.drain import Drain
from engine.storage.replay import replay
from engine.storage.store import Store
from engine.storage.tail import Checkpoint, Record, checkpoints, newest_checkpoint, read
from tests.engine.service.hot import Hot

OLD = Path(__file__).parent / "golden"


@pytest.fixture
async def hot(tmp_path: Path):
    hot = Hot(tmp_path)
    hot.begin()
    hot.answer(hot.lead(2))
    yield hot
    await hot.close()


async def test_a_journal_replays_to_itself_from_the_log_and_from_the_database(hot: Hot, store: Store) -> None:
    hot.log.checkpoint(hot.desk.checkpoint())
    hot.answer(hot.lead(-3))
    count = hot.log.next_seq - 1
    directory = hot.log.directory
    assert replay(read(directory), checkpoints(directory)) == (count, count, None, ())
    drain = Drain(directory, store)
    drain.step()
    assert replay(store.read(), store.checkpoints()) == (count, count, None, ())
    start = newest_checkpoint(directory)
    assert start is not None
    assert replay(read(directory, start.seq + 1), start=start) == (count - start.seq, count, None, ())
    drain.close()


async def test_the_first_difference_is_shown_with_both_texts(hot: Hot) -> None:
    found = list(read(hot.log.directory))
    place = next(i for i, record in enumerate(found) if decode_entry(record.payload).decisions and i > 5)
    entry = decode_entry(found[place].payload)
    forged = encode_entry(entry.seq, entry.event, [SendLots(cause="forged", lots=())])
    found[place] = Record(entry.seq, forged)
    outcome = replay(found)
    assert outcome.same == place
    assert outcome.difference is not None
    assert outcome.difference.seq == entry.seq
    assert "forged" in outcome.difference.journalled
    assert "LEAD:f1" in outcome.difference.replayed


async def test_a_gap_and_an_unreadable_entry_are_damage(hot: Hot) -> None:
    found = list(read(hot.log.directory))
    with pytest.raises(JournalError, match="entry 4 is missing"):
        replay([*found[:3], *found[4:]])
    with pytest.raises(JournalError, match="entry 2 cannot be read"):
        replay([found[0], Record(2, b"\xc1")])


async def test_a_state_that_no_entry_explains_is_taken_over_and_named(hot: Hot) -> None:
    before = hot.log.next_seq
    lost = hot.log
    hot.log = type("Full", (), {"append": lambda *_: None, "next_seq": before})()
    hot.lead(1)  # heard while the disk was full
    hot.log = lost
    hot.log.checkpoint(hot.desk.checkpoint())
    hot.answer(hot.lead(3))
    outcome = replay(read(hot.log.directory), checkpoints(hot.log.directory))
    assert outcome.difference is None
    assert outcome.jumps == (before - 1,)


@pytest.mark.parametrize(
    "name",
    [
        "holds",  # before wishes named who made them: pauses, plans, offs, a flatten; one person is called "news"
        "pool",  # before plans named the turn of a trade date: a pool's daily loss, around the turn and on a Saturday
    ],
)
def test_a_journal_of_an_earlier_version_replays_to_its_own_bytes(name: str) -> None:
    rows = [json.loads(line) for line in (OLD / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    records = [Record(row["seq"], b64decode(row["entry"])) for row in rows]
    kept = [Checkpoint(row["seq"], decompress(b64decode(row["checkpoint"]))) for row in rows if "checkpoint" in row]
    assert len(kept) >= 5
    assert replay(records, kept) == (len(rows), len(rows), None, ())
    assert replay(records[kept[1].seq :], kept, kept[1]).difference is None

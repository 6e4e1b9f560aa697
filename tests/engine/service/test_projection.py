"""The projection: the replica agrees with the journal, from the beginning or from a checkpoint, and says when it does not."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.notices import Notice
from engine.domain.command import Pause, Resize, Resume
from engine.domain.decision import SendLots
from engine.domain.entry import encode_entry
from engine.domain.event import LineLost, LineRestored, PersonActed, QuoteMarked, TimePassed
from engine.domain.ids import ConnectionId
from engine.service.projection import Projection
from engine.service.status import account_views, copy_views, status_view
from engine.storage.replay import replay
from engine.storage.tail import Checkpoint, Record, checkpoints, newest_checkpoint, read
from tests.engine.service.hot import LEAD, NQ, A, B, Hot


@pytest.fixture
async def hot(tmp_path: Path):
    hot = Hot(tmp_path)
    hot.begin()
    yield hot
    await hot.close()


def folded(hot: Hot) -> Projection:
    projection = Projection()
    for record in read(hot.log.directory):
        projection.fold(record)
    return projection


def seen(projection: Projection, hot: Hot) -> bytes:
    """All views, as bytes."""
    everything = (
        status_view(projection, "all", hot.at),
        account_views(projection, "all", hot.at),
        copy_views(projection, 5, "all", failed=False),
        [act.view() for act in projection.acts.acts.values()],
    )
    return msgspec.json.encode(everything)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("lead"), st.sampled_from([1, 2, -1, -3, 5])),
        st.tuples(st.sampled_from(["pause", "resume", "size", "lose", "quote", "time", "checkpoint"]), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_a_projection_from_a_checkpoint_shows_what_one_from_the_beginning_shows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    hot = Hot(tmp_path_factory.mktemp("hot"), segment_bytes=1 << 16)
    hot.begin()
    for number, (word, size) in enumerate(steps):
        hot.seconds += 2
        key = f"k{number}"
        match word:
            case "lead":
                sends = [d for d in hot.fill(LEAD, size, "20000") if isinstance(d, SendLots)]
                for one in sends:
                    hot.answer(one)
            case "pause":
                hot.hear(PersonActed(at=hot.at, key=key, by="ann", command=Pause(accounts=(A,))))
            case "resume":
                hot.hear(PersonActed(at=hot.at, key=key, by="ann", command=Resume(accounts=(A, B))))
            case "size":
                hot.hear(PersonActed(at=hot.at, key=key, by="ann", command=Resize(accounts=(B,), factor=Decimal(2))))
            case "lose":
                hot.hear(LineLost(at=hot.at, connection=ConnectionId("line"), reason="x"))
                hot.hear(LineRestored(at=hot.at, connection=ConnectionId("line")))
            case "quote":
                hot.hear(QuoteMarked(at=hot.at, symbol=NQ, last=Decimal(20_000 + number)))
            case "time":
                hot.hear(TimePassed(at=hot.at))
            case "checkpoint":
                hot.log.checkpoint(hot.desk.checkpoint())
    whole = folded(hot)
    assert not [told for told in whole.missed(0) if isinstance(told, Notice) and told.code == "eng.replica"]
    outcome = replay(read(hot.log.directory), checkpoints(hot.log.directory))
    assert (outcome.same, outcome.difference, outcome.jumps) == (hot.log.next_seq - 1, None, ())
    newest = newest_checkpoint(hot.log.directory)
    if newest is not None:
        later = Projection()
        later.begin(newest, [record for record in read(hot.log.directory) if record.seq <= newest.seq])
        for record in read(hot.log.directory, newest.seq + 1):
            later.fold(record)
        versionless = [msgspec.structs.replace(status_view(p, "all", hot.at), version=0) for p in (whole, later)]
        assert versionless[0] == versionless[1]
        assert seen(whole, hot).partition(b'"at"')[2] == seen(later, hot).partition(b'"at"')[2]
    hot.log.close()


async def test_a_decision_that_differs_is_told_once_and_the_next_checkpoint_heals(hot: Hot) -> None:
    projection = folded(hot)
    seq = hot.log.next_seq
    for number in range(3):
        projection.fold(Record(seq + number, encode_entry(seq + number, TimePassed(at=hot.at), [_odd()])))
    told = [message for message in projection.missed(0) if isinstance(message, Notice)]
    faults = [notice for notice in told if notice.code == "eng.replica"]
    assert len(faults) == 1
    assert f"entry {seq} (TimePassed): the replica decided otherwise" in faults[0].text
    hot.answer(hot.lead(2))
    projection.passed(Checkpoint(projection.seq, hot.desk.checkpoint()))
    assert projection.desk.checkpoint() == hot.desk.checkpoint()


def _odd() -> SendLots:
    return SendLots(cause="x", lots=())


async def test_an_entry_of_a_newer_version_is_told_and_survived(hot: Hot) -> None:
    projection = folded(hot)
    projection.fold(Record(projection.seq + 1, b"\x93\x01\x91\xa5Never\x90"))
    assert any(isinstance(m, Notice) and "cannot be read" in m.text for m in projection.missed(0))


async def test_versions_move_with_the_accounts_that_changed(hot: Hot) -> None:
    projection = folded(hot)
    before = projection.changed((A, B))
    hot.hear(PersonActed(at=hot.at, key="k", by="ann", command=Pause(accounts=(A,))))
    hot.hear(QuoteMarked(at=hot.at, symbol=NQ, last=Decimal(20_500)))
    for record in read(hot.log.directory, projection.seq + 1):
        projection.fold(record)
    assert projection.changed((B,)) <= before
    assert projection.changed((A,)) == projection.version == hot.log.next_seq - 2
    assert projection.seq == hot.log.next_seq - 1


async def test_the_words_of_the_desk(hot: Hot) -> None:
    assert status_view(Projection(), "all", hot.at).word == "STARTING"

    def word() -> str:
        return status_view(folded(hot), "all", hot.at).word

    assert word() == "COPYING"
    hot.hear(PersonActed(at=hot.at, key="k1", by="ann", command=Pause(accounts=(A,), reason="lunch")))
    view = status_view(folded(hot), "all", hot.at)
    assert (view.word, view.copying, view.worst) == ("PART PAUSED", 1, "A: lunch by ann")
    hot.hear(PersonActed(at=hot.at, key="k2", by="ann", command=Pause(accounts=(B,))))
    assert word() == "PAUSED"
    hot.hear(LineLost(at=hot.at, connection=ConnectionId("line"), reason="x"))
    assert word() == "OFFLINE"

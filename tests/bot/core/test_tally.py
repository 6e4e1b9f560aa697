"""Copies counted together: nothing is lost by counting in several goes, and what a card shows stays small."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.core.tally import SHOWN, Tally
from engine.api import CopyView
from tests.bot.double import EngineDouble

OK, BAD = EngineDouble().copy("ok", 1), EngineDouble().copy("bad", 1, status="refused")
COPIES = st.lists(st.sampled_from((OK, BAD)), max_size=40)


@given(st.lists(COPIES, max_size=6))
def test_counting_in_goes_is_counting_at_once(goes: Sequence[Sequence[CopyView]]) -> None:
    tally = Tally(ref="copies:1")
    for views in goes:
        tally = tally.add(views)
    every = [view for views in goes for view in views]
    assert tally == Tally(ref="copies:1").add(every)
    assert (tally.count, tally.failed) == (len(every), every.count(BAD))
    assert len(tally.troubles) == min(SHOWN, every.count(BAD))

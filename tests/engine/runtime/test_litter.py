"""Collecting is taken from the interpreter while the engine runs, and given back."""

import gc
import weakref

from engine.runtime.litter import FULL_S, HANDFUL, Litter


class Knot:
    """Refers to itself: only a collection ends it."""

    def __init__(self) -> None:
        self.self = self


def test_the_young_go_at_the_tick_and_the_frozen_in_a_quiet_hour() -> None:
    litter = Litter(0.0)
    try:
        assert not gc.isenabled()
        young = weakref.ref(Knot())
        assert young() is not None, "nothing is collected by itself"
        litter.tick(1.0, is_quiet=False)
        assert young() is None
        kept = Knot()
        old = weakref.ref(kept)
        litter.tick(2.0, is_quiet=True)
        del kept
        litter.tick(3.0, is_quiet=True)
        assert old() is not None, "what was frozen alive is not walked again …"
        litter.tick(FULL_S, is_quiet=False)
        assert old() is not None
        litter.tick(FULL_S, is_quiet=True)
        assert old() is None, "… before the hour is over and nothing waits"
    finally:
        litter.close()
    assert gc.isenabled()


def test_a_handful_of_the_young_goes_at_the_end_of_a_turn() -> None:
    litter = Litter(0.0)
    try:
        young = weakref.ref(Knot())
        litter.sweep()
        assert young() is not None, "too few to be worth it"
        many = [Knot() for _ in range(HANDFUL)]
        litter.sweep()
        assert young() is None
        old = weakref.ref(many[0])
        del many
        litter.tick(1.0, is_quiet=False)
        assert old() is not None, "what lived through it is not walked again before the hour is over"
        litter.tick(FULL_S, is_quiet=True)
        assert old() is None
    finally:
        litter.close()

"""Collecting is taken from the interpreter while the engine runs, and given back."""

import gc
import weakref

from engine.runtime.litter import FULL_S, Litter


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

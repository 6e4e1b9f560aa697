"""Litter: garbage is collected when nothing waits, never between a leader's frame and his followers'.

An automatic collection walks everything that lives, tens of milliseconds with many followers, and may begin in the middle of
a fan-out. So it is off; what is young is collected at the end of a turn once there is a handful of it, and what survived is
frozen, so that nothing is walked twice and no later frame waits for more than a handful. Once in a long while, in a quiet
moment, everything is walked, for cycles that died frozen.
"""

import gc

FULL_S = 3600.0
HANDFUL = 2_000  # young objects: some 300 microseconds to collect


class Litter:
    """Collects for one process. Told on every tick whether it was a quiet one."""

    def __init__(self, now: float) -> None:
        """Take collecting over from the interpreter; ``now`` in seconds, as ``tick`` is told."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._full_at = now + FULL_S

    def sweep(self) -> None:
        """Collect the young where there is a handful of them; called when a turn's orders have left."""
        if gc.get_count()[0] >= HANDFUL:
            gc.collect(0)
            gc.freeze()

    def tick(self, now: float, *, is_quiet: bool) -> None:
        """Collect what the sweeps have left, or everything where it is time for that."""
        if is_quiet and now >= self._full_at:
            self._full_at = now + FULL_S
            gc.unfreeze()
            gc.collect()
        else:
            gc.collect(1)
        gc.freeze()

    def close(self) -> None:
        """Give collecting back."""
        gc.unfreeze()
        gc.enable()

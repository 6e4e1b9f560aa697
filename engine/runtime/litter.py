"""Litter: garbage is collected when nothing waits, never between a leader's frame and his followers'.

An automatic collection walks everything that lives, tens of milliseconds with many followers, and may begin in the middle of
a fan-out. So it is off; a quiet moment collects what is young and then freezes what survived, so that nothing is walked
twice. Once in a long while everything is walked, for cycles that died frozen.
"""

import gc

LATEST_TICKS = 8  # a busy desk is not quiet for long: after so many ticks the young are collected all the same
FULL_S = 3600.0


class Litter:
    """Collects for one process. Told on every tick whether it was a quiet one."""

    def __init__(self, now: float) -> None:
        """Take collecting over from the interpreter; ``now`` in seconds, as ``tick`` is told."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._waited = 0
        self._full_at = now + FULL_S

    def tick(self, now: float, *, is_quiet: bool) -> None:
        """Collect if this is a moment for it."""
        self._waited += 1
        if not is_quiet and self._waited < LATEST_TICKS:
            return
        self._waited = 0
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

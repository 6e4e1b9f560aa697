"""Denials: how often one person was refused lately, and when that is news; pure, every time is handed in."""

from collections import deque
from datetime import datetime, timedelta
from enum import StrEnum

DENIED_IN = timedelta(minutes=10)
DENIED = 3  # within DENIED_IN is news, and then each time that it doubles
LONGEST = 200  # refusals that are counted of one person
MOST = 500  # persons; whoever was refused longest ago is forgotten first


class Denied(StrEnum):
    """What was refused, in words that tell no code and nothing that somebody wrote."""

    STRANGER = "not known here"
    ODD = "a forwarded or nameless message"
    RIGHTS = "no right to it"
    CODE = "a wrong one-time code"
    PAIRING = "a wrong pairing code"
    PRESS = "somebody else's button"
    OWN = "approved their own act"


class Denials:
    """Refusals by person or identity, in memory: a restart begins at none."""

    def __init__(self) -> None:
        """Nobody was refused."""
        self._times: dict[str, deque[datetime]] = {}
        self._told: dict[str, int] = {}

    def take(self, who: str, now: datetime) -> int:
        """Count one refusal.

        Returns: how many there were lately, where that is news; else 0.
        """
        times = self._times.pop(who, None) or deque(maxlen=LONGEST)
        while times and now - times[0] >= DENIED_IN:
            times.popleft()
        times.append(now)
        self._times[who] = times
        for old in list(self._times)[:-MOST]:
            del self._times[old]
            self._told.pop(old, None)
        count, told = len(times), self._told.get(who, 0)
        if count < DENIED:
            self._told.pop(who, None)
            return 0
        if told and count < 2 * told:
            return 0
        self._told[who] = count
        return count

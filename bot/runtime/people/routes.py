"""Routes: which bound rooms hear of which codes, as an admin has set it, and which of them can be reached now."""

from bot.core.access import Room
from bot.core.routing import HERE, UNASKED, Spot, closest, spots_of
from bot.runtime.people.codes import PeopleError
from bot.runtime.people.people import LOST, PLACE, ROUTE, People


class Routes:
    """The table of routes, over what was set for each room."""

    def __init__(self, people: People) -> None:
        """Over the desk's rooms."""
        self._people = people
        self.deaf: frozenset[str] = frozenset()  # platforms that do not hear us, or not us alone

    def spots(self) -> list[Spot]:
        """Every bound room, its name, and why nothing arrives there."""
        names, lost = self._people.wishes(PLACE), self._people.wishes(LOST)
        return [
            Spot(room=room, name=names.get(room.chat, ""), why_lost=lost.get(room.chat, ""))
            for room in self._people.rooms()
        ]

    def table(self) -> dict[str, tuple[Spot, ...]]:
        """Rooms by code or family; those that are bound no more are left out."""
        spots, found = {one.room.chat: one for one in self.spots()}, dict[str, tuple[Spot, ...]]()
        for chat, codes in self._people.wishes(ROUTE).items():
            for code in codes.split() if chat in spots else ():
                found[code] = (*found.get(code, ()), spots[chat])
        return dict(sorted(found.items()))

    def rooms(self, code: str) -> tuple[str, ...]:
        """Rooms that a code is routed to and that can be reached."""
        if not code or not self._people.wishes(ROUTE):
            return ()
        return tuple(one.room.chat for one in closest(self.table(), code) or () if self._is_reached(one))

    def find(self, word: str, here: Room) -> Spot:
        """The room that a word means.

        Raises: PeopleError for none, for several, and for one that is told nothing unasked.
        """
        if word.lower() == HERE:
            found = [one for one in self.spots() if one.room.chat == here.chat]
            if not found:
                raise PeopleError("here is no bound room; write it in the room that you mean")
        else:
            found = spots_of(word, self.spots())
        if len(found) != 1:
            why = "several rooms are" if found else "no bound room is"
            raise PeopleError(f"{why} called {word[:30]!r}; /route lists them, /route <address> #trades names one")
        if found[0].room.kind in UNASKED:
            raise PeopleError(f"a room bound as {found[0].room.kind.value} is told nothing unasked")
        return found[0]

    def lost(self, chat: str, reason: str) -> None:
        """Nothing arrives in a room; the rooms of each severity hear what is routed there, until something does."""
        if any(room.chat == chat for room in self._people.rooms()):
            self._people.set_wish(chat, LOST, reason[:200] or "unreachable")

    def heard(self, chat: str) -> None:
        """Something has arrived there."""
        if self._people.wish(chat, LOST):
            self._people.set_wish(chat, LOST, "")

    def _is_reached(self, spot: Spot) -> bool:
        return not spot.why_lost and spot.room.chat.partition(":")[0] not in self.deaf

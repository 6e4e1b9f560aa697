"""Profile: what is usual for one leader, learned from his own trades: whole numbers only, bounded in memory.

Theory of operation. What he does is measured entry by entry and kept as the last values of each measure (a ``Sketch``); what
is "his usual most" is their 95th percentile, so a few odd trades do not move it. An entry is scored trait by trait, in
hundredths:

    size       order, or the position that it makes, over his usual most in that product     unbounded
    rate       entries within a minute over his usual most                                   unbounded
    product    never traded by him                                                           3
    hour       hardly ever traded around this hour of the week                               2
    holding    adds to a position older than he usually keeps one, over his usual most       at most 2

What is within the usual counts nothing. What is beyond it is added up: an order of 1.5 times the usual at a rate of 1.5 times
the usual scores 2, so one grave oddity or several small ones reach the line at which a trade is held. A measure with too
little history says nothing.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.ids import Root
from engine.domain.value import Setting, Value

KEPT = 256  # newest values of one measure
MOST_ROOTS = 64  # products remembered; the oldest goes first
MOST_HOURS = 4096  # entries in the histogram before old ones count half
LEAST_FOR_HABITS = 100  # entries before hour and product say anything
RARE = 200  # an hour is unusual when less than one in so many entries fell around it
USUAL_RATE = 2  # entries a minute that are never odd
USUAL_SPAN_S = 60  # seconds for which keeping a position is never odd
USUAL, NEW_PRODUCT, ODD_HOUR, STALE_MOST = 100, 300, 200, 200  # hundredths
UNBOUNDED = 1 << 60


class ProfilePlan(Setting, frozen=True):
    """How much a leader may differ from himself. His usual most is 1; ``hold_at`` 3 holds three times that."""

    hold_at: Decimal = Decimal(3)
    refuse_at: Decimal | None = None  # refused at once; without it only a person refuses
    least: int = 30  # trades of a kind before the profile speaks about it


class Measure(StrEnum):
    """What an entry is scored by."""

    SIZE = "size"
    POSITION = "position"
    RATE = "rate"
    PRODUCT = "product"
    HOUR = "hour"
    HOLDING = "holding"


class Trait(Value, frozen=True):
    """One way in which an entry is unusual."""

    measure: Measure
    points: int  # hundredths; 350 is three and a half times the usual most
    words: str


class Seen(Value, frozen=True):
    """One entry as the profile measures it."""

    root: Root
    size: int  # contracts of the order so far, unsigned
    position: int  # contracts held after it, unsigned
    hour: int  # hour of the week, 0 for Monday 00:00 local
    rate: int  # entries within the last minute, this one included
    held_s: int | None = None  # age of the position that it adds to


class Sketch(msgspec.Struct):
    """The newest values of one measure, and what is usual among them."""

    values: list[int] = []
    place: int = 0  # of the oldest value, once all places are taken
    most: int = 0  # 95th percentile, by nearest rank

    def learn(self, value: int) -> None:
        """Take in one value; the oldest makes room."""
        if len(self.values) < KEPT:
            self.values.append(value)
        else:
            self.values[self.place] = value
            self.place = (self.place + 1) % KEPT
        rank = (95 * len(self.values) + 99) // 100
        self.most = sorted(self.values)[rank - 1]


class Habit(msgspec.Struct):
    """One product."""

    orders: Sketch = msgspec.field(default_factory=Sketch)  # contracts of one order
    peaks: Sketch = msgspec.field(default_factory=Sketch)  # largest position between flat and flat


class Profile(msgspec.Struct):
    """One leader. Learns only trades that passed or that a person approved."""

    habits: dict[Root, Habit] = {}
    hours: list[int] = msgspec.field(default_factory=lambda: [0] * 168)
    rates: Sketch = msgspec.field(default_factory=Sketch)
    spans: Sketch = msgspec.field(default_factory=Sketch)  # seconds from flat to flat
    entries: int = 0  # all that were ever learned

    # ---- learning --------------------------------------------------------------------------------------------------

    def learn_entry(self, seen: Seen) -> None:
        """Take in when and how fast he enters: once for each order."""
        self.entries += 1
        self._habit(seen.root)
        self.rates.learn(seen.rate)
        self.hours[seen.hour] += 1
        if sum(self.hours) >= MOST_HOURS:
            self.hours = [count // 2 for count in self.hours]

    def learn_order(self, root: Root, size: int) -> None:
        """Take in the size of an order that has ended, or that another one followed."""
        self._habit(root).orders.learn(size)

    def learn_trip(self, root: Root, peak: int, seconds: int) -> None:
        """Take in a position from flat to flat: its largest size and its age."""
        self._habit(root).peaks.learn(peak)
        self.spans.learn(seconds)

    def _habit(self, root: Root) -> Habit:
        found = self.habits.get(root)
        if found is None:
            if len(self.habits) >= MOST_ROOTS:
                del self.habits[next(iter(self.habits))]
            found = self.habits[root] = Habit()
        return found

    # ---- scoring ---------------------------------------------------------------------------------------------------

    def traits(self, seen: Seen, least: int) -> list[Trait]:
        """What is unusual about an entry, the gravest first; of order and position only the graver counts."""
        sizes = [self._size(seen, least), self._position(seen, least)]
        graver = max(sizes, key=lambda trait: trait.points if trait else 0)
        rest = (self._rate(seen, least), self._product(seen), self._hour(seen, least), self._holding(seen, least))
        found = [trait for trait in (graver, *rest) if trait is not None]
        return sorted(found, key=lambda trait: -trait.points)

    def caps(self, seen: Seen, plan: ProfilePlan) -> tuple[int, int]:
        """Largest order and position that stay below ``hold_at``, everything else being as in ``seen``; 0 for none."""
        asked = (ask(seen, plan.least) for ask in (self._rate, self._hour, self._holding))
        others = [trait for trait in (*asked, self._product(seen)) if trait is not None]
        left = hundredths(plan.hold_at) - sum(trait.points - USUAL for trait in others)
        if left <= USUAL:
            return 0, 0
        habit = self.habits.get(seen.root) or Habit()
        return _cap(habit.orders, left, plan.least), _cap(habit.peaks, left, plan.least)

    def quiet_s(self, least: int) -> int | None:
        """Seconds for which a position can be added to before its age counts; None if it never does."""
        return max(self.spans.most, USUAL_SPAN_S) if len(self.spans.values) >= least else None

    def _size(self, seen: Seen, least: int) -> Trait | None:
        habit = self.habits.get(seen.root)
        points = _over(seen.size, habit.orders, least) if habit else 0
        if habit is None or not points:
            return None
        words = f"{seen.size} {seen.root} is {times(points)} times his usual most ({habit.orders.most})"
        return Trait(measure=Measure.SIZE, points=points, words=words)

    def _position(self, seen: Seen, least: int) -> Trait | None:
        habit = self.habits.get(seen.root)
        points = _over(seen.position, habit.peaks, least) if habit else 0
        if habit is None or not points:
            return None
        most = habit.peaks.most
        words = f"a position of {seen.position} {seen.root} is {times(points)} times his usual most ({most})"
        return Trait(measure=Measure.POSITION, points=points, words=words)

    def _rate(self, seen: Seen, least: int) -> Trait | None:
        most = max(self.rates.most, USUAL_RATE)
        if len(self.rates.values) < least or seen.rate <= most:
            return None
        points = 100 * seen.rate // most
        words = f"{seen.rate} entries within a minute are {times(points)} times his usual most ({most})"
        return Trait(measure=Measure.RATE, points=points, words=words)

    def _product(self, seen: Seen) -> Trait | None:
        if self.entries < LEAST_FOR_HABITS or seen.root in self.habits:
            return None
        words = f"he has never traded {seen.root} in {self.entries} entries"
        return Trait(measure=Measure.PRODUCT, points=NEW_PRODUCT, words=words)

    def _hour(self, seen: Seen, least: int) -> Trait | None:
        total = sum(self.hours)
        near = sum(self.hours[(seen.hour + step) % 168] for step in (-1, 0, 1))
        if total < max(least, LEAST_FOR_HABITS) or near * RARE >= total:
            return None
        count = f"{near} of {total} entries" if near else f"none of {total} entries"
        words = f"he hardly ever trades around {hour_text(seen.hour)} ({count})"
        return Trait(measure=Measure.HOUR, points=ODD_HOUR, words=words)

    def _holding(self, seen: Seen, least: int) -> Trait | None:
        quiet = self.quiet_s(least)
        if quiet is None or seen.held_s is None or seen.held_s <= quiet:
            return None
        words = f"he adds to a position of {_span(seen.held_s)}; usually he is out within {_span(quiet)}"
        return Trait(measure=Measure.HOLDING, points=min(100 * seen.held_s // quiet, STALE_MOST), words=words)


def total(traits: list[Trait]) -> int:
    """Score of an entry: the usual, and all that is beyond it; 0 where nothing is."""
    return USUAL + sum(trait.points - USUAL for trait in traits) if traits else 0


def hundredths(line: Decimal) -> int:
    """A line of the settings in the unit of points."""
    return int(line * 100)


def times(points: int) -> str:
    """Points as people read them: 350 gives 3.5."""
    return f"{points // 100}.{points % 100 // 10}"


def hour_text(hour: int) -> str:
    """Hour of the week in words: 51 gives Wed 03:00."""
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[hour // 24]} {hour % 24:02d}:00"


def _over(value: int, sketch: Sketch, least: int) -> int:
    """Hundredths of the usual most, 0 where it is not above it or not known."""
    if len(sketch.values) < least or value <= sketch.most:
        return 0
    return 100 * value // max(sketch.most, 1)


def _cap(sketch: Sketch, left: int, least: int) -> int:
    """Largest value that scores less than ``left`` points."""
    if len(sketch.values) < least:
        return UNBOUNDED
    most = max(sketch.most, 1)
    return max(sketch.most, (left * most - 1) // 100)


def _span(seconds: int) -> str:
    minutes = seconds // 60
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if minutes > 1 else f"{seconds} s"

"""Guard plan: what a person sets for the guard on a leader; everything is off unless it is set."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from engine.domain.ids import Root
from engine.domain.profile import ProfilePlan
from engine.domain.value import Setting

MOST_COUNTED = 60  # a rate counts no further than the guard remembers
ANY = "*"  # any other product
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class Rule(StrEnum):
    """What an entry can break, in the order in which the rules are asked."""

    PRODUCT = "product"
    HOURS = "hours"
    ORDER_SIZE = "order-size"
    POSITION_SIZE = "position-size"
    PRICE = "price"
    BURST = "burst"
    FLIPS = "flips"
    PROFILE = "profile"


class SizeLimit(Setting, frozen=True):
    """Most contracts of one product in one order, and in one position."""

    order: int | None = None
    position: int | None = None


class Rate(Setting, frozen=True):
    """At most ``count`` within ``seconds``."""

    count: int
    seconds: int


class Window(Setting, frozen=True):
    """Allowed hours. A window that closes before it opens runs over midnight and belongs to the day of its opening."""

    opens: str  # "08:30"
    closes: str  # "15:00"; the first minute that is outside
    days: str = "mon-fri"  # or "sun-fri", or "mon,wed"

    def span(self) -> tuple[int, int, frozenset[int]]:
        """Minutes of the day at which it opens and closes, and weekdays from Monday 0.

        Raises: ValueError for words that are none of these.
        """
        return minute_of(self.opens), minute_of(self.closes), _weekdays(self.days)


NO_LIMIT = SizeLimit()


class GuardPlan(Setting, frozen=True):
    """The guard on one leader. What breaks a rule is held for a person, or refused where ``refuses`` names the rule."""

    zone: str = "America/New_York"  # of the hours, and of the profile's week
    roots: tuple[Root, ...] = ()  # allowed products; empty allows all
    hours: tuple[Window, ...] = ()  # allowed hours; empty allows all
    sizes: dict[str, SizeLimit] = {}  # by product; "*" is any other one
    max_away_ticks: int | None = None  # from the market's price
    burst: Rate | None = None  # entries; the parts of one order count once
    flips: Rate | None = None  # turns between long and short in one contract
    profile: ProfilePlan | None = None
    refuses: tuple[Rule, ...] = ()
    hold_s: int = 120  # a held trade that nobody answered is refused after this

    @property
    def is_on(self) -> bool:
        """Say whether any rule is set."""
        rules = (self.roots, self.hours, self.sizes, self.burst, self.flips, self.profile)
        return any(rules) or self.max_away_ticks is not None

    def size_of(self, root: Root) -> SizeLimit:
        """Limits of one product."""
        return self.sizes.get(root) or self.sizes.get(ANY) or NO_LIMIT


def faults(plan: GuardPlan) -> list[str]:
    """Say in one line each what is wrong with a plan, naming the setting to edit; empty when all is well."""
    found = []
    try:
        datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(plan.zone))
    except (KeyError, ValueError, OSError):  # zoneinfo raises each of them, by what is wrong with the name
        found.append(f'zone: write a time zone such as "America/Chicago", not "{plan.zone}"')
    for window in plan.hours:
        try:
            window.span()
        except ValueError as error:
            found.append(f"hours: {error}")
    for root, limit in plan.sizes.items():
        for key, value in (("order", limit.order), ("position", limit.position)):
            if value is not None and value < 1:
                found.append(f"sizes.{root}.{key}: write contracts above 0, not {value}")
    for key, rate in (("burst", plan.burst), ("flips", plan.flips)):
        if rate is not None and not (1 <= rate.count <= MOST_COUNTED and 1 <= rate.seconds <= 86_400):
            found.append(f"{key}: write a count of 1 to {MOST_COUNTED} and seconds of 1 to 86400")
    if plan.max_away_ticks is not None and plan.max_away_ticks < 1:
        found.append(f"max_away_ticks: write ticks above 0, not {plan.max_away_ticks}")
    if plan.hold_s < 1:
        found.append(f"hold_s: write seconds above 0, not {plan.hold_s}")
    if plan.profile is not None:
        found += _profile_faults(plan.profile)
    return found


def _profile_faults(plan: ProfilePlan) -> list[str]:
    found = []
    if not plan.hold_at.is_finite() or plan.hold_at <= 1:
        found.append(f"profile.hold_at: write more than 1, his usual most, not {plan.hold_at}")
    if plan.refuse_at is not None and (not plan.refuse_at.is_finite() or plan.refuse_at < plan.hold_at):
        found.append(f"profile.refuse_at: write hold_at or more, not {plan.refuse_at}")
    if plan.least < 1:
        found.append(f"profile.least: write a number of trades above 0, not {plan.least}")
    return found


def minute_of(text: str) -> int:
    """Minute of the day of "08:30".

    Raises: ValueError that says what to write.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f'write a time such as "08:30", not "{text}"')
    return int(match.group(1)) * 60 + int(match.group(2))


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f'write days such as "mon-fri" or "mon,wed", not "{text}"')
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)

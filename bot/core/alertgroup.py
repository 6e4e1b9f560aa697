"""Alert group: what belongs together of the alerts, as a person meets it: one card, one state, one name (A-12)."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from bot.core.alert import Alert, Labels
from bot.core.taxonomy import KINDS, kind_of
from engine.api import Severity, Value

FLAPS = 3  # times that it came back within FLAP_IN make it flapping
FLAP_IN = timedelta(minutes=10)
FLAP_REPEAT = timedelta(minutes=30)
LONGEST_REPEAT = timedelta(hours=1)
KEEN = 5  # repeats of a P1 before they become rarer
MOST_MEMBERS = 500


LOSS = "outbox.dead"  # tells that something else was not told
DRILL = "drill"  # an exercise: nothing is wrong


class Stage(StrEnum):
    """Where a group stands."""

    PENDING = "pending"  # waits for what else belongs to it
    FIRING = "firing"
    ACKED = "acked"  # somebody has it, until a time
    SNOOZED = "snoozed"  # nobody wants to hear of it, until a time
    RESOLVED = "resolved"


class Member(Value, frozen=True):
    """One of those whom a group concerns."""

    name: str
    text: str
    severity: Severity
    at: datetime
    labels: Labels = Labels()
    count: int = 1
    is_over: bool = False
    proof: str = ""  # that what was done for it is done


class Delivered(Value, frozen=True):
    """How a P1 came to one platform; ``after_s`` from ``since``, the alert's time, to the platform's answer."""

    platform: str
    since: datetime
    asked_at: datetime
    after_s: float | None = None
    is_late: bool = False  # it took too long, which was told elsewhere


class Stormed(Value, frozen=True):
    """A storm card of a chat, by its number: when it began."""

    chat: str
    number: int

    @property
    def ref(self) -> str:
        """The card's."""
        return f"storm:{self.number}"


class Group(Value, frozen=True):
    """Everything that is known of one trouble. Never changed: each step makes the next."""

    id: int
    key: str
    code: str
    severity: Severity
    opened_at: datetime
    last_at: datetime
    labels: Labels = Labels()
    stage: Stage = Stage.PENDING
    members: tuple[Member, ...] = ()
    count: int = 0
    due: datetime | None = None  # the end of its first wait, of an ack, of a snooze; else of a repeat
    pushes: int = 0
    told_members: int = 0
    told_severity: Severity | None = None
    pushed_at: datetime | None = None
    holder: str = ""  # who has it: the name, by ack or assignment
    holder_id: str = ""
    where: str = ""  # the platform where it was acknowledged
    until: datetime | None = None
    note: str = ""
    held: str = ""  # why it is not pushed
    held_by: int = 0
    holding: int = 0  # alerts that are not pushed because of this one
    clears_at: datetime | None = None  # it seems over; it is, where nothing comes before then
    cycles: tuple[datetime, ...] = ()  # when it came back
    ended_at: datetime | None = None
    outcome: str = ""
    chats: tuple[str, ...] = ()  # where its card is shown
    storms: tuple[Stormed, ...] = ()  # where it stands within one card of many
    threads: tuple[str, ...] = ()  # of these, where its lines have a place beside the card
    delivered: tuple[Delivered, ...] = ()
    since: datetime | None = None  # the fact's own time; ``opened_at`` is when it was heard of

    @property
    def began(self) -> datetime:
        """When it began, also where nobody heard of it then."""
        return self.since or self.opened_at

    @property
    def name(self) -> str:
        """How people call it."""
        return f"A-{self.id}"

    @property
    def is_open(self) -> bool:
        """Say whether it is not over."""
        return self.stage is not Stage.RESOLVED

    @property
    def live(self) -> tuple[Member, ...]:
        """Members for whom it is not over."""
        return tuple(member for member in self.members if not member.is_over)

    @property
    def accounts(self) -> frozenset[str]:
        """Accounts that it names."""
        return frozenset(member.labels.account for member in self.members if member.labels.account)

    def tells_of(self, chat: str) -> bool:
        """Say whether it tells that this chat, or its platform, cannot be reached."""
        return self.code == LOSS and self.labels.reason in (chat, chat.partition(":")[0])

    def is_flapping(self, now: datetime) -> bool:
        """Say whether it comes and goes."""
        return sum(now - at <= FLAP_IN for at in self.cycles) >= FLAPS

    def is_worse(self) -> bool:
        """Say whether it is graver than what people were told last."""
        return self.told_severity is None or self.severity < self.told_severity

    def has_grown(self) -> bool:
        """Say whether it concerns twice as many as people were told."""
        return 0 < 2 * self.told_members <= len(self.live)

    def repeat(self, now: datetime) -> datetime | None:
        """When it is told again while nobody has it; ever more seldom."""
        every = timedelta(seconds=kind_of(self.code).repeat_s)
        if not every:
            return None
        if self.is_flapping(now):
            return now + FLAP_REPEAT
        keen = KEEN if self.severity is Severity.P1 else 1
        doubled: timedelta = every * (1 << min(10, max(0, self.pushes - keen)))
        return now + max(every, min(LONGEST_REPEAT, doubled))


def joined(group: Group, alert: Alert) -> Group:
    """The group with one more word of one of its members."""
    name = alert.member
    found = next((place for place, one in enumerate(group.members) if one.name == name), None)
    old = group.members[found] if found is not None else None
    member = Member(
        name=name,
        text=alert.text,
        severity=alert.severity,
        at=alert.at,
        labels=alert.labels,
        count=old.count + 1 if old is not None else 1,
    )
    if found is not None:
        members = (*group.members[:found], member, *group.members[found + 1 :])
    elif len(group.members) < MOST_MEMBERS:
        members = (*group.members, member)
    else:
        members = group.members
    return msgspec.structs.replace(group, members=members)


def ended(group: Group, outcome: str, now: datetime) -> Group:
    """The group when it is over, for each whom it concerned: who comes back later is named alone."""
    return msgspec.structs.replace(
        group,
        stage=Stage.RESOLVED,
        members=tuple(msgspec.structs.replace(one, is_over=True) for one in group.members),
        ended_at=now,
        outcome=outcome,
        due=None,
        until=None,
        clears_at=None,
        held="",
    )


def key_of(code: str, labels: Labels) -> str:
    """What alerts of one group have in common."""
    known = labels.known()
    if code == "desync.qty" and "leader" not in known:
        known["leader"] = labels.account
    return "|".join((code, *(known.get(name, "") for name in kind_of(code).keys)))


def as_seen(group: Group, seen: frozenset[str] | None) -> Group:
    """The group as it is told where these accounts alone may be named; None for all of them."""
    if seen is None:
        return group
    members = [one for one in group.members if not one.labels.account or one.labels.account in seen]
    return msgspec.structs.replace(
        group,
        labels=_labels_seen(group.labels, seen),
        members=tuple(msgspec.structs.replace(one, labels=_labels_seen(one.labels, seen)) for one in members),
    )


def _labels_seen(labels: Labels, seen: frozenset[str]) -> Labels:
    return msgspec.structs.replace(
        labels,
        account=labels.account if labels.account in seen else "",
        leader=labels.leader if labels.leader in seen else "",
        line=",".join(name for name in labels.line.split(",") if name in seen),
    )


MASS = "*"


def mass_key(code: str) -> str:
    """The group of a trouble that comes to many at once."""
    assert KINDS[code].is_mass
    return f"{code}|{MASS}"

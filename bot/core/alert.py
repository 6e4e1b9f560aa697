"""Alert: what the bot makes of a notice for people: its labels, the group that it belongs to, what people may press."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from bot.core.card import Look
from engine.api import AccountView, Notice, Severity, Value

_REF = re.compile(r"\b([EH][1-9]\d{0,6})\b")


class Ending(StrEnum):
    """How a group of alerts comes to its end."""

    DESK = "desk"  # a later notice says that it is over; people cannot
    HUMAN = "human"  # a person says so: /resolve
    FADES = "fades"  # nothing more of it for a while; a person may say so earlier
    ONCE = "once"  # an event: told, and over


class Press(Value, frozen=True):
    """A button: ``line`` is what a person would type, with {labels}; without a label that it names there is no button."""

    label: str
    line: str
    look: Look = Look.PLAIN
    is_calm: bool = False  # not on a P1: it may not be put off for so long


class Kind(Value, frozen=True):
    """One row of the table: how alerts of a code are treated. Times are seconds."""

    code: str
    word: str  # its heading on a card
    keys: tuple[str, ...]  # labels that make a group
    ending: Ending
    wait_s: int = 0  # before the first push, so that what belongs together comes together; a P1 waits a second at most
    must_last: bool = False  # … unless the wait is what a hiccup is told apart by
    repeat_s: int = 0  # while nobody acknowledges; 0 never
    fade_s: int = 3600  # of FADES
    presses: tuple[Press, ...] = ()
    ends: tuple[
        str, ...
    ] = ()  # codes whose groups this one ends, where it is mild and every label that both have agrees
    proves: tuple[str, ...] = ()  # codes on whose cards it stands as a proof; where none is open it is told as an event
    is_mass: bool = False  # three groups of it within ten seconds are one
    is_siren: bool = False  # everybody with the role risk is told at once, wherever they are


class Labels(Value, frozen=True):
    """What an alert is about; empty where it has no such thing."""

    account: str = ""
    symbol: str = ""
    connection: str = ""
    group: str = ""
    leader: str = ""
    ref: str = ""  # the offer or held trade that it names
    reason: str = ""
    line: str = ""  # the accounts of a connection, joined: what a person would type
    scope: str = ""  # accounts as somebody has typed them
    was: str = ""  # the size before
    who: str = ""  # a person, an identity or a chat: whose doing it is
    person: str = ""  # the same, where it is somebody who has rights
    name: str = ""  # how they are called

    def agrees(self, other: "Labels") -> bool:
        """Say whether nothing that both tell differs."""
        pairs = (
            (self.account, other.account),
            (self.symbol, other.symbol),
            (self.connection, other.connection),
            (self.ref, other.ref),
        )
        return all(not mine or not theirs or mine == theirs for mine, theirs in pairs)

    def known(self) -> dict[str, str]:
        """Labels by name, without the empty ones."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name))}


class Alert(Value, frozen=True):
    """One notice, with everything that its treatment depends on."""

    code: str
    severity: Severity
    text: str
    at: datetime
    labels: Labels = Labels()
    seq: int = 0
    besides: str = ""  # the chat that knows of an event already

    @property
    def member(self) -> str:
        """Whom of a group it concerns."""
        labels = self.labels
        return " ".join(filter(None, (labels.account or labels.connection or labels.name, labels.symbol)))

    @property
    def source(self) -> str:
        """Who talks: how much one source may say is capped."""
        return self.labels.account or self.labels.connection or self.labels.who or "desk"


def of_notice(notice: Notice, accounts: Sequence[AccountView]) -> Alert:
    """An alert with the labels that the notice has, and those that follow from the desk's accounts."""
    view = next((one for one in accounts if one.id == notice.account), None)
    group = view.group if view is not None else ""
    leader = next((one.id for one in accounts if one.role == "leader" and one.group == group and group), "")
    if notice.connection and not group:  # a line that carries leaders: their groups are touched
        led = next((one for one in accounts if one.role == "leader" and one.connection == notice.connection), None)
        group, leader = (led.group, led.id) if led is not None else ("", "")
    ref = _REF.search(notice.text) if notice.code.startswith(("rogue.", "entry.")) else None
    _, _, reason = notice.text.rpartition(": ")
    return Alert(
        code=notice.code,
        severity=notice.severity,
        text=notice.text,
        at=notice.at,
        seq=notice.seq,
        labels=Labels(
            account=notice.account or "",
            symbol=notice.symbol or "",
            connection=notice.connection or (view.connection if view is not None else ""),
            group=group,
            line=",".join(one.id for one in accounts if notice.connection and one.connection == notice.connection),
            leader=notice.account or "" if view is not None and view.role == "leader" else leader,
            ref=ref[1] if ref is not None else "",
            reason=reason[:60],
        ),
    )


def as_notice(alert: Alert) -> Notice:
    """What was told, as it was told."""
    return Notice(
        seq=alert.seq,
        at=alert.at,
        code=alert.code,
        severity=alert.severity,
        text=alert.text,
        account=alert.labels.account or None,
        symbol=alert.labels.symbol or None,
    )

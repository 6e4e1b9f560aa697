"""Security: what somebody did to the desk's own doors, as an alert for everybody else."""

from datetime import datetime

from bot.core.access import Grant, Person, Room
from bot.core.alert import Labels
from bot.core.deed import AnyDeed, Arm, Bind, GiveRole, Lockdown, Revoke, Unbind, role_words
from engine.api import Severity, Value


class Report(Value, frozen=True):
    """What an alert is made of."""

    code: str
    severity: Severity
    text: str
    labels: Labels = Labels()


def of_deed(deed: AnyDeed, by: Person, room: Room, now: datetime) -> Report | None:
    """What others hear of a deed that was done; None for one that opens nothing."""
    match deed:
        case GiveRole():
            said = f"{by.name}: {deed.name} is {role_words(deed.grant)}"
            return _grant(said, Labels(who=deed.person, person=deed.person, name=deed.name))
        case Revoke():
            return _grant(f"{by.name} took every right of {deed.name}", Labels(who=deed.person, name=deed.name))
        case Bind():
            said = f"{by.name}: the chat {deed.chat} is {deed.kind.value} for {deed.scope}, told from {deed.floor} on"
            return _grant(said, Labels(who=deed.chat, name=f"{deed.kind.value} chat"))
        case Unbind():
            said = f"{by.name}: the chat {deed.chat} is bound to nothing any more"
            return _grant(said, Labels(who=deed.chat, name=f"{room.kind.value} chat"))
        case Arm():
            until = f"{deed.until:%H:%M} UTC"
            labels = Labels(who=by.id, person=by.id, name=by.name)
            said = f"{by.name} needs no code until {until}, or until idle for 5 min"
            return Report(code="sec.armed", severity=Severity.P3, text=said, labels=labels)
        case Lockdown(is_on=True):
            where = "every chat" if deed.chat == "*" else f"the {room.kind.value} chat {deed.chat}"
            said = f"{by.name} locked {where} down at {now:%H:%M} UTC: read, pause and flatten only"
            labels = Labels(who=by.id, name=by.name, ref=deed.chat)
            return Report(code="sec.lockdown", severity=Severity.P2, text=said, labels=labels)
        case Lockdown():
            said = f"{by.name} lifted the lockdown"
            return Report(code="sec.lockdown", severity=Severity.P4, text=said, labels=Labels(name=by.name))
        case _:
            return None


def paired(person: Person, platform: str) -> Report:
    """Somebody wrote with a code and has rights from now on."""
    rights = ", ".join(role_words(grant) for grant in person.grants) or role_words(Grant(role=person.role))
    said = f"{person.name} is paired on {platform}: {rights}"
    return _grant(said, Labels(who=person.id, person=person.id, name=person.name))


def _grant(text: str, labels: Labels) -> Report:
    labels = Labels(who=labels.who, person=labels.person, name=labels.name, reason=text)
    return Report(code="sec.grant", severity=Severity.P3, text=text, labels=labels)

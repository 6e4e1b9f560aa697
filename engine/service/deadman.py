"""The dead man's pause, told: a fold of the journal, so that whoever was away hears of it when he is back."""

from engine.api.notices import Notice
from engine.domain.command import Pause
from engine.domain.decision import Severity
from engine.domain.entry import Entry
from engine.domain.event import PersonActed

BY = "dead man"


def missed(entry: Entry) -> list[Notice]:
    """What people are told when they are back: that the desk was left alone, and has paused."""
    event = entry.event
    if not isinstance(event, PersonActed) or event.by != BY or not isinstance(event.command, Pause):
        return []
    if event.command.who:  # a person who is called so
        return []
    count = len(event.command.accounts)
    said = f"{event.command.reason}: entries of {count} accounts are paused until a person resumes; exits go on"
    text = said[0].upper() + said[1:]
    return [Notice(seq=entry.seq, at=event.at, code="eng.deadman", severity=Severity.P2, text=text)]

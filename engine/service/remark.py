"""Remark: what a person should know of an act before it is done, beside what it changes account by account."""

from engine.domain.command import (
    Apart,
    Close,
    Command,
    Disconnect,
    DropPause,
    Flatten,
    Off,
    Pause,
    Payout,
    PlanPause,
    PlanWindow,
    Relimit,
    Resize,
    Resume,
    Skip,
    Sync,
    Take,
    Unlock,
)
from engine.domain.copier import Copier
from engine.domain.sizing import Quotes
from engine.service.away import away


def remarks(command: Command, copiers: list[Copier], quotes: Quotes) -> tuple[str, ...]:
    """What goes for all accounts of an act; nothing where there is nothing to say."""
    match command:
        case Pause() | PlanPause() | PlanWindow():
            return ("Exits are still copied.",)
        case Resume(over_news=True):
            return ("OVER NEWS: also inside a news window. What the firm asks is yours to keep.",)
        case Resize(now=True):
            return ("Down at once, up through the checks; at market.", *away(copiers, command, quotes))
        case Resize():
            return ("For entries to come; what is held stays.", *away(copiers, command, quotes))
        case Sync(close=True):
            return ("Only what the leader's position does not explain is closed; nothing is bought.",)
        case Close(quantity=int()):
            return ("Copying goes on with the leader's next entry.",)
        case Close():
            return ("Copying goes on with the leader's next trade.",)
        case Skip(is_over=False):
            return ("Until the leader is flat; exits are still copied.",)
        case Disconnect():
            return ("The leader's exits will NOT close it. Close it by hand, or /sync.",)
        case Off():
            return ("Exits are still copied. Only /on turns it on again.",)
        case Flatten():
            return ("Entries stay stopped until a person resumes.",)
        case Relimit():
            return ("The stricter of this and the settings counts; it outlives a restart.",)
        case Payout():
            return ("No loss; the floor stays where it is or locks. What has not left the balance yet counts as gone.",)
        case Take():
            return ("Judged again by all checks, at the price of now.",)
        case Apart():
            return ("Copies go on beside it; only a person's close or flatten reaches it.",)
        case Unlock(is_reset=False):
            return ("Inside the buffer only the firm's own lines act.",)
        case DropPause():
            return ("Where it is under way, it ends now.",)
        case _:
            return ()

"""Track: one act that was asked here, with all that its card needs until it is proven."""

from bot.core.card import Action
from bot.core.dialogue import Seat
from engine.api import ActAsk, PreviewView, Value


class Track(Value, frozen=True):
    """One act that was asked here."""

    ask: ActAsk
    seat: Seat
    preview: PreviewView | None = None
    remarks: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    answers: str = ""  # what the card answers
    also: tuple[str, ...] = ()  # chats that hear it too where it never arrived
    post: str = ""  # the message that asked for it: it bears a sign when the act is proven

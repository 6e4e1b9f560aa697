"""Undo: may an act be taken back without a look? Only while everything is as it left it."""

from collections.abc import Iterable

from engine.api import AccountView, ActAsk, LimitAsk, OffAsk, PauseAsk, SizeAsk

OWN = ("", "person")  # kinds of hold that a pause makes; an older engine tells none


def is_as_left(of: ActAsk | None, who: str, views: Iterable[AccountView]) -> bool:
    """Say whether these accounts are as the act ``of`` the person ``who`` left them: nobody has stopped or sized them since."""
    followers = [view for view in views if view.role == "follower"]
    match of:
        case PauseAsk():
            return all(hold.who == who and hold.kind in OWN for view in followers for hold in view.holds)
        case OffAsk():
            return all(hold.who == who for view in followers for hold in view.holds if hold.kind == "off")
        case SizeAsk(factor=factor):
            return all(view.factor == factor for view in followers)
        case LimitAsk(kind=kind, figure=figure):
            return all(view.own_limits.get(kind) == figure for view in followers)
        case _:
            return True

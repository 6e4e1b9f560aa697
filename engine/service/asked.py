"""Asked: what every ask carries, and how one is refused that makes no sense."""

from engine.api.requests import ActAsk
from engine.errors import LockstepError


class AskError(LockstepError):
    """An ask that cannot be carried out as it stands; the line says what to change."""


def check(ask: ActAsk) -> None:
    """Look at what every ask carries.

    Raises: AskError.
    """
    if not ask.key or len(ask.key) > 120:
        raise AskError("key: give each act a key of its own, of 1 to 120 characters")
    if not ask.by or len(ask.by) > 120:
        raise AskError("by: say who asks, in 1 to 120 characters")
    if len(ask.who) > 120:
        raise AskError("who: 120 characters at most")

"""Unanswered: nobody answered a P1: what it concerns is paused, once; exits go on."""

import logging

from bot.core.alertgroup import Group
from bot.core.command import Engine
from engine.api import LockstepError, PauseAsk

log = logging.getLogger(__name__)


async def pause(engine: Engine, group: Group) -> str:
    """Pause it; why that did not arrive, empty where it did. However often it is sent, it is one act."""
    scope = (
        next(iter(group.accounts)) if len(group.accounts) == 1 else group.labels.group or group.labels.scope or "all"
    )
    ask = PauseAsk(key=f"unanswered-{group.id}", by="alert policy", scope=scope, reason=f"{group.name} unanswered")
    try:
        await engine.send(ask)
    except LockstepError as error:
        log.exception("the pause for %s did not arrive", group.name)
        return str(error)
    return ""

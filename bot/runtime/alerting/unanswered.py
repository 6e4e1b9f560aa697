"""Unanswered: nobody answered a P1: what it concerns is paused, once; exits go on."""

import logging

from bot.core.alertgroup import Group
from bot.core.command import Engine
from engine.api import LockstepError, PauseAsk

log = logging.getLogger(__name__)


async def pause(engine: Engine, group: Group) -> str:
    """Pause it; why that did not arrive, empty where it did. However often it is sent, it is one act."""
    key, reason = f"unanswered-{group.id}", f"{group.name} unanswered"
    ask = PauseAsk(key=key, by="alert policy", scope=scope_of(group), reason=reason)
    try:
        await engine.send(ask)
    except LockstepError as error:
        log.exception("the pause for %s did not arrive", group.name)
        return str(error)
    return ""


def scope_of(group: Group) -> str:
    """Whom it concerns, as a person would type it: a leader means his group; all where somebody is not named."""
    parts: dict[str, None] = {}
    for labels in [member.labels for member in group.live or group.members]:
        is_leader = bool(labels.group) and labels.leader == labels.account
        named = labels.group if is_leader else labels.account or labels.group or labels.line or labels.scope
        parts[named or "all"] = None
    return "all" if "all" in parts or not parts else ",".join(parts)

"""Bridge: keeps one platform connected. A line that breaks is built again, later each time, and its trouble is told."""

import logging
from collections.abc import Callable

from bot.core.chat import Chat, Clock, Door
from engine.api import LockstepError

FIRST_S = 1.0
LONGEST_S = 60.0
STEADY_S = 120.0  # a line that held so long begins again with a short wait

log = logging.getLogger(__name__)


async def keep(name: str, chat: Chat, door: Door, clock: Clock, tell: Callable[[str, str], None]) -> None:
    """Serve a platform for ever; ``tell`` hears its name and what broke, an empty text when it serves again."""
    wait_s = FIRST_S
    while True:
        since = clock.monotonic()
        try:
            await chat.run(door)
            trouble = "the connection ended"
        except LockstepError as error:
            trouble = str(error)
        log.warning("%s: %s", name, trouble)
        tell(name, trouble)
        wait_s = FIRST_S if clock.monotonic() - since >= STEADY_S else min(LONGEST_S, wait_s * 2)
        await clock.sleep(wait_s)

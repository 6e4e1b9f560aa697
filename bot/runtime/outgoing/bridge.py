"""Bridge: keeps one platform connected. A line that breaks is built again, later each time, and its trouble is logged.

People hear of it by the platform's health (``watchman``).
"""

import logging

from bot.core.chat import Chat, Clock, Door
from bot.runtime.lasting import tried
from engine.api import LockstepError

FIRST_S = 1.0
LONGEST_S = 60.0
STEADY_S = 120.0  # a line that held so long begins again with a short wait

log = logging.getLogger(__name__)


async def keep(name: str, chat: Chat, door: Door, clock: Clock) -> None:
    """Serve a platform for ever."""
    wait_s = FIRST_S
    while True:
        since = clock.monotonic()
        error = await tried(chat.run(door))
        known = error is None or isinstance(error, LockstepError)
        trouble = "the connection ended" if error is None else str(error) if known else f"a fault in the bot: {error!r}"
        log.warning("%s: %s", name, trouble, exc_info=None if known else error)
        wait_s = FIRST_S if clock.monotonic() - since >= STEADY_S else min(LONGEST_S, wait_s * 2)
        await clock.sleep(wait_s)

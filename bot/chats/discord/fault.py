"""Discord's refusals as the port's: what to do about each, told apart in one place; no word of it holds the token."""

import aiohttp
import discord

from bot.core.chat import LaterError, UnreachableError, UnsureError, VanishedError
from engine.api import LockstepError

UNKNOWN_MESSAGE = 10008
UNKNOWN_INTERACTION = (10062, 10015, 50027)  # older than three seconds; older than fifteen minutes
UNKNOWN_CHANNEL = 10003
NO_RIGHT = (50013, 50001)
HAS_THREAD = 160004
NO_THREADS = (50024, 50068)  # a kind of channel, or of message, that has none
FULL = 160006
ARCHIVED = 50083
LOCKED = (ARCHIVED, 160005)
ANSWERED = 40060
NOT_OURS = 50005
AWAY_S = 5.0  # the line is down: how soon it is tried again
BANNED_S = 60.0  # refused before Discord itself saw it, without a word how long
TOKEN_S = 60.0
CLOSED = RuntimeError  # what the library's session says once it is closed
FAULTS = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError, CLOSED)


def name_of(error: BaseException) -> str:
    """What happened, in words that never hold the token or an address."""
    if isinstance(error, discord.HTTPException):
        return f"{error.status} {error.text or type(error).__name__} ({error.code})"
    return type(error).__name__


def is_late(error: BaseException) -> bool:
    """Say whether an interaction can no longer be answered as such: its message goes to the channel instead."""
    return isinstance(error, discord.HTTPException) and error.code in UNKNOWN_INTERACTION


def fault(error: BaseException, *, is_edit: bool) -> LockstepError:
    """What to do about a refusal. An edit may be done twice, and a message too: its nonce shows it once."""
    text = name_of(error)
    match error:
        case LockstepError():
            return error
        case discord.RateLimited():
            return LaterError(f"too many messages; again in {error.retry_after:g} s", max(0.1, error.retry_after))
        case discord.HTTPException(status=429):
            return LaterError(f"too many messages: {text}", _after(error), is_whole=_is_whole(error))
        case discord.HTTPException(status=401) | discord.LoginFailure():
            return LaterError("the token is not accepted", TOKEN_S, is_whole=True)
        case discord.DiscordServerError():
            return UnsureError(text)
        case discord.HTTPException() if is_edit and error.code in (UNKNOWN_MESSAGE, NOT_OURS):
            return VanishedError(text)
        case discord.HTTPException():
            return UnreachableError(text)
        case aiohttp.ClientConnectorError() | RuntimeError():
            return LaterError(f"no line to Discord: {text}", AWAY_S, is_whole=True)
        case aiohttp.ClientError() | OSError() | TimeoutError():
            return UnsureError(f"no answer: {text}")
        case _:
            return UnreachableError(text)


def _is_whole(error: discord.HTTPException) -> bool:
    """Say whether the limit is everybody's, or the front door refused: Discord itself passes its answers on by ``Via``."""
    headers = error.response.headers
    return "Via" not in headers or "X-RateLimit-Global" in headers


def _after(error: discord.HTTPException) -> float:
    said = error.response.headers.get("Retry-After", "")
    try:
        return max(0.1, float(said))
    except ValueError:
        return BANNED_S

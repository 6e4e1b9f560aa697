"""Telegram's refusals as the port's: what to do about each, told apart in one place; no word of it holds the token."""

from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.core.chat import LaterError, MovedError, UnreachableError, UnsureError, VanishedError
from engine.api import LockstepError

SAME = ("message is not modified",)
GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
)
NO_THREAD = ("message thread not found", "topic_deleted", "topic_id_invalid", "topic not found")
NO_FORUM = ("chat is not a forum",)
SAME_TOPIC = ("topic_not_modified",)
NO_RIGHT = ("not enough rights", "topic_closed")
NO_MARKUP = ("can't parse entities", "can't parse inline", "entities_too_long", "entity_bounds_invalid")
NO_TEXT = ("there is no text in the message to edit",)
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
TOO_MANY = "too many requests"
UNTOLD_S = 5.0  # too much was sent, and no word how long to wait
AWAY_S = 5.0  # the line is down: how soon it is tried again
TOKEN_S = 60.0


def says(error: TelegramError, words: tuple[str, ...]) -> bool:
    """Say whether a refusal is one of these."""
    return isinstance(error, BadRequest) and any(word in error.message.lower() for word in words)


def seconds(error: RetryAfter) -> float:
    """How long to wait: the library gives a number or a span, by a setting of the environment."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


def name_of(error: TelegramError) -> str:
    """What happened, in words that never hold the token or an address."""
    match error:
        case InvalidToken():
            return "the token is not accepted"
        case BadRequest() | Forbidden():
            return error.message
        case NetworkError() if error.__cause__ is not None:
            return type(error.__cause__).__name__
        case _:
            return type(error).__name__


def fault(error: TelegramError, *, is_edit: bool = False) -> LockstepError:
    """What to do about a refusal. An edit that may have arrived is simply done again: twice is the same."""
    text = name_of(error)
    match error:
        case RetryAfter():
            return LaterError(f"too many messages; again in {seconds(error):g} s", max(0.1, seconds(error)))
        case ChatMigrated():
            return MovedError(f"telegram:{error.new_chat_id}")
        case InvalidToken():
            return LaterError(text, TOKEN_S, is_whole=True)
        case BadRequest() if is_edit and says(error, GONE):
            return VanishedError(text)
        case BadRequest() | Forbidden():
            return UnreachableError(text)
        case NetworkError() if TOO_MANY in error.message.lower():
            return LaterError(f"too many messages; again in {UNTOLD_S:g} s", UNTOLD_S)
        case NetworkError():
            left = not isinstance(error.__cause__, NEVER_LEFT) and not isinstance(error.__cause__, RuntimeError)
            if left and not is_edit:
                return UnsureError(f"no answer: {text}")
            return LaterError(f"no line to Telegram: {text}", AWAY_S, is_whole=True)
        case _:
            return UnreachableError(text)

"""The console: a platform of equal rank, the demo's front end and the test double."""

from bot.chats.console.screen import Console, Options
from bot.core.chat import ChatSpec, Limits

CHAT = ChatSpec(name="console", options=Options, limits=Limits(), connect=Console, is_fleeting=True)

__all__ = ["CHAT", "Console", "Options"]

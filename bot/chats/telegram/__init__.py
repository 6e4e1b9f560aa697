"""Telegram, on python-telegram-bot."""

from bot.chats.telegram.line import Telegram
from bot.chats.telegram.option import Options
from bot.chats.telegram.place import NAME, budget
from bot.chats.telegram.probe import probe
from bot.core.chat import ChatSpec, Limits

CHAT = ChatSpec(
    name=NAME,
    options=Options,
    limits=Limits(),
    connect=Telegram,
    secrets=("token",),
    budget=budget,
    repeats=True,
    probe=probe,
    close=Telegram.close,
)

__all__ = ["CHAT", "Options", "Telegram"]

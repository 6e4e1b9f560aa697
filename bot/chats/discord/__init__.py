"""Discord, on discord.py."""

from bot.chats.discord.line import Discord
from bot.chats.discord.option import Options
from bot.chats.discord.place import NAME, budget
from bot.chats.discord.probe import probe
from bot.core.chat import ChatSpec, Limits

CHAT = ChatSpec(
    name=NAME,
    options=Options,
    limits=Limits(text=4000, buttons=20, handle_bytes=64),
    connect=Discord,
    secrets=("token",),
    budget=budget,
    repeats=False,
    probe=probe,
)

__all__ = ["CHAT", "Discord", "Options"]

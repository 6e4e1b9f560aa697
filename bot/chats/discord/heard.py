"""Interactions and messages as ``Incoming``: the one reading of what people do on Discord, and the marks on what must not act.

Whoever writes is known by a numeric id alone. What a webhook, a bot, a foreign server or an install of a single user sends is
marked as odd. Edited messages are not read at all.
"""

from datetime import datetime
from typing import Any

import discord

from bot.chats.discord.place import Place
from bot.core.chat import Incoming

WORDS = (discord.MessageType.default, discord.MessageType.reply)


def of_interaction(
    interaction: discord.Interaction[Any], guild: int, at: datetime, *, text: str = "", handle: str = ""
) -> Incoming:
    """A command, a press or a filled form."""
    user = interaction.user
    place = place_of_interaction(interaction)
    return Incoming(
        chat=place.address,
        user=f"{user.id}",
        at=at,
        text=text,
        handle=handle,
        name=user.display_name,
        is_private=place.is_private,
        update=f"i{interaction.id}",
        post=f"{interaction.message.id}" if interaction.message is not None else "",
        odd=_odd_interaction(interaction, guild),
        place=f"{interaction.guild_id or ''}",
    )


def place_of_interaction(interaction: discord.Interaction[Any]) -> Place:
    """Where it happened; alone with the bot outside of servers."""
    if interaction.guild_id is None:
        return Place(user=interaction.user.id)
    return Place(channel=interaction.channel_id or 0)


def _odd_interaction(interaction: discord.Interaction[Any], guild: int) -> str:
    if interaction.user.bot:
        return "bot"
    if interaction.context.private_channel:
        return "group"
    if interaction.is_user_integration() and not interaction.is_guild_integration():
        return "user-install"
    if interaction.guild_id is not None and interaction.guild_id != guild:
        return "foreign"
    return ""


def of_message(message: discord.Message, me: int, guild: int) -> Incoming | None:
    """A message in private, or one that calls us; None for everything else that people tell each other."""
    is_private = isinstance(message.channel, discord.DMChannel)  # a server that is not ours has no guild here, either
    calls = any(user.id == me for user in message.mentions)
    text = message.content
    for call in (f"<@{me}>", f"<@!{me}>"):
        text = text.replace(call, " ")
    if message.author.id == me or message.type not in WORDS or not (is_private or calls) or not text.strip():
        return None
    answered = message.reference
    place = Place(user=message.author.id) if is_private else Place(channel=message.channel.id)
    return Incoming(
        chat=place.address,
        user=f"{message.author.id}",
        at=message.created_at,
        text=text.strip(),
        name=message.author.display_name,
        is_private=is_private,
        update=f"m{message.id}",
        post=f"{message.id}",
        replied=f"{answered.message_id}" if answered is not None and answered.message_id is not None else "",
        odd=_odd_message(message, guild),
        place=f"{message.guild.id}" if message.guild is not None else "",
    )


def _odd_message(message: discord.Message, guild: int) -> str:
    if message.webhook_id is not None:
        return "webhook"
    if message.author.bot or message.author.system:
        return "bot"
    if message.message_snapshots:
        return "forwarded"
    if isinstance(message.channel, discord.DMChannel):
        return ""
    return "" if message.guild is not None and message.guild.id == guild else "foreign"

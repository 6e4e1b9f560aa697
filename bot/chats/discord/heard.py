"""Interactions and messages as ``Incoming``: the one reading of what people do on Discord, and the marks on what must not act.

Whoever writes is known by a numeric id alone. What a webhook, a bot, a foreign server or an install of a single user sends is
marked as odd. Edited messages are not read at all.
"""

from datetime import datetime
from typing import Any

import discord

from bot.chats.discord.place import Place
from bot.core.chat import ACK_SIGN, Incoming

WORDS = (discord.MessageType.default, discord.MessageType.reply)


def of_interaction(
    interaction: discord.Interaction[Any],
    guild: int,
    at: datetime,
    *,
    text: str = "",
    handle: str = "",
    replied: str = "",
) -> Incoming:
    """A command, a press, a filled form, or (``replied``) a question what may be done about a message."""
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
        replied=replied,
        odd=_odd_interaction(interaction, guild),
        place=f"{interaction.guild_id or ''}",
    )


def place_of_interaction(interaction: discord.Interaction[Any]) -> Place:
    """Where it happened; alone with the bot outside of servers."""
    if interaction.guild_id is None:
        return Place(user=interaction.user.id)
    return Place(channel=interaction.channel_id or 0)


def is_aside(interaction: discord.Interaction[Any], *, is_quiet: bool) -> bool:
    """Say whether nobody else sees what is asked: a quiet command in a server, a press on a card that one person sees."""
    if interaction.guild_id is None:
        return False
    if interaction.type is discord.InteractionType.application_command:
        return is_quiet
    return interaction.message is not None and interaction.message.flags.ephemeral


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


def of_reaction(change: discord.RawReactionActionEvent, me: int, guild: int, at: datetime) -> Incoming | None:
    """A thumb up, of any colour, on a message of ours; None for every other sign.

    Discord numbers no reactions: a person's on one message count once a minute.
    """
    is_ours = change.message_author_id in (me, None) and change.user_id != me
    if not is_ours or not (change.emoji.is_unicode_emoji() and change.emoji.name.startswith(ACK_SIGN)):
        return None
    place = Place(user=change.user_id) if change.guild_id is None else Place(channel=change.channel_id)
    is_foreign = change.guild_id is not None and change.guild_id != guild
    is_bot = change.member is not None and change.member.bot
    return Incoming(
        chat=place.address,
        user=f"{change.user_id}",
        at=at,
        name=change.member.display_name if change.member is not None else "",
        is_private=place.is_private,
        is_summons=False,
        update=f"r{change.message_id}.{change.user_id}.{int(at.timestamp()) // 60}",
        post=f"{change.message_id}",
        sign=ACK_SIGN,
        odd="bot" if is_bot else "foreign" if is_foreign else "",
        place=f"{change.guild_id or ''}",
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

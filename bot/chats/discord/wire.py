"""Where Discord is: the one place that turns the library to another server than Discord's own."""

import discord.http
import yarl
from discord.gateway import DiscordWebSocket

from bot.chats.discord.option import GATEWAY, REST, Options


def aim(options: Options) -> None:
    """Let the library speak to the server of the settings. It keeps that for the whole process."""
    if options.base_url != REST:
        discord.http.Route.BASE = options.base_url.rstrip("/")
    if options.gateway_url != GATEWAY:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(options.gateway_url)

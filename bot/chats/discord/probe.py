"""A look at Discord before the start: is the token right, is the bot in the desk's server, what may it do, the invite link."""

import discord

from bot.chats.discord.fault import FAULTS, name_of
from bot.chats.discord.option import Options
from bot.chats.discord.wire import aim
from bot.core.chat import Finding

BAD_TOKEN = "the token is not accepted: put the one of the Bot page of the developer portal into .env"  # noqa: S105  words
NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    read_message_history=True,
    attach_files=True,
    pin_messages=True,
)
SCOPES = ("bot", "applications.commands")


def invite(application: int, guild: int) -> str:
    """The link by which an admin of the server lets the bot in, with what it needs and no more."""
    return discord.utils.oauth_url(application, permissions=NEEDED, guild=discord.Object(guild), scopes=SCOPES)


async def probe(options: Options) -> list[Finding]:
    """Ask Discord who we are and what we may."""
    aim(options)
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30.0)
    try:
        async with client:
            await client.login(options.token)
            return await _look(client, options)
    except discord.LoginFailure:
        return [Finding(mark="!!", text=BAD_TOKEN)]
    except FAULTS as error:
        return [Finding(mark="!!", text=f"no answer: {name_of(error)}")]


async def _look(client: discord.Client, options: Options) -> list[Finding]:
    application, me = client.application, client.user
    if application is None or me is None:
        return [Finding(mark="!!", text="Discord does not say which application the token belongs to")]
    found = [Finding(mark="ok", text=f"{me.name} answers")]
    link = invite(application.id, options.guild)
    if application.interactions_endpoint_url:
        text = "the application has an Interactions Endpoint URL: empty it in the developer portal, or no press arrives"
        found.append(Finding(mark="!!", text=text))
    if application.bot_public:
        text = "anybody may invite this bot; switch Public Bot off in the developer portal"
        found.append(Finding(mark="--", text=text))
    try:
        guild = await client.fetch_guild(options.guild, with_counts=False)
        member = await guild.fetch_member(me.id)
    except (discord.NotFound, discord.Forbidden):
        found.append(Finding(mark="!!", text=f"the bot is not in the server {options.guild}; let it in: {link}"))
        return found
    has = member.guild_permissions
    missing = [name for name, wanted in NEEDED if wanted and not getattr(has, name)]
    if missing:
        text = f"it lacks {', '.join(missing)} in {guild.name}; grant that, or let it in anew: {link}"
        found.append(Finding(mark="!!", text=text))
    else:
        found.append(Finding(mark="ok", text=f"it is in {guild.name} and may do what it needs"))
    found.append(Finding(mark="--", text=f"invite link: {link}"))
    return found

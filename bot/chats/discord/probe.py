"""A look at Discord before the start: is the token right, is the bot in the desk's server, what may it do, the invite link."""

from urllib.parse import urlsplit

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


MANY = 20


def invite(application: int, guild: int = 0) -> str:
    """The link by which an admin of the server lets the bot in, with what it needs and no more."""
    place = discord.Object(guild) if guild else discord.utils.MISSING
    return discord.utils.oauth_url(application, permissions=NEEDED, guild=place, scopes=SCOPES)


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
        return [Finding(mark="!!", text=f"{urlsplit(options.base_url).netloc} does not answer ({name_of(error)})")]


async def _look(client: discord.Client, options: Options) -> list[Finding]:
    application, me = client.application, client.user
    if application is None or me is None:
        return [Finding(mark="!!", text="Discord does not say which application the token belongs to")]
    found = [Finding(mark="ok", text=f"{me.name} answers")]
    if application.interactions_endpoint_url:
        text = "the application has an Interactions Endpoint URL: empty it in the developer portal, or no press arrives"
        found.append(Finding(mark="!!", text=text))
    if application.bot_public:
        text = "anybody may invite this bot; switch Public Bot off in the developer portal"
        found.append(Finding(mark="--", text=text))
    server = options.guild
    if not server:
        home = await _home(client, application.id)
        found.append(home)
        server = home.fix.get("guild", 0)
    return found + (await _place(client, me, server, invite(application.id, server)) if server else [])


async def _home(client: discord.Client, application: int) -> Finding:
    """The one server that the bot is in, where the settings name none."""
    guilds = [guild async for guild in client.fetch_guilds(limit=MANY, with_counts=False)]
    if len(guilds) == 1:
        text = f"the bot is in {guilds[0].name}: write guild = {guilds[0].id} into the [discord] table of desk.toml"
        return Finding(mark="!!", text=text, fix={"guild": guilds[0].id})
    if not guilds:
        return Finding(mark="!!", text=f"the bot is in no server yet; let it in, then try again: {invite(application)}")
    names = ", ".join(f"{guild.id} ({guild.name})" for guild in guilds)
    text = f"write guild = … of the desk's server into the [discord] table of desk.toml; the bot is in {names}"
    return Finding(mark="!!", text=text)


async def _place(client: discord.Client, me: discord.ClientUser, server: int, link: str) -> list[Finding]:
    """What the bot may do in its server."""
    try:
        guild = await client.fetch_guild(server, with_counts=False)
        member = await guild.fetch_member(me.id)
    except (discord.NotFound, discord.Forbidden):
        text = f"the bot is not in the server {server}; let it in, then try again: {link}"
        return [Finding(mark="!!", text=text)]
    has, reach = member.guild_permissions, f"{me.name} (in the server {guild.name} click its name, Message)"
    missing = [name for name, wanted in NEEDED if wanted and not getattr(has, name)]
    if missing:
        text = f"it lacks {', '.join(missing)} in {guild.name}; grant that, or let it in anew: {link}"
        seen = Finding(mark="!!", text=text, reach=reach)
    else:
        seen = Finding(mark="ok", text=f"it is in {guild.name} and may do what it needs", reach=reach)
    return [seen, Finding(mark="--", text=f"invite link: {link}")]

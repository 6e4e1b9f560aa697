"""A look at Telegram before the start: is the token right, who is the bot, and how is it set up."""

from urllib.parse import urlsplit

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.chats.telegram.fault import name_of
from bot.chats.telegram.option import Options
from bot.chats.telegram.quiet import hush
from bot.core.chat import Finding

BAD_TOKEN = "the token is not accepted: put what @BotFather gave into .env"  # noqa: S105  words about one


async def probe(options: Options) -> list[Finding]:
    """Ask Telegram who we are."""
    hush()
    try:
        bot = Bot(options.token, base_url=f"{options.base_url.rstrip('/')}/bot")
        async with bot:
            me = bot.bot
            webhook = await bot.get_webhook_info()
    except InvalidToken:
        return [Finding(mark="!!", text=BAD_TOKEN)]
    except TelegramError as error:
        return [Finding(mark="!!", text=f"{urlsplit(options.base_url).netloc} does not answer ({name_of(error)})")]
    privacy = "sees every message of its groups" if me.can_read_all_group_messages else "sees commands and answers only"
    link = f"https://t.me/{me.username}"
    said = f"@{me.username} answers; {privacy}; write to it: {link}"
    found = [Finding(mark="ok", text=said, reach=f"@{me.username} ({link})")]
    if webhook.url:
        found.append(Finding(mark="--", text="a webhook of another program is set; it is taken away at the start"))
    return found

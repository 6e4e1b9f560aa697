"""Updates as ``Incoming``: the one reading of everything that people do on Telegram, and the marks on what must not act.

Whoever writes is known by a numeric id alone. A text counts when its author typed it himself, now, to us: what was edited,
forwarded, sent through another bot, or in the name of a chat, is marked as odd.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from telegram import (
    CallbackQuery,
    Chat,
    Message,
    MessageEntity,
    MessageReactionUpdated,
    ReactionType,
    ReactionTypeEmoji,
    Update,
    User,
)

from bot.chats.telegram.keyboard import DAILY, handle
from bot.chats.telegram.place import Place
from bot.core.chat import ACK_SIGN, Incoming

READ = {  # kind of update: why nothing of it may run, where that follows from its kind
    "message": "",
    "edited_message": "edited",
    "channel_post": "channel",
    "edited_channel_post": "channel",
    "business_message": "business",
    "edited_business_message": "business",
    "guest_message": "guest",
    "callback_query": "",
}
ALLOWED = (*READ, "my_chat_member", "message_reaction")  # what Telegram is asked to tell us
NOBODY = {1087968824: "anonymous", 136817688: "channel", 777000: "channel"}  # ids that stand for a chat


def incoming(update: Update, me: User, now: datetime) -> Incoming | None:
    """What a person did; None for what is nobody's word to us: chatter, service messages, commands of other bots."""
    if update.callback_query is not None:
        return _press(update, update.callback_query, now)
    if update.message_reaction is not None:
        return _sign(update, update.message_reaction)
    for kind, why in READ.items():
        message = getattr(update, kind)
        if isinstance(message, Message):
            return _message(update, message, why, me)
    return None


def _press(update: Update, query: CallbackQuery, now: datetime) -> Incoming | None:
    shown = query.message
    if shown is None:  # pressed under an inline result: no chat of ours
        return None
    place = place_of_message(shown.chat, shown.message_thread_id if isinstance(shown, Message) else None, shown)
    return Incoming(
        chat=place.address,
        user=f"{query.from_user.id}",
        at=now,
        handle=handle(query.data or ""),
        name=query.from_user.full_name,
        is_private=place.is_private,
        update=f"{update.update_id}",
        post=f"{shown.message_id}",
        odd="bot" if query.from_user.is_bot else "",
        place=place.group,
    )


def _sign(update: Update, change: MessageReactionUpdated) -> Incoming | None:
    """A thumb up that was put now; who is anonymous is nobody. Telegram does not say in which topic it was."""
    sender = change.user
    if sender is None or ACK_SIGN not in _signs(change.new_reaction) - _signs(change.old_reaction):
        return None
    place = Place(chat=change.chat.id)
    return Incoming(
        chat=place.address,
        user=f"{sender.id}",
        at=change.date,
        name=sender.full_name,
        is_private=place.is_private,
        is_summons=False,
        update=f"{update.update_id}",
        post=f"{change.message_id}",
        sign=ACK_SIGN,
        odd=NOBODY.get(sender.id, "bot" if sender.is_bot else ""),
        place=place.group,
    )


def _signs(reactions: Sequence[ReactionType]) -> set[str]:
    return {one.emoji for one in reactions if isinstance(one, ReactionTypeEmoji)}


def _message(update: Update, message: Message, why: str, me: User) -> Incoming | None:
    place = place_of_message(message.chat, message.message_thread_id, message)
    said, is_ours = words(message, me)
    answered = answered_message(message)
    is_answer = answered is not None and answered.from_user is not None and answered.from_user.id == me.id
    is_summons = said is not None and (place.is_private or is_ours or is_answer)
    if said is None or not is_summons or not said.strip():
        return None
    sender = message.from_user
    return Incoming(
        chat=place.address,
        user=f"{sender.id}" if sender is not None else f"{message.chat.id}",
        at=message.date,
        text=said,
        name=sender.full_name if sender is not None else message.chat.title or "",
        is_private=place.is_private,
        update=f"{update.update_id}",
        post=f"{message.message_id}",
        replied=f"{answered.message_id}" if answered is not None else "",
        odd=why or odd(message),
        place=place.group,
    )


def place_of_message(chat: Chat, thread: int | None, message: object) -> Place:
    """Where a message stands. Groups without topics number threads of answers too: those are no places."""
    is_topic = isinstance(message, Message) and bool(message.is_topic_message)
    return Place(chat=chat.id, thread=thread if is_topic and chat.id < 0 else None)


def answered_message(message: Message) -> Message | None:
    """What it answers. In a topic every message answers the topic's first one, which nobody wrote."""
    answered = message.reply_to_message
    return answered if answered is not None and answered.forum_topic_created is None else None


def odd(message: Message) -> str:
    """Why nothing of a message may run; empty for what a person wrote himself."""
    sender = message.from_user
    marks: Mapping[str, object] = {
        "forwarded": message.forward_origin or message.is_automatic_forward,
        "via-bot": message.via_bot,
        "business": message.business_connection_id or message.sender_business_bot,
        "guest": message.guest_query_id or message.guest_bot_caller_user or message.guest_bot_caller_chat,
        "anonymous": message.sender_chat is not None and message.sender_chat.id == message.chat.id,
        "channel": message.sender_chat,
        "edited": message.edit_date,
        "scheduled": message.is_from_offline,
    }
    found = next((name for name, is_so in marks.items() if is_so), "")
    if found and not (found == "channel" and sender is not None and sender.id in NOBODY):
        return found
    if sender is None:
        return "anonymous"
    return NOBODY.get(sender.id, "bot" if sender.is_bot else "")


def words(message: Message, me: User) -> tuple[str | None, bool]:
    """What was said, without our own name, and whether it was said to us; None for a command of another bot."""
    text = message.text or message.caption or ""
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    name, is_ours = f"@{me.username}".lower(), False
    cuts: list[str] = []
    for entity, said in entities.items():
        if entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0:
            _, at, whom = said.partition("@")
            if at and f"@{whom}".lower() != name:
                return None, False
            is_ours = True
            cuts += [f"@{whom}"] if at else []
        elif (entity.type == MessageEntity.MENTION and said.lower() == name) or (
            entity.type == MessageEntity.TEXT_MENTION and entity.user is not None and entity.user.id == me.id
        ):
            is_ours = True
            cuts.append(said)
    for cut in cuts:
        text = text.replace(cut, "", 1)
    text = text.strip()
    return DAILY.get(text, text), is_ours

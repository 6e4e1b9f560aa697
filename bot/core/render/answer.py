"""What is said to whoever answers an alert's card: what was understood, or which words fit."""

from collections.abc import Container, Sequence
from datetime import datetime, tzinfo

from msgspec.structs import replace

from bot.core.alertgroup import Group
from bot.core.answer import Topic, fitting
from bot.core.card import Card, clip, one_line
from bot.core.command import Reply
from bot.core.render.alert import group_card
from engine.api import Severity


def quoted(reply: Reply, line: str) -> Reply:
    """An answer that says first which line was understood."""
    said = f"understood: {one_line(line)}"
    if reply.intent is not None:
        return replace(reply, intent=replace(reply.intent, remarks=(said, *reply.intent.remarks)))
    if reply.cards:
        first, *others = reply.cards
        return replace(reply, cards=(replace(first, lines=(said, *first.lines)), *others))
    return replace(reply, question=f"{said}. {reply.question}".strip())


def unfit_card(text: str, topics: Sequence[Topic]) -> Card:
    """A word that means nothing here; nothing is done."""
    names = ", ".join(topic.name for topic in topics[:4])
    words = _words(topics)
    if len(topics) == 1 and topics[0].is_over:
        return Card(title=f"{names} is over. Nothing was done.", lines=(words,))
    return Card(title=f"Nothing was done: {clip(one_line(text), 40)!r} is no word for {names}.", lines=(words,))


def which_question(text: str, topics: Sequence[Topic]) -> str:
    """Several may be meant."""
    return f"{', '.join(topic.name for topic in topics[:4])} {clip(one_line(text), 40)!r}: for whom?"


def topic_card(group: Group, topic: Topic, now: datetime, zone: tzinfo, listed: Container[str] = ()) -> Card:
    """The alert as it stands, with the words that it takes; those that stand in a list are not said twice."""
    card = group_card(group, now, zone)
    return replace(card, lines=(*card.lines, _words((topic,), listed)), ref="")


def big_card(name: str) -> Card:
    """A sign is too little for what is grave."""
    return Card(title=f"👍 is too little for {name}, a P1: press Ack, or answer it: ack 20", severity=Severity.P1)


def theirs_card(group: Group) -> Card:
    """A sign takes nothing away from whoever has it."""
    return Card(title=f"{one_line(group.holder)} has {group.name}. To take it: Ack on the card, or answer it: ack 20")


def _words(topics: Sequence[Topic], listed: Container[str] = ()) -> str:
    words = dict.fromkeys(word for topic in topics for word in fitting(topic) if word not in listed)
    return f"Words: {' · '.join(words)}"

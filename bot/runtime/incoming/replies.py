"""Replies: an answer to an alert's card, in words or by a sign, becomes the line that the person would have typed."""

import msgspec

from bot.core.access import Role, reach, sees_all
from bot.core.alertgroup import Group, Stage
from bot.core.answer import SPOKEN, Topic, fitting, meant, split_name, topic_of
from bot.core.card import Card
from bot.core.chat import Incoming
from bot.core.command import Choice
from bot.core.dialogue import Button, Fill
from bot.core.pipeline import AlertError
from bot.core.render.alert import STORM_BUTTONS, group_buttons, list_buttons
from bot.core.render.answer import big_card, theirs_card, topic_card, unfit_card, which_question
from bot.core.render.word import refusal_card
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place
from bot.runtime.alerting.alertdesk import AlertDesk
from bot.runtime.alerting.alerts import Alerts
from bot.storage.outbox import OutboxStore
from engine.api import AccountView, LockstepError, Severity, Value

FORM = "answer"
MOST = 60
NO_CARD = "This message is no alert's card. Alerts: /alerts"


class Meant(Value, frozen=True):
    """What an answer comes to: a line to run, a choice between several, or a card and nothing done."""

    line: str = ""
    question: str = ""
    choices: tuple[Choice, ...] = ()
    card: Card | None = None
    buttons: tuple[Button, ...] = ()
    refused: str = ""  # what the audit keeps of it


class Replies:
    """Knows which message shows which alert."""

    def __init__(self, around: Around, alerts: Alerts, posts: OutboxStore) -> None:
        """``posts`` has every message that shows a card."""
        self._people = around.people
        self._directory = around.directory
        self._clock = around.clock
        self._zone = around.zone
        self._alerts = alerts
        self._posts = posts

    async def read(self, text: str, place: Place) -> Meant | None:
        """What an answer means; None for what is none: a command, or words about nothing in particular.

        Raises: AlertError for an alert that is not there, or that this person may not see.
        """
        if text.startswith("/"):
            return None
        named = split_name(text)
        if named is not None:
            name, words = named
            return await self._about(words, [name], place)
        if not place.incoming.replied:
            return None
        found = self._named_by(place.incoming.chat, place.incoming.replied)
        if found is None:
            return None if text else Meant(card=refusal_card(NO_CARD))
        if not text and found[1]:
            return await self._storm(place)
        return await self._about(text, found[0], place)

    def seated(self, incoming: Incoming) -> Incoming | None:
        """What is about a card, with the chat that the card is for; None for a sign on what shows no alert.

        No sign tells its topic, and a topic's card stands in the group itself where the topic is gone.
        """
        is_on = bool(incoming.sign or incoming.handle)
        post = incoming.post if is_on else incoming.replied
        chat = self._posts.place_of(incoming.chat, post) if post else None
        if incoming.sign and (chat is None or self._named_by(chat, post) is None):
            return None
        return msgspec.structs.replace(incoming, chat=chat) if chat is not None else incoming

    async def signed(self, place: Place) -> Meant | None:
        """What a sign on an alert's card means: an ack of one that is not a P1; None for nothing."""
        found = self._named_by(place.incoming.chat, place.incoming.post)
        if found is None:
            return None
        names, is_storm = found
        if is_storm:
            return Meant(card=refusal_card("👍 is too little for several: press, or answer in words."), refused="storm")
        desk, _ = await self._seen(place)
        group = desk.group(names[0])
        if not group.is_open:
            return None
        if group.severity is Severity.P1:
            return Meant(card=big_card(group.name), refused="a sign on a P1")
        if group.stage is Stage.ACKED:
            is_mine = group.holder_id == place.person.id
            return None if is_mine else Meant(card=theirs_card(group), refused="somebody has it")
        return Meant(line=f"/ack {group.name}")

    def _named_by(self, chat: str, post: str) -> tuple[list[str], bool] | None:
        """The alerts that a message shows, and whether it stands for many."""
        kind, _, rest = (self._posts.ref_of(chat, post) or "").partition(":")
        number = rest.partition(":")[0]
        if kind == "alert" and number.isdecimal():
            return [f"A-{number}"], False
        if kind == "storm" and number.isdecimal():
            return self._alerts.stormed(chat, int(number)), True
        return None

    async def _seen(self, place: Place) -> tuple[AlertDesk, frozenset[str] | None]:
        """The alerts as this person may see them here, and of which accounts.

        Raises: AlertError where nothing may be seen.
        """
        now = self._clock.now()
        if not place.may(Role.VIEWER, now):
            raise AlertError("nothing was done: this needs the role viewer here")
        seen = None
        if not sees_all(place.person, place.room, now):
            seen = reach(place.person, place.room, Role.VIEWER, now, await self._directory.views())
        return AlertDesk(self._alerts, place.person, place.incoming.platform, now, seen), seen

    async def _views(self) -> tuple[AccountView, ...]:
        """Accounts, as known while the engine is silent: who has an alert is said without it."""
        try:
            return await self._directory.views()
        except LockstepError:
            return self._directory.known

    async def _about(self, words: str, names: list[str], place: Place) -> Meant:
        desk, seen = await self._seen(place)
        groups = [desk.group(names[0])] if len(names) == 1 else _visible(desk, names)
        if not groups:
            raise AlertError("none of these is open any more; open ones: /alerts")
        views = await self._views()
        topics = [topic_of(group, views, seen) for group in groups]
        if not words:
            return self._whole(groups[0], topics[0], place)
        choices = [(topic, choice) for topic in topics for choice in meant(words, topic)]
        lines = list(dict.fromkeys(choice.line for _, choice in choices))
        if not lines:
            return Meant(card=unfit_card(words, topics), refused="no word for this alert")
        if len(lines) == 1:
            return Meant(line=lines[0])
        several = len({topic.name for topic, _ in choices}) > 1
        labels = {choice.line: _label(topic, choice, several) for topic, choice in reversed(choices)}
        return Meant(
            question=which_question(words, topics),
            choices=tuple(Choice(label=labels[line], line=line) for line in lines[:MOST]),
        )

    def _whole(self, group: Group, topic: Topic, place: Place) -> Meant:
        """No word yet: the alert with its buttons; where nothing was written also the words, as a form and as a list."""
        zone = self._people.zone_of(place.person.id) or self._zone
        buttons, listed = group_buttons(group), _listed(topic)
        if not place.incoming.text and not place.incoming.handle:
            form = Button(label="In words…", key="w", payload=Fill(line=group.name, kind=FORM), form=FORM)
            buttons = (form, *buttons, *listed)
            named = {button.label for button in listed}
            return Meant(card=topic_card(group, topic, self._clock.now(), zone, named), buttons=buttons)
        return Meant(card=topic_card(group, topic, self._clock.now(), zone), buttons=buttons)

    async def _storm(self, place: Place) -> Meant:
        desk, _ = await self._seen(place)
        card = Card(title="Several alerts: which?", lines=("In words: answer the card, or A-12 half",))
        return Meant(card=card, buttons=(*list_buttons(desk.open())[:3], *STORM_BUTTONS))


def _listed(topic: Topic) -> list[Button]:
    """Words that need nothing further, each as one of a list."""
    found = {word: meant(word, topic) for word in fitting(topic)}
    lines = [(word, f"{topic.name} {word}") for word, choices in found.items() if choices and word not in SPOKEN]
    return [
        Button(label=word, key=f"{number}", payload=Fill(line=line, kind=FORM), is_choice=True)
        for number, (word, line) in enumerate(lines, 1)
    ]


def _visible(desk: AlertDesk, names: list[str]) -> list[Group]:
    return [group for group in desk.open() if group.name in names]


def _label(topic: Topic, choice: Choice, several: bool) -> str:
    """Which alert, and whom of it."""
    return f"{topic.name} {choice.label}" if several and choice.label != topic.name else choice.label

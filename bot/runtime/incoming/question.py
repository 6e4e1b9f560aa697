"""Questions: what a person still has to say before a command can run: chosen from a list, filled into a form, or written next.

Where a form cannot be opened the answer is the next thing that the person writes there: a row waits for it, also over a
restart. What begins with a slash, or reads as a command by itself, is a command and never an answer.
"""

from collections.abc import Sequence

import msgspec

from bot.core.access import ALL, reach
from bot.core.card import Card
from bot.core.chat import Incoming, Message
from bot.core.command import Choice, Command, Reply
from bot.core.dialogue import CHOICE_S, GLASS, TEXT, Button, Drop, Fill, Run
from bot.core.menu import CHOICES, words_of
from bot.core.render.word import choice_card, words_card
from bot.core.words import Missing
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place
from bot.runtime.desk.names import scope_choices
from bot.runtime.people.audience import reader_of

ASKED = {"note": "reason", "resolve": "reason", "breakglass": GLASS}  # what asks for words, and by which form
CANCEL = frozenset({"cancel", "/cancel"})


class Questions:
    """Asks people, and shows them what is answered."""

    def __init__(self, around: Around) -> None:
        """Over what every part of the controller works with."""
        self._dialogue = around.dialogue
        self._directory = around.directory
        self._clock = around.clock
        self._show = around.show

    async def missing(self, missing: Missing, command: Command, words: Sequence[str], place: Place) -> None:
        """Ask for what a command lacks: an account from a list, a reason in words; else say how it is written."""
        kind = ASKED.get(command.name)
        if kind is not None and words and missing.is_rest:
            await self.ask(Fill(line=f"/{command.name} {' '.join(words)}", kind=kind), place)
            return
        if missing.field != "scope" and words and (picked := words_of(command, missing.field)):
            line = f"{command.name} {' '.join(words)}"
            choices = [Choice(label=word, line=f"/{line} {word}") for word in picked]
            await self.choose(f"{line} …?", choices, place)
            return
        if missing.field != "scope":
            card = Card(
                title=f"Not done: {missing.field} is missing.",
                lines=(f"Usage: {command.syntax}", f"For example: {command.examples[0]}"),
            )
            await self.say(place.incoming, card)
            return
        await self.whom(command, words, place)

    async def whom(self, command: Command, words: Sequence[str], place: Place) -> None:
        """Ask for whom, of those on whom this person may act here."""
        words = [word for word in words if word.lower() != ALL]
        views = await self._directory.views()
        mine = reach(place.person, place.room, command.role, self._clock.now(), views)
        shown = tuple(view for view in views if view.id in mine)
        choices = scope_choices(shown, command, words, whole=len(shown) == len(views))
        await self.choose(f"{command.name.upper()} which?", choices, place)

    async def choose(self, question: str, choices: Sequence[Choice], place: Place) -> None:
        """One of many, each with the line that it stands for."""
        buttons = [
            Button(
                label=choice.label,
                key=str(number),
                payload=Run(line=choice.line, once=True, post=place.asked),
                is_choice=True,
            )
            for number, choice in enumerate(choices, 1)
        ]
        buttons.append(Button(label="Cancel", key="n", payload=Drop()))
        await self.offer(choice_card(question), buttons, place)

    async def ask(self, fill: Fill, place: Place) -> None:
        """In words: by a form, or as the next thing that the person writes here."""
        fill = msgspec.structs.replace(fill, once=True, post=place.asked)
        buttons = (
            Button(label="Write it…", key="w", payload=fill, form=fill.kind),
            Button(label="Cancel", key="n", payload=Drop()),
            Button(label="", key="", payload=fill),  # waits for the text
        )
        await self.offer(words_card(fill.line), buttons, place, word=TEXT)

    async def filled(self, fill: Fill, place: Place) -> str:
        """The line that a form's words complete; empty where they are asked for first."""
        said = " ".join(f"{place.incoming.text} {place.incoming.reason}".split())
        if said:
            return f"{fill.line} {said}"
        if fill.kind in ASKED.values():
            await self.ask(fill, place)
            return ""
        choices = [Choice(label=word, line=f"{fill.line} {word}") for word in CHOICES.get(fill.kind, ())]
        await self.choose(f"{fill.line.lstrip('/')} …?", choices, place)
        return ""

    def waits(self, text: str, place: Place) -> bool:
        """Say whether what was written may be the answer to a question."""
        return bool(text) and not text.startswith("/") and self._dialogue.waits(TEXT, place.seat, self._clock.now())

    async def offer(
        self,
        card: Card,
        buttons: Sequence[Button],
        place: Place,
        *,
        ttl_s: float = CHOICE_S,
        reply: Reply | None = None,
        word: str = "",
    ) -> None:
        """Answer with a card and its buttons."""
        actions = self._dialogue.offer(place.seat, buttons, now=self._clock.now(), ttl_s=ttl_s, word=word)
        card = msgspec.structs.replace(card, actions=actions)
        await self.say(place.incoming, card, reply, anew=place.line, asks=bool(word))

    async def say(
        self, incoming: Incoming, card: Card, reply: Reply | None = None, *, anew: str = "", asks: bool = False
    ) -> None:
        """Answer with a card."""
        message = Message(
            chat=incoming.chat,
            card=card,
            answers=incoming.update,
            is_private=True,
            reader=reader_of(incoming),
            is_fresh=not incoming.handle,
            anew=anew,
            asks=asks,
        )
        if reply is not None:
            message = msgspec.structs.replace(message, files=reply.files, is_secret=reply.is_secret)
        await self._show(message)

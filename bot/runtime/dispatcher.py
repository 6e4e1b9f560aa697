"""Incoming to reply: who, what, may they, is it confirmed; a slow command never delays the next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import msgspec

from bot.core.access import Level, Person, Role, may
from bot.core.card import Card, Look
from bot.core.chat import Clock, Entry, Field, Incoming, Message
from bot.core.command import Choice, Command, Desk, Engine, Reply, Venue, find, nearest, split_line
from bot.core.dialogue import (
    CHOICE_S,
    CONFIRM_S,
    UNDO_S,
    WORD_S,
    Button,
    Confirm,
    Dialogue,
    Drop,
    Intent,
    Payload,
    Propose,
    Run,
    Seat,
    Turned,
    Undo,
    asks_again,
    binds_version,
    level_of,
    needs_preview,
    word_of,
)
from bot.core.menu import entries, suggest
from bot.core.render.act import preview_card
from bot.core.render.word import choice_card, command_card, refusal_card, unknown_card
from bot.core.words import Account, Context, Instrument, Lexicon, Missing, Scope, Wrong, parse, slots
from bot.runtime.names import complete, lexicon_of, scope_choices
from bot.runtime.proofs import Proofs, Show, Track
from bot.runtime.watch import Watch
from engine.api import LockstepError, Severity, Value
from engine.api.client import EngineError

FRESH_S = 60.0
NAMED = (Scope, Account, Instrument)

log = logging.getLogger(__name__)


class Place(Value, frozen=True):
    """Who writes, and where."""

    person: Person
    seat: Seat
    ceiling: Role


class Dispatcher:
    """Answers every command and every press."""

    def __init__(
        self,
        *,
        engine: Engine,
        show: Show,
        proofs: Proofs,
        watch: Watch,
        clock: Clock,
        zone: tzinfo,
        commands: Mapping[str, Command],
        people: Mapping[str, Person],
        mint: Callable[[], str],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        venue: Venue | None = None,
        ceiling: Role = Role.OWNER,
    ) -> None:
        """``people`` by identity; ``start`` starts a task that ends with the bot."""
        self._engine = engine
        self._show = show
        self._proofs = proofs
        self._watch = watch
        self._clock = clock
        self._zone = zone
        self._commands = {
            name: command for name, command in commands.items() if venue is not None or not command.needs_venue
        }
        self._people = people
        self._mint = mint
        self._start = start
        self._venue = venue
        self._ceiling = ceiling
        self._dialogue = Dialogue(mint)
        self._lexicon = Lexicon()

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        """Start answering at once; the result ends when the reply was shown."""
        self._watch.mark()
        return self._start(self._answer(incoming))

    def complete(self, text: str) -> list[str]:
        """Words that may stand at the end of ``text``."""
        return complete(text, self._commands, self._lexicon)

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:  # noqa: ARG002  the port has it
        """Commands that this person may use there; all that there are without a name."""
        if not identity:
            return entries(self._commands.values())
        person = self._people.get(identity)
        if person is None:
            return ()
        return entries(one for one in self._commands.values() if may(person, self._ceiling, one.role))

    def suggest(self, identity: str, chat: str, field: Field, text: str) -> list[str]:  # noqa: ARG002  as above
        """What may stand in a field, of what this person may see."""
        return suggest(field, text, self._lexicon) if identity in self._people else []

    async def _answer(self, incoming: Incoming) -> None:
        person = self._people.get(incoming.identity)
        if person is None:
            await self._say(incoming.chat, refusal_card("I do not know you. Nothing was done."))
            return
        place = Place(person=person, seat=Seat(person=person.id, chat=incoming.chat), ceiling=self._ceiling)
        try:
            if incoming.handle:
                await self._pressed(self._dialogue.press(incoming.handle, place.seat, self._clock.monotonic()), place)
            else:
                await self._typed(incoming, place)
        except LockstepError as error:
            await self._say(incoming.chat, refusal_card(str(error), Severity.P2))
        except Exception:
            log.exception("a command failed: %r", incoming.text.split(" ", 1)[0])
            card = Card(
                title="🟠 A fault in the bot stopped this",
                severity=Severity.P2,
                lines=("Not known to be done. Look: /status",),
            )
            await self._say(incoming.chat, card)

    async def _typed(self, incoming: Incoming, place: Place) -> None:
        text = incoming.text.strip()
        waited_for = self._dialogue.typed(text, place.seat, self._clock.monotonic())
        if waited_for is not None:
            await self._pressed(waited_for, place)
            return
        late_s = (self._clock.now() - incoming.at).total_seconds()
        verb, words = split_line(text)
        command = find(self._commands, verb)
        if command is not None and command.level is not Level.C0 and late_s > FRESH_S and words[-1:] != ["?"]:
            card = Card(title=f"Not run: {text!r}", lines=(f"It was sent {late_s / 60:.0f} minutes ago.",))
            await self._offer(card, (Button(label="Run now", key="y", payload=Run(line=text, once=True)),), place)
            return
        await self._line(text, place)

    async def _line(self, text: str, place: Place) -> None:
        verb, words = split_line(text)
        if not verb:
            return
        command = find(self._commands, verb)
        if command is None:
            near = nearest(self._commands, verb)
            rest = " ".join(words)
            buttons = tuple(
                Button(label=f"/{name}", key=str(place_), payload=Run(line=f"/{name} {rest}".strip(), once=True))
                for place_, name in enumerate(near, 1)
            )
            await self._offer(unknown_card(verb, near), buttons, place)
            return
        if words[-1:] == ["?"]:
            await self._say(place.seat.chat, command_card(command))
            return
        if not may(place.person, place.ceiling, command.role):
            needs = command.role.name.lower()
            await self._say(place.seat.chat, refusal_card(f"Not done: /{command.name} needs the role {needs} here."))
            return
        args = await self._read(command, words)
        match args:
            case Wrong():
                lines = (f"Usage: {command.syntax}", f"For example: {command.examples[0]}")
                await self._say(place.seat.chat, Card(title=f"Not done: {args.text}", lines=lines))
            case Missing():
                await self._ask_for(args, command, words, place)
            case _:
                await self._reply(await command.run(args, self._desk(place)), place)

    async def _read(self, command: Command, words: Sequence[str]) -> Value | Missing | Wrong:
        lexicon = self._lexicon
        if words and any(slot.type in NAMED for slot in slots(command.args)):
            lexicon = self._lexicon = lexicon_of(await self._engine.accounts("all"))
        exact = command.level is not Level.C0
        context = Context(lexicon=lexicon, now=self._clock.now(), zone=self._zone, exact=exact)
        return parse(command.args, words, context)

    async def _ask_for(self, missing: Missing, command: Command, words: Sequence[str], place: Place) -> None:
        if missing.field != "scope":
            card = Card(
                title=f"Not done: {missing.field} is missing.",
                lines=(f"Usage: {command.syntax}", f"For example: {command.examples[0]}"),
            )
            await self._say(place.seat.chat, card)
            return
        views = await self._engine.accounts("all")
        self._lexicon = lexicon_of(views)
        choices = scope_choices(views, command, words)
        await self._choose(f"{command.name.upper()} which?", choices, place)

    async def _choose(self, question: str, choices: Sequence[Choice], place: Place) -> None:
        buttons = [
            Button(label=choice.label, key=str(number), payload=Run(line=choice.line, once=True))
            for number, choice in enumerate(choices, 1)
        ]
        buttons.append(Button(label="Cancel", key="n", payload=Drop()))
        await self._offer(choice_card(question), buttons, place)

    async def _reply(self, reply: Reply, place: Place) -> None:
        for card in reply.cards[:-1]:
            await self._say(place.seat.chat, card)
        if reply.cards:
            await self._offer(reply.cards[-1], reply.buttons, place)
        if reply.choices:
            await self._choose(reply.question, reply.choices, place)
        if reply.intent is not None:
            await self._propose(reply.intent, place)

    async def _pressed(self, payload: Payload | Turned, place: Place) -> None:
        match payload:
            case Turned():
                await self._say(place.seat.chat, refusal_card(payload.text))
            case Drop():
                await self._say(place.seat.chat, Card(title="Cancelled. Nothing was done.", brief=True))
            case Run():
                await self._line(payload.line, place)
            case Undo():
                if await self._is_allowed(payload.role, place):
                    for ask in payload.asks:
                        await self._proofs.send(Track(ask=ask, seat=place.seat))
            case Propose():
                if await self._is_allowed(payload.intent.role, place):
                    await self._propose(payload.intent, place)
            case Confirm():
                if await self._is_allowed(payload.intent.role, place):
                    await self._confirmed(payload, place)

    async def _is_allowed(self, role: Role, place: Place) -> bool:
        allowed = may(place.person, place.ceiling, role)
        if not allowed:
            await self._say(place.seat.chat, refusal_card(f"Not done: this needs the role {role.name.lower()} here."))
        return allowed

    async def _propose(self, intent: Intent, place: Place, looks: int = 1) -> None:
        """Do it now when its level allows, else show what it would do and wait for the person."""
        preview = await self._engine.preview(intent.ask) if needs_preview(intent.ask) else None
        level = level_of(intent, preview)
        if preview is None or level <= Level.C1:
            track = Track(ask=intent.ask, seat=place.seat, preview=preview, remarks=intent.remarks)
            await self._send(intent, track)
            return
        word, ttl_s = (word_of(intent.ask), WORD_S) if level is Level.C3 else ("", CONFIRM_S)
        card = preview_card(
            intent.ask,
            preview,
            remarks=intent.remarks,
            word=word,
            ttl_s=ttl_s,
            changed=looks > 1,
            now=self._clock.now(),
            zone=self._zone,
        )
        other = [
            Button(label=label, key=label[0].lower(), payload=Propose(intent=Intent(ask=ask, remarks=intent.remarks)))
            for label, ask in intent.instead
        ]
        confirm = Confirm(intent=intent, preview=preview, looks=looks)
        buttons = (
            Button(label="Confirm", key="y", payload=confirm, look=Look.DANGER if preview.live else Look.GOOD),
            Button(label="Cancel", key="n", payload=Drop()),
            *other,
        )
        await self._offer(card, buttons, place, ttl_s=ttl_s, word=word)

    async def _confirmed(self, confirm: Confirm, place: Place) -> None:
        """Look once more, then act; what changed is shown afresh."""
        intent = confirm.intent
        now = await self._engine.preview(intent.ask)
        if asks_again(confirm, now):
            await self._propose(intent, place, confirm.looks + 1)
            return
        version = now.version if binds_version(confirm) else None
        ask = msgspec.structs.replace(intent.ask, version=version)
        try:
            await self._send(intent, Track(ask=ask, seat=place.seat, preview=now))
        except EngineError as error:
            if not error.is_stale:
                raise
            await self._propose(intent, place, confirm.looks + 1)

    async def _send(self, intent: Intent, track: Track) -> None:
        buttons = list(intent.after)
        if intent.undo:
            buttons.insert(0, Button(label="Undo 60s", key="u", payload=Undo(asks=intent.undo, role=intent.role)))
        now = self._clock.monotonic()
        actions = self._dialogue.offer(track.seat, buttons, now=now, ttl_s=UNDO_S)
        await self._proofs.send(msgspec.structs.replace(track, actions=actions, actions_due=now + UNDO_S))

    async def _offer(
        self, card: Card, buttons: Sequence[Button], place: Place, *, ttl_s: float = CHOICE_S, word: str = ""
    ) -> None:
        actions = self._dialogue.offer(place.seat, buttons, now=self._clock.monotonic(), ttl_s=ttl_s, word=word)
        await self._say(place.seat.chat, msgspec.structs.replace(card, actions=actions))

    async def _say(self, chat: str, card: Card) -> None:
        await self._show(Message(chat=chat, card=card))

    def _desk(self, place: Place) -> Desk:
        return Desk(
            engine=self._engine,
            person=place.person,
            now=self._clock.now(),
            zone=self._zone,
            commands={n: c for n, c in self._commands.items() if may(place.person, place.ceiling, c.role)},
            mint=self._mint,
            chat=place.seat.chat,
            ceiling=place.ceiling,
            venue=self._venue,
        )

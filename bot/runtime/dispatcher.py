"""Incoming to reply: who, what, may they, is it fresh; a slow command never delays the next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta, tzinfo
from typing import Any, cast

import msgspec

from bot.core import code
from bot.core.access import Level, Role, RoomKind, reach
from bot.core.card import Card
from bot.core.chat import Entry, Field, Incoming, Message, Sign
from bot.core.command import Choice, Command, Desk, Engine, Reply, Venue, find, nearest, split_line
from bot.core.dialogue import (
    CHOICE_S,
    CODE,
    WORD,
    Approve,
    Button,
    Confirm,
    Drop,
    Fill,
    Key,
    Payload,
    Propose,
    Run,
    Seat,
    Turned,
    Undo,
)
from bot.core.menu import CHOICES, entries, suggest
from bot.core.render.word import choice_card, command_card, old_card, refusal_card, unknown_card
from bot.core.words import Account, Context, Instrument, Missing, Scope, Wrong, parse, slots
from bot.runtime import gate as gates
from bot.runtime.acts import Acts
from bot.runtime.alertdesk import AlertDesk
from bot.runtime.alerts import Alerts
from bot.runtime.around import Around
from bot.runtime.gate import Place
from bot.runtime.memory import Memory
from bot.runtime.names import complete, scope_choices
from bot.runtime.sight import Sight
from bot.runtime.watch import Watch
from engine.api import LockstepError, Severity, Value

FRESH_S = 60.0
UNBOUND = "This chat belongs to no desk. An admin writes /bind here."
NAMED = (Scope, Account, Instrument)
Mark = Callable[[str, str, Sign], Awaitable[None]]

log = logging.getLogger(__name__)


class Dispatcher:
    """Answers every command and every press."""

    def __init__(
        self,
        around: Around,
        acts: Acts,
        *,
        alerts: Alerts,
        watch: Watch,
        memory: Memory,
        commands: Mapping[str, Command],
        mint: Callable[[], str],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        venue: Venue | None = None,
        mark: Mark | None = None,
    ) -> None:
        """``start`` starts a task that ends with the bot; ``mark`` puts a sign on somebody's message."""
        self._acts = acts
        self._alerts = alerts
        self._engine = around.engine
        self._show = around.show
        self._gate = around.gate
        self._people = around.people
        self._directory = around.directory
        self._dialogue = around.dialogue
        self._clock = around.clock
        self._zone = around.zone
        self._watch = watch
        self._memory = memory
        self._commands = {
            name: command for name, command in commands.items() if venue is not None or not command.needs_venue
        }
        self._mint = mint
        self._start = start
        self._venue = venue
        self._mark = mark

    # ---- the door --------------------------------------------------------------------------------------------------

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        """Start answering at once; the result ends when the reply was shown."""
        self._watch.mark()
        return self._start(self._answer(incoming))

    def complete(self, text: str) -> list[str]:
        """Words that may stand at the end of ``text``."""
        return complete(text, self._commands, self._directory.lexicon)

    def menu(self, identity: str = "", chat: str = "") -> tuple[Entry, ...]:
        """Commands that this person may use there; all that there are without a name."""
        if not identity:
            return entries(self._commands.values())
        platform, _, user = identity.partition(":")
        asked = Incoming(chat=chat or f"{platform}:@{user}", user=user, at=self._clock.now())
        person, room = self._people.person_of(asked), self._people.room(asked.chat)
        if person is None or room is None:
            return ()
        place = Place(person=person, seat=Seat(person=person.id, chat=asked.chat), room=room, incoming=asked)
        return entries(self._usable(place).values())

    def is_bound(self, chat: str) -> bool:
        """Say whether this chat, or a topic of it, belongs to the desk."""
        return any(room.chat == chat or room.chat.startswith(f"{chat}/") for room in self._people.rooms())

    def suggest(self, identity: str, chat: str, field: Field, text: str) -> list[str]:
        """What may stand in a field, of what this person may see, at once from what is known; newer names for the next time."""
        platform, _, user = identity.partition(":")
        asked = Incoming(chat=chat or f"{platform}:@{user}", user=user, at=self._clock.now())
        person, room = self._people.person_of(asked), self._people.room(asked.chat)
        if person is None or room is None:
            return []
        if self._directory.is_old:
            self._start(self._look_up())
        seen = reach(person, room, Role.VIEWER, self._clock.now(), self._directory.known)
        known = self._directory.lexicon
        whole = len(seen) == len(self._directory.known)
        lexicon = known if whole else msgspec.structs.replace(known, accounts=tuple(sorted(seen)), groups=(), tags=())
        return suggest(field, text, lexicon)

    async def _look_up(self) -> None:
        with suppress(LockstepError):
            await self._directory.views()

    # ---- one event -------------------------------------------------------------------------------------------------

    async def _answer(self, incoming: Incoming) -> None:
        place: Place | None = None
        try:
            admitted = self._gate.admit(incoming)
            if not isinstance(admitted, Place):
                await self._turn_away(admitted, incoming)
                return
            place = admitted
            if self._mark is not None and incoming.post and not incoming.handle:
                self._start(self._seen(incoming))
            if incoming.handle:
                await self._press(place)
            else:
                await self._typed(place)
        except LockstepError as error:
            if place is not None:
                self._gate.record(incoming, place.person, "failed", str(error))
            await self._say(incoming, refusal_card(str(error), Severity.P2))
        except Exception:
            log.exception("a command failed: %r", incoming.text.split(" ", 1)[0])
            card = Card(
                title="🟠 A fault in the bot stopped this",
                severity=Severity.P2,
                lines=("Not known to be done. Look: /status",),
            )
            await self._say(incoming, card)

    async def _seen(self, incoming: Incoming) -> None:
        assert self._mark is not None
        await self._mark(incoming.chat, incoming.post, Sign.SEEN)

    async def _turn_away(self, why: gates.Turned, incoming: Incoming) -> None:
        verb, words = split_line(incoming.text)
        match why:
            case gates.Turned.STRANGER if verb in gates.OPEN_VERBS and words:
                person = self._people.pair(incoming, words[0])
                self._gate.record(incoming, person, "ok", "paired")
                lines = (f"You are {person.name}, {person.role.name.lower()}.", "Look: /status · all words: /help")
                await self._say(incoming, Card(title="🟢 Paired with the desk", lines=lines))
            case gates.Turned.STRANGER:
                await self._say(incoming, refusal_card(gates.STRANGER))
            case gates.Turned.UNBOUND:
                await self._say(incoming, refusal_card(UNBOUND))
            case gates.Turned.ODD if incoming.is_summons:
                said = f"Not run: {incoming.odd} messages do nothing. Write it yourself, anew."
                await self._say(incoming, refusal_card(said))
            case _:
                pass

    async def _typed(self, place: Place) -> None:
        incoming, now = place.incoming, self._clock.now()
        text = incoming.text.strip()
        if code.is_one_time(text) and self._dialogue.waits(CODE, place.seat, now):
            await self._acts.typed_code(text, place)
            return
        waited_for = self._dialogue.typed(text, place.seat, now) if text and text.isupper() else None
        if isinstance(waited_for, Confirm) and text == WORD:
            await self._acts.by_word(waited_for, place)
            return
        if waited_for is not None:
            await self._pressed(waited_for, place)
            return
        late_s = (now - incoming.at).total_seconds()
        verb, words = split_line(text)
        command = find(self._commands, verb)
        if command is not None and command.level is not Level.C0 and late_s > FRESH_S and words[-1:] != ["?"]:
            self._gate.record(incoming, place.person, "refused", "stale", command=command.name)
            card = Card(title=f"Not run: {text!r}", lines=(f"It was sent {late_s / 60:.0f} minutes ago.",))
            await self._offer(card, (Button(label="Run now", key="y", payload=Run(line=text, once=True)),), place)
            return
        await self._line(text, place)

    async def _press(self, place: Place) -> None:
        payload = self._dialogue.press(place.incoming.handle, place.seat, self._clock.now())
        await self._pressed(payload, place)

    async def _line(self, text: str, place: Place) -> None:
        verb, words = split_line(text)
        if not verb:
            return
        command = find(self._commands, verb)
        if command is None:
            await self._unknown(verb, words, place)
            return
        if words[-1:] == ["?"]:
            await self._say(place.incoming, command_card(command))
            return
        if place.room.kind is RoomKind.UNBOUND and command.name != "bind":
            await self._say(place.incoming, refusal_card(UNBOUND))
            return
        if not place.may(command.role, self._clock.now()):
            needs = command.role.name.lower()
            self._gate.record(place.incoming, place.person, "refused", f"needs {needs}", command=command.name)
            await self._say(place.incoming, refusal_card(f"Not done: /{command.name} needs the role {needs} here."))
            return
        args = await self._read(command, words, place)
        match args:
            case Wrong():
                lines = (f"Usage: {command.syntax}", f"For example: {command.examples[0]}")
                await self._say(place.incoming, Card(title=f"Not done: {args.text}", lines=lines))
            case Missing():
                await self._ask_for(args, command, words, place)
            case _:
                reads = command.level is Level.C0
                recall = self._memory.recall() if reads else None  # what acts is decided by what is so now
                reply = await command.run(args, await self._desk(place, cast("Engine", recall or self._engine)))
                if recall is not None and recall.age_s is not None:
                    reply = self._old(reply, recall.age_s)
                if reply.intent is None:
                    self._gate.record(place.incoming, place.person, "ok", "", command=command.name)
                await self._reply(reply, place)

    async def _unknown(self, verb: str, words: Sequence[str], place: Place) -> None:
        near = nearest(self._commands, verb)
        rest = " ".join(words)
        buttons = tuple(
            Button(label=f"/{name}", key=str(number), payload=Run(line=f"/{name} {rest}".strip(), once=True))
            for number, name in enumerate(near, 1)
        )
        await self._offer(unknown_card(verb, near), buttons, place)

    async def _read(self, command: Command, words: Sequence[str], place: Place) -> Value | Missing | Wrong:
        if words and any(slot.type in NAMED for slot in slots(command.args)):
            await self._directory.views()
        exact = command.level is not Level.C0
        context = Context(
            lexicon=self._directory.lexicon, now=self._clock.now(), zone=self._zone_of(place), exact=exact
        )
        return parse(command.args, words, context)

    async def _ask_for(self, missing: Missing, command: Command, words: Sequence[str], place: Place) -> None:
        if missing.field != "scope":
            card = Card(
                title=f"Not done: {missing.field} is missing.",
                lines=(f"Usage: {command.syntax}", f"For example: {command.examples[0]}"),
            )
            await self._say(place.incoming, card)
            return
        views = await self._directory.views()
        mine = reach(place.person, place.room, command.role, self._clock.now(), views)
        shown = tuple(view for view in views if view.id in mine)
        choices = scope_choices(shown, command, words, whole=len(shown) == len(views))
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
            await self._say(place.incoming, card)
        if reply.cards:
            await self._offer(reply.cards[-1], reply.buttons, place, reply=reply)
        if reply.choices:
            await self._choose(reply.question, reply.choices, place)
        if reply.intent is not None:
            await self._acts.propose(reply.intent, place)
        if reply.is_undo:
            await self._pressed(self._dialogue.undo(place.seat, self._clock.now()), place)

    async def _pressed(self, payload: Payload | Turned, place: Place) -> None:
        match payload:
            case Turned():
                self._gate.record(place.incoming, place.person, "refused", payload.text, command="press")
                await self._say(place.incoming, refusal_card(payload.text))
            case Drop():
                await self._say(place.incoming, Card(title="Cancelled. Nothing was done.", brief=True))
            case Run():
                await self._line(payload.line, place)
            case Fill():
                await self._fill(payload, place)
            case Undo():
                await self._acts.undo(payload, place)
            case Propose():
                await self._acts.propose(payload.intent, place)
            case Confirm():
                await self._acts.confirmed(payload, place)
            case Key():
                await self._acts.tapped(payload, place)
            case Approve():
                await self._acts.decided(payload, place)

    async def _fill(self, fill: Fill, place: Place) -> None:
        """A form brought what was missing; where there is none, the usual answers are offered."""
        said = " ".join(place.incoming.text.split())
        if said:
            await self._line(f"{fill.line} {said}", place)
            return
        choices = [Choice(label=word, line=f"{fill.line} {word}") for word in CHOICES.get(fill.kind, ())]
        await self._choose(f"{fill.line.lstrip('/')} …?", choices, place)

    async def _offer(
        self,
        card: Card,
        buttons: Sequence[Button],
        place: Place,
        *,
        ttl_s: float = CHOICE_S,
        reply: Reply | None = None,
    ) -> None:
        actions = self._dialogue.offer(place.seat, buttons, now=self._clock.now(), ttl_s=ttl_s)
        await self._say(place.incoming, msgspec.structs.replace(card, actions=actions), reply)

    async def _say(self, incoming: Incoming, card: Card, reply: Reply | None = None) -> None:
        message = Message(
            chat=incoming.chat, card=card, answers=incoming.update, is_private=True, is_fresh=not incoming.handle
        )
        if reply is not None:
            message = msgspec.structs.replace(message, files=reply.files, is_secret=reply.is_secret)
        await self._show(message)

    def _zone_of(self, place: Place) -> tzinfo:
        """The zone that a person has set, or the desk's."""
        return self._people.zone_of(place.person) or self._zone

    def _usable(self, place: Place) -> dict[str, Command]:
        now = self._clock.now()
        return {name: command for name, command in self._commands.items() if place.may(command.role, now)}

    def _old(self, reply: Reply, age_s: float) -> Reply:
        at = self._clock.now() - timedelta(seconds=age_s)
        cards = tuple(old_card(card, age_s, at, self._zone) for card in reply.cards)
        return msgspec.structs.replace(reply, cards=cards)

    async def _desk(self, place: Place, engine: Engine) -> Desk:
        views = await self._directory.views() if place.room.scope != "all" or place.person.role < Role.RISK else ()
        seen = reach(place.person, place.room, Role.VIEWER, self._clock.now(), views)
        is_whole = len(seen) == len(views)
        now, where = self._clock.now(), place.incoming.platform
        return Desk(
            engine=engine if is_whole else cast("Engine", Sight(engine, seen, views)),
            person=place.person,
            now=now,
            zone=self._zone_of(place),
            commands=self._usable(place),
            mint=self._mint,
            room=place.room,
            people=self._people,
            audit=self._gate.audit,
            venue=self._venue,
            alerts=AlertDesk(self._alerts, place.person, where, now, None if is_whole else seen),
        )

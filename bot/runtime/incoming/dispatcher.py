"""Incoming to reply: who, what, may they, is it fresh; a slow command never delays the next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta, tzinfo
from functools import partial
from typing import Any, cast

import msgspec

from bot.core import code
from bot.core.access import Level, RoomKind
from bot.core.card import Card
from bot.core.chat import Incoming, Sign
from bot.core.command import Command, Engine, Reply, find, nearest, split_line
from bot.core.denial import Denied
from bot.core.dialogue import (
    CODE,
    TEXT,
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
    Turned,
    Undo,
)
from bot.core.render.answer import quoted
from bot.core.render.word import command_card, failed_card, old_card, refusal_card, unknown_card
from bot.core.words import Account, Context, Instrument, Missing, Scope, Wrong, parse, slots
from bot.runtime.acting.acts import Acts
from bot.runtime.admission import gate as gates
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place
from bot.runtime.desk.memory import Memory
from bot.runtime.desk.watch import Watch
from bot.runtime.incoming.counter import Counter
from bot.runtime.incoming.guide import Guide
from bot.runtime.incoming.question import CANCEL, Questions
from bot.runtime.incoming.replies import FORM, Meant, Replies
from bot.runtime.outgoing.marks import Marks
from engine.api import LockstepError, Severity, Value

FRESH_S = 60.0
UNBOUND = "This chat belongs to no desk. An admin writes /bind here."
HELLO = ("Look: /status · all words: /help", "Morning, close, week by themselves: /digest")
NAMED = (Scope, Account, Instrument)
Shape = Callable[[Reply], Reply]

log = logging.getLogger(__name__)


def _same(reply: Reply) -> Reply:
    return reply


class Dispatcher:
    """Answers every command and every press."""

    def __init__(
        self,
        around: Around,
        acts: Acts,
        *,
        watch: Watch,
        memory: Memory,
        guide: Guide,
        counter: Counter,
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        replies: Replies,
        marks: Marks | None = None,
    ) -> None:
        """``start`` starts a task that ends with the bot; ``marks`` puts signs on people's messages."""
        self._acts = acts
        self._engine = around.engine
        self._fader = around.fader
        self._questions = Questions(around)
        self._gate = around.gate
        self._people = around.people
        self._directory = around.directory
        self._dialogue = around.dialogue
        self._clock = around.clock
        self._watch = watch
        self._memory = memory
        self._counter = counter
        self._commands = guide.commands
        self._start = start
        self._replies = replies
        self._marks = marks

    # ---- the door --------------------------------------------------------------------------------------------------

    def receive(self, incoming: Incoming) -> Awaitable[None]:
        """Start answering at once; the result ends when the reply was shown."""
        self._watch.mark()
        return self._start(self._answer(incoming))

    # ---- one event -------------------------------------------------------------------------------------------------

    async def _answer(self, incoming: Incoming) -> None:
        place: Place | None = None
        try:
            seated = self._replies.seated(incoming)
            if seated is None:
                return
            incoming = seated
            admitted = self._gate.admit(incoming)
            if not isinstance(admitted, Place):
                await self._turn_away(admitted, incoming)
                return
            place = admitted
            if self._marks is not None and incoming.post and not (incoming.handle or incoming.sign):
                self._marks.put(incoming.chat, incoming.post, Sign.SEEN)
            if incoming.sign:
                await self._signed(place)
            elif incoming.handle:
                await self._press(place)
            else:
                await self._typed(place)
        except LockstepError as error:
            self._gate.failed(incoming, place.person if place is not None else None, error)
            await self._questions.say(incoming, failed_card(str(error)))
        except Exception:
            log.exception("a command failed: %r", _verb(incoming))
            card = Card(
                title="🟠 A fault in the bot stopped this",
                severity=Severity.P2,
                lines=("Not known to be done. Look: /status",),
            )
            await self._questions.say(incoming, card)

    async def _turn_away(self, why: gates.Turned, incoming: Incoming) -> None:
        verb, words = split_line(incoming.text)
        match why:
            case gates.Turned.STRANGER if verb in gates.OPEN_VERBS and words:
                person = self._people.pair(incoming, words[0])
                self._gate.paired(incoming, person)
                lines = (f"You are {person.name}, {person.role.name.lower()}.", *HELLO)
                await self._questions.say(incoming, Card(title="🟢 Paired with the desk", lines=lines))
            case gates.Turned.STRANGER:
                said = gates.NO_CODE if verb in gates.OPEN_VERBS else gates.STRANGER
                await self._questions.say(incoming, refusal_card(said))
            case gates.Turned.UNBOUND:
                await self._questions.say(incoming, refusal_card(UNBOUND))
            case gates.Turned.ODD if incoming.is_summons:
                said = f"Not run: {incoming.odd} messages do nothing. Write it yourself, anew."
                await self._questions.say(incoming, refusal_card(said))
            case _:
                pass

    async def _typed(self, place: Place) -> None:
        incoming, now = place.incoming, self._clock.now()
        text = incoming.text.strip()
        if code.is_one_time(text) and self._marks is not None and incoming.post:
            self._marks.put(incoming.chat, incoming.post, Sign.GONE)
        if code.is_one_time(text) and self._dialogue.waits(CODE, place.seat, now):
            await self._acts.typed_code(text, place)
            return
        if code.is_one_time(text) and place.room.is_alone and self._people.lacks_proof(place.person):
            await self._acts.proven_code(text, place)
            return
        waited_for = self._dialogue.typed(text, place.seat, now) if text and text.isupper() else None
        if isinstance(waited_for, Confirm) and text == WORD:
            await self._acts.by_word(waited_for, place)
            return
        if waited_for is not None:
            await self._pressed(waited_for, place)
            return
        if self._questions.waits(text, place) and not await self._is_command(text, place):
            await self._heard_out(text, place)
            return
        await self._spoken(text, place)

    async def _is_command(self, text: str, place: Place) -> bool:
        """Say whether a text is a whole command: what is meant to act is never taken for an answer."""
        verb, words = split_line(text)
        command = find(self._commands, verb)
        return command is not None and not isinstance(await self._read(command, words, place), Wrong)

    async def _heard_out(self, text: str, place: Place) -> None:
        """What was asked for in words."""
        found = self._dialogue.typed(TEXT, place.seat, self._clock.now())
        await self._pressed(Drop() if text.lower() in CANCEL or found is None else found, place)

    async def _spoken(self, text: str, place: Place) -> None:
        """A command, or an answer to an alert's card, which is one as well."""
        incoming = place.incoming
        meant = await self._replies.read(text, place)
        if meant is not None and not meant.line:
            await self._told(meant, place)
            return
        shape: Shape = _same if meant is None else partial(quoted, line=meant.line)
        text = meant.line if meant is not None else text
        late_s = (self._clock.now() - incoming.at).total_seconds()
        verb, words = split_line(text)
        command = find(self._commands, verb)
        if command is not None and command.is_act and late_s > FRESH_S and words[-1:] != ["?"]:
            self._gate.record(incoming, place.person, "refused", gates.STALE, command=command.name)
            card = Card(title=f"Not run: {text!r}", lines=(f"It was sent {late_s / 60:.0f} minutes ago.",))
            await self._questions.offer(
                card, (Button(label="Run now", key="y", payload=Run(line=text, once=True, post=place.asked)),), place
            )
            return
        await self._line(text, place, shape)

    async def _told(self, meant: Meant, place: Place) -> None:
        """An answer to an alert's card that is no line yet, or none at all."""
        if meant.refused:
            self._gate.record(place.incoming, place.person, "refused", meant.refused)
        if meant.card is not None:
            await self._questions.offer(meant.card, meant.buttons, place)
        if meant.choices:
            await self._questions.choose(meant.question, meant.choices, place)

    async def _signed(self, place: Place) -> None:
        """A sign on a card: the card itself shows what came of it, so nothing more is said."""
        meant = await self._replies.signed(place)
        if meant is not None and meant.line:
            await self._line(meant.line, place, lambda _: Reply())
        elif meant is not None:
            await self._told(meant, place)

    async def _press(self, place: Place) -> None:
        payload = self._dialogue.press(place.incoming.handle, place.seat, self._clock.now())
        try:
            await self._pressed(payload, place)
        finally:
            await self._fader.pressed(place.incoming.handle)

    async def _line(self, text: str, place: Place, shape: Shape = _same) -> None:
        verb, words = split_line(text)
        if not verb:
            return
        command = find(self._commands, verb)
        if command is None:
            await self._unknown(verb, words, place)
            return
        if words[-1:] == ["?"]:
            await self._questions.say(place.incoming, command_card(command))
            return
        if place.room.kind is RoomKind.UNBOUND and command.name != "bind":
            await self._questions.say(place.incoming, refusal_card(UNBOUND))
            return
        if await self._is_barred(command, place):
            return
        place = msgspec.structs.replace(place, line=text)
        args = await self._read(command, words, place)
        match args:
            case Wrong():
                lines = (f"Usage: {command.syntax}", f"For example: {command.examples[0]}")
                await self._questions.say(place.incoming, Card(title=f"Not done: {args.text}", lines=lines))
            case Missing():
                await self._questions.missing(args, command, words, place)
            case _:
                reads = command.level is Level.C0
                recall = self._memory.recall() if reads else None  # what acts is decided by what is so now
                reply = await command.run(args, await self._counter.desk(place, cast("Engine", recall or self._engine)))
                if recall is not None and recall.age_s is not None:
                    reply = self._old(reply, recall.age_s, self._counter.zone_of(place))
                if reply.asks_whom:
                    await self._questions.whom(command, words, place)
                    return
                if reply.intent is None:
                    self._gate.record(place.incoming, place.person, "ok", "", command=command.name)
                await self._reply(shape(reply), place)

    async def _is_barred(self, command: Command, place: Place) -> bool:
        """Say whether this person may not use a command here; then they are told."""
        if place.may(command.role, self._clock.now(), of_room=command.is_of_room):
            return False
        needs = command.role.name.lower()
        self._gate.deny(place.incoming, place.person, Denied.RIGHTS, f"needs {needs}", command=command.name)
        said = f"Not done: /{command.name} needs the role {needs} here."
        await self._questions.say(place.incoming, refusal_card(said))
        return True

    async def _unknown(self, verb: str, words: Sequence[str], place: Place) -> None:
        near = nearest(self._commands, verb)
        rest = " ".join(words)
        lines = [(f"/{name}", f"/{name} {rest}".strip()) for name in near]
        buttons = tuple(
            Button(label=label, key=str(number), payload=Run(line=line, once=True, post=place.asked))
            for number, (label, line) in enumerate(lines, 1)
        )
        await self._questions.offer(unknown_card(verb, near), buttons, place)

    async def _read(self, command: Command, words: Sequence[str], place: Place) -> Value | Missing | Wrong:
        if words and any(slot.type in NAMED for slot in slots(command.args)):
            await self._directory.views()
        context = Context(
            lexicon=self._directory.lexicon,
            now=self._clock.now(),
            zone=self._counter.zone_of(place),
            exact=command.level is not Level.C0,
            alert=self._counter.alert_of(place),
        )
        return parse(command.args, words, context)

    async def _reply(self, reply: Reply, place: Place) -> None:
        for card in reply.cards[:-1]:
            await self._questions.say(place.incoming, card)
        if reply.cards:
            await self._questions.offer(reply.cards[-1], reply.buttons, place, reply=reply)
        if reply.choices:
            await self._questions.choose(reply.question, reply.choices, place)
        if reply.intent is not None:
            await self._acts.propose(msgspec.structs.replace(reply.intent, post=place.asked), place)
        if reply.is_undo:
            await self._pressed(self._dialogue.undo(place.seat, self._clock.now()), place)

    async def _pressed(self, payload: Payload | Turned, place: Place) -> None:
        match payload:
            case Turned():
                self._gate.pressed(place.incoming, place.person, payload)
                await self._questions.say(place.incoming, refusal_card(payload.text))
            case Drop():
                await self._questions.say(place.incoming, Card(title="Cancelled. Nothing was done.", brief=True))
            case Run():
                await self._line(payload.line, msgspec.structs.replace(place, post=payload.post))
            case Fill():
                await self._fill(payload, msgspec.structs.replace(place, post=payload.post))
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
        """A form brought what was missing, or it is asked for."""
        if fill.kind == FORM:
            await self._spoken(f"{fill.line} {' '.join(place.incoming.text.split())}".rstrip(), place)
            return
        command = find(self._commands, split_line(fill.line)[0])
        if command is not None and await self._is_barred(command, place):
            return
        if line := await self._questions.filled(fill, place):
            await self._spoken(line, place)

    def _old(self, reply: Reply, age_s: float, zone: tzinfo) -> Reply:
        at = self._clock.now() - timedelta(seconds=age_s)
        cards = tuple(old_card(card, age_s, at, zone) for card in reply.cards)
        return msgspec.structs.replace(reply, cards=cards)


def _verb(incoming: Incoming) -> str:
    """What the log may have of a text: its first word, and of a code nothing."""
    return gates.masked(incoming.text).partition(" ")[0]

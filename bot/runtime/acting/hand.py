"""Hand: does what was decided: rights looked up once more, the act sent or the deed done, everything audited and said."""

from collections.abc import Sequence

import msgspec

from bot.core.access import Level, reach, reaches_all, resolve
from bot.core.card import Card
from bot.core.chat import File, Message
from bot.core.deed import OF_ROOM, NewSecret, scope_of
from bot.core.deed import words as deed_words
from bot.core.denial import Denied
from bot.core.dialogue import CHOICE_S, TEXT, UNDO_S, Button, Intent, Seat, Undo, adds_risk
from bot.core.render.act import title_of
from bot.core.render.look import until_twice
from bot.core.render.people import done_card
from bot.core.render.secret import secret_card, secret_file
from bot.core.render.word import refusal_card
from bot.core.track import Track
from bot.runtime.acting.proofs import Proofs
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place, masked
from bot.runtime.people.audience import reader_of
from engine.api import ActAsk, LockstepError, PreviewView


class Hand:
    """What every way to an act ends with."""

    def __init__(self, around: Around, proofs: Proofs) -> None:
        """``proofs`` follows each act to its end."""
        self._people = around.people
        self._directory = around.directory
        self._gate = around.gate
        self._dialogue = around.dialogue
        self._show = around.show
        self._clock = around.clock
        self._zone = around.zone_of
        self._sentry = around.sentry
        self._proofs = proofs

    async def refusal(self, intent: Intent, preview: PreviewView | None, place: Place) -> str:
        """Why this person may not do this here; empty when they may."""
        role, now = intent.role, self._clock.now()
        if not place.may(role, now, of_room=isinstance(intent.deed, OF_ROOM)):
            return f"this needs the role {role.name.lower()} here"
        risky = adds_risk(intent, preview)
        if risky and place.room.is_locked_down:
            return "this chat is locked down: it may read, pause and flatten until somebody at the desk lifts it"
        scope = intent.ask.scope if intent.ask is not None else scope_of(intent.deed)
        if not scope or (intent.ask is None and reaches_all(place.person, place.room, role, now)):
            return ""
        directory = await self._directory.views()
        accounts = resolve(scope, directory)
        if not accounts:
            return f"there is no account {scope} here"
        beyond = accounts - reach(place.person, place.room, role, now, directory)
        if beyond:
            return f"you may not do this here for {', '.join(sorted(beyond))}"
        is_act = intent.ask is not None
        frozen = self._people.frozen_by(place.person, accounts, directory) if risky and is_act else None
        if frozen is not None:
            until = f" until {until_twice(frozen.until, now, self._zone(place.person.id))}" if frozen.until else ""
            return f"{frozen.name} has frozen changes of {frozen.scope}{until}"
        return ""

    async def is_refused(self, intent: Intent, preview: PreviewView | None, place: Place) -> bool:
        """Say whether it may not be done; whoever asked is told why, and the audit keeps it."""
        why = await self.refusal(intent, preview, place)
        if why:
            self.deny(place, intent, Denied.RIGHTS, why)
            await self.say(place, refusal_card(f"Not done: {why}."))
        return bool(why)

    async def do(
        self, intent: Intent, preview: PreviewView | None, place: Place, level: Level, *, also: tuple[str, ...] = ()
    ) -> None:
        """Do it; the chats ``also`` hear it too where it never arrives.

        Raises: EngineError where the engine does not take it; PeopleError for a deed that cannot be done.
        """
        if intent.deed is not None:
            await self._done(self.carry_out(intent, place, level), intent, place)
            return
        assert intent.ask is not None
        ask = _of(place, intent.ask)
        buttons = list(intent.after)
        if intent.undo:
            buttons.insert(
                0, Button(label="Undo 60s", key="u", payload=Undo(asks=intent.undo, role=intent.role, of=intent.ask))
            )
        now = self._clock.now()
        actions = self._dialogue.offer(place.seat, buttons, now=now, ttl_s=UNDO_S)
        self.record(place, intent, "sent", intent.reason, level=level)
        await self._proofs.send(
            Track(
                ask=ask,
                seat=place.seat,
                preview=preview,
                remarks=intent.remarks,
                actions=actions,
                answers=place.incoming.update,
                also=also,
                post=intent.post,
            )
        )
        self._sentry.sent(place.person, place.seat.chat, intent, preview)

    def carry_out(self, intent: Intent, place: Place, level: Level) -> tuple[str, ...]:
        """Do what concerns people and chats alone; what to tell of it.

        Raises: PeopleError where it cannot be done.
        """
        assert intent.deed is not None
        lines = self._people.carry_out(intent.deed, place.person)
        self.record(place, intent, "ok", "", level=level)
        self._sentry.did(intent.deed, place.person, place.room)
        return lines

    async def _done(self, lines: tuple[str, ...], intent: Intent, place: Place) -> None:
        if isinstance(intent.deed, NewSecret):
            card, files = secret_card(lines[0], lines[-1]), (secret_file(lines[-1]),)
            await self.say(place, card, is_secret=True, files=files)
            return
        await self.say(place, done_card(lines), is_secret=len(lines) > 1)

    async def undo(self, undo: Undo, place: Place) -> None:
        """Take an act back."""
        for ask in undo.asks:
            intent = Intent(ask=ask, role=undo.role)
            if await self.is_refused(intent, None, place):
                return
            self.record(place, intent, "sent", "undo", level=Level.C0)
            await self._proofs.send(Track(ask=_of(place, ask), seat=place.seat))
            self._sentry.sent(place.person, place.seat.chat, intent, None, is_undo=True)

    def record(self, place: Place, intent: Intent, result: str, why: str, **more: object) -> None:
        """Write into the audit what somebody wanted and what came of it."""
        ask = intent.ask
        level = more.pop("level", None)
        self._gate.record(
            place.incoming,
            place.person,
            result,
            why,
            command=ask.__struct_config__.tag if ask is not None else type(intent.deed).__name__,
            accounts=ask.scope if ask is not None else "",
            level=level.name if isinstance(level, Level) else "",
            key=ask.key if ask is not None else "",
            text=title(intent) if place.incoming.handle else masked(place.incoming.text)[:500],
            **more,
        )

    def deny(self, place: Place, intent: Intent, what: Denied, why: str, **more: object) -> None:
        """Write into the audit what was refused, and count it."""
        self.record(place, intent, "refused", why, **more)
        self._gate.count(place.incoming, place.person, what)

    def failed(self, place: Place, error: LockstepError) -> None:
        """Write into the audit that a code did not count, and count that."""
        self._gate.failed(place.incoming, place.person, error, "refused")

    async def offer(
        self,
        card: Card,
        buttons: Sequence[Button],
        place: Place,
        *,
        ttl_s: float = CHOICE_S,
        word: str = "",
    ) -> None:
        """Answer with a card and its buttons."""
        actions = self._dialogue.offer(place.seat, buttons, now=self._clock.now(), ttl_s=ttl_s, word=word)
        await self.say(place, msgspec.structs.replace(card, actions=actions), anew=place.line, asks=word == TEXT)

    async def put(self, card: Card, buttons: Sequence[Button], seat: Seat, *, ttl_s: float = CHOICE_S) -> None:
        """Show a card with buttons to somebody else, or later."""
        actions = self._dialogue.offer(seat, buttons, now=self._clock.now(), ttl_s=ttl_s)
        await self._show(Message(chat=seat.chat, card=msgspec.structs.replace(card, actions=actions)))

    async def say(
        self,
        place: Place,
        card: Card,
        *,
        is_secret: bool = False,
        anew: str = "",
        asks: bool = False,
        files: tuple[File, ...] = (),
        is_pad: bool = False,
    ) -> None:
        """Answer with a card."""
        message = Message(
            chat=place.seat.chat,
            card=card,
            answers=place.incoming.update,
            is_secret=is_secret,
            anew=anew,
            asks=asks,
            reader=reader_of(place.incoming) if is_secret else "",
            files=files,
            is_pad=is_pad,
        )
        await self._show(message)


def _of(place: Place, ask: ActAsk) -> ActAsk:
    """The ask as the person's own, under whatever name they are shown."""
    return msgspec.structs.replace(ask, who=place.person.id)


def title(intent: Intent) -> str:
    """What is wanted, in one line."""
    return title_of(intent.ask) if intent.ask is not None else deed_words(intent.deed) if intent.deed else ""

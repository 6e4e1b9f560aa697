"""Acts: from a wish to its sending: previewed and confirmed by its level; the rights and the state are looked at each time.

proposed ── C1 ─────────────────────────────────────────────────► done
    └── C2 preview ── Confirm ── C3 code or armed ── C4 second ──► done
"""

import msgspec

from bot.core import code
from bot.core.access import Level, RoomKind
from bot.core.card import Card, Look, plain
from bot.core.deed import ALWAYS_CODED, BreakGlass
from bot.core.dialogue import (
    CHOICE_S,
    CODE,
    CONFIRM_S,
    TEXT,
    WORD,
    WORD_S,
    Approve,
    Button,
    Confirm,
    Drop,
    Intent,
    Key,
    Propose,
    Undo,
    asks_again,
    binds_version,
    level_of,
    needs_preview,
    word_of,
)
from bot.core.render.act import preview_card
from bot.core.render.people import ask_code_card, deed_card
from bot.core.render.word import refusal_card, words_card
from bot.core.undo import is_as_left
from bot.core.veil import bared
from bot.runtime.acting.hand import Hand, title
from bot.runtime.acting.pad import OVER, Pads
from bot.runtime.acting.second import Second
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place
from bot.runtime.people.codes import CodeError, PeopleError
from engine.api import ActAsk, FlattenAsk, PreviewView
from engine.api.client import EngineError

LONGEST = 200  # of a reason
LATER = "Not taken back at once: something else came after it."
SEEN = 1_000  # of a preview, in the audit


class Acts:
    """Everything that people want done."""

    def __init__(self, around: Around, hand: Hand, second: Second) -> None:
        """``hand`` does what needs nobody else, ``second`` asks another person."""
        self._hand = hand
        self._second = second
        self._engine = around.engine
        self._people = around.people
        self._dialogue = around.dialogue
        self._sentry = around.sentry
        self._clock = around.clock
        self._zone = around.zone_of
        self._pads = Pads(hand, around.dialogue, around.clock, WORD_S)

    async def decided(self, word: Approve, place: Place) -> None:
        """A second person has pressed, or the asker thinks again."""
        await self._second.decided(word, place)

    async def undo(self, undo: Undo, place: Place) -> None:
        """Take an act back; what came after it is shown first, for taking back would undo that too."""
        scope = ",".join(ask.scope for ask in undo.asks)
        views = await self._engine.accounts(scope) if undo.of is not None and scope else ()
        if is_as_left(undo.of, place.person.id, views):
            await self._hand.undo(undo, place)
            return
        for ask in undo.asks:
            await self.propose(Intent(ask=ask, role=undo.role, remarks=(LATER,)), place, is_shown=True)

    # ---- propose ---------------------------------------------------------------------------------------------------

    async def propose(self, intent: Intent, place: Place, looks: int = 1, *, is_shown: bool = False) -> None:
        """Do it now when its level allows (``is_shown``: never), else show what it would do and wait for the person."""
        preview = await self._engine.preview(intent.ask) if intent.ask is not None and needs_preview(intent) else None
        if await self._hand.is_refused(intent, preview, place):
            return
        level = max(level_of(intent, preview), Level.C2 if is_shown else Level.C0)
        if level <= Level.C1:
            await self._hand.do(intent, preview, place, level)
            return
        confirm = Confirm(intent=intent, preview=preview, level=level, looks=looks)
        word = word_of(intent.ask) if level >= Level.C3 and place.room.kind is RoomKind.LOCAL else ""
        ttl_s = WORD_S if level >= Level.C3 else CONFIRM_S
        form, label = self._form(intent, level, word, place)
        other = [
            Button(label=label, key=label[0].lower(), payload=Propose(intent=_instead(intent, ask)))
            for label, ask in intent.instead
        ]
        live = preview is None or preview.live
        look = Look.DANGER if live else Look.GOOD
        buttons = (
            Button(label=label, key="y", payload=confirm, look=look, form=form),
            Button(label="Cancel", key="n", payload=Drop()),
            *other,
        )
        card = self._card(confirm, word, ttl_s, place)
        self._hand.record(place, intent, "shown", "", level=level, preview=" | ".join(plain(bared(card)))[:SEEN])
        await self._hand.offer(card, buttons, place, ttl_s=ttl_s, word=word)

    def _form(self, intent: Intent, level: Level, word: str, place: Place) -> tuple[str, str]:
        """What the button asks for where the platform has forms, and what it says."""
        needs_code = level >= Level.C3 and not word and not self._spares_code(intent, place)
        if level < Level.C4 or word or not self._second.others(place.person):
            return (CODE if needs_code else ""), "Confirm"
        return ("ask" if needs_code else "why"), "Ask risk…"

    def _card(self, confirm: Confirm, word: str, ttl_s: float, place: Place) -> Card:
        intent, preview, level = confirm.intent, confirm.preview, confirm.level
        now, zone = self._clock.now(), self._zone(place.person.id)
        if intent.ask is None or preview is None:
            return deed_card(intent, level, word, ttl_s, now, zone)
        card = preview_card(
            intent.ask,
            preview,
            remarks=intent.remarks,
            word=word,
            ttl_s=ttl_s,
            changed=confirm.looks > 1,
            now=now,
            zone=zone,
        )
        if level is Level.C4:
            card = msgspec.structs.replace(card, lines=(*card.lines, "A second person must approve this."))
        return card

    # ---- confirm ---------------------------------------------------------------------------------------------------

    async def confirmed(self, confirm: Confirm, place: Place) -> None:
        """Pressed or typed: ask for the code where one is needed, else go on."""
        if await self._hand.is_refused(confirm.intent, confirm.preview, place):
            return
        if confirm.hears:
            said = " ".join(place.incoming.text.split())
            confirm = msgspec.structs.replace(confirm, hears=False)
            if code.is_one_time(said):  # no reason: it is never shown to anybody as one
                await self._coded(confirm, said, place)
                return
            confirm = msgspec.structs.replace(
                confirm, intent=msgspec.structs.replace(confirm.intent, reason=said[:LONGEST])
            )
        elif self._lacks_reason(confirm, place):
            await self._ask_reason(confirm, place)
            return
        if confirm.level < Level.C3 or place.room.kind is RoomKind.LOCAL:
            await self._look_again(confirm, place)
            return
        if place.incoming.reason:
            intent = msgspec.structs.replace(confirm.intent, reason=place.incoming.reason)
            confirm = msgspec.structs.replace(confirm, intent=intent)
        typed = place.incoming.text.strip() if place.incoming.handle else ""
        if not typed and self._spares_code(confirm.intent, place):
            await self._look_again(confirm, place)
        elif typed:
            await self.completed(confirm, typed, place)
        else:
            await self._ask_code(confirm, place)

    def _spares_code(self, intent: Intent, place: Place) -> bool:
        return not isinstance(intent.deed, ALWAYS_CODED) and self._people.is_armed(place.person)

    def _lacks_reason(self, confirm: Confirm, place: Place) -> bool:
        """Say whether the second person should read why, and no form has asked for it."""
        incoming = place.incoming
        is_told = confirm.intent.reason or incoming.reason or (incoming.handle and incoming.text)
        can_go_on = place.room.kind is RoomKind.LOCAL or self._people.has_codes(place.person)
        return confirm.level is Level.C4 and not is_told and can_go_on and bool(self._second.others(place.person))

    async def _ask_reason(self, confirm: Confirm, place: Place) -> None:
        """Why, as the next thing that the person writes here."""
        buttons = (
            Button(label="Cancel", key="n", payload=Drop()),
            Button(label="", key="", payload=msgspec.structs.replace(confirm, hears=True)),
        )
        await self._hand.offer(words_card(title(confirm.intent)), buttons, place, ttl_s=CHOICE_S, word=TEXT)

    async def _coded(self, confirm: Confirm, typed: str, place: Place) -> None:
        """A code came where a reason was asked for."""
        if place.room.is_alone:
            await self.completed(confirm, typed, place)
            return
        self._burn(typed, place)
        await self._hand.say(place, refusal_card("A code must not stand where others read. It is void; use the pad."))

    async def _ask_code(self, confirm: Confirm, place: Place) -> None:
        """The code must not stand in a chat where others read: there it is tapped on a number pad."""
        is_flatten = isinstance(confirm.intent.ask, FlattenAsk)
        if not self._people.has_codes(place.person) and not is_flatten:
            why = "this needs a one-time code; set it up with /totp setup in our private chat"
            if self._people.lacks_proof(place.person):
                why = "your codes are not on yet; write me the code that your app shows, in our private chat"
            self._hand.record(place, confirm.intent, "refused", "no one-time codes")
            await self._hand.say(place, refusal_card(f"Not done: {why}."))
            return
        now = self._clock.now()
        button = Button(label="Confirm", key="y", payload=confirm)
        word = WORD if is_flatten else ""
        self._dialogue.offer(place.seat, [button], now=now, ttl_s=WORD_S, word=f"{CODE} {word}".rstrip())
        if place.room.is_alone:
            await self._hand.say(place, ask_code_card(word))
            return
        await self._pads.put(place, word)

    async def tapped(self, key: Key, place: Place) -> None:
        """A key of a number pad; a wrong code is tapped again on the same one."""
        digits = await self._pads.tapped(key, place)
        if digits is None:
            return
        try:
            await self.typed_code(digits, place)
        except CodeError as error:
            if error.is_shut:
                await self._pads.end(key.pad, place, OVER)
            else:
                await self._pads.clear(key.pad, place)
            raise
        await self._pads.end(key.pad, place, "Code taken.")

    async def proven_code(self, text: str, place: Place) -> None:
        """The first code that the app shows turns one-time codes on."""
        self._people.check_code(place.person, text)
        await self._hand.say(place, Card(title="🟢 One-time codes are on.", brief=True))

    async def typed_code(self, text: str, place: Place) -> None:
        """A code was typed or tapped: whatever waits for it goes on."""
        waits = self._dialogue.waits(CODE, place.seat, self._clock.now())
        if not waits:
            await self._hand.say(place, refusal_card("Nothing waits for a code here."))
            return
        if place.incoming.text and not place.room.is_alone:
            self._burn(text, place)
            await self._hand.say(
                place, refusal_card("A code must not stand where others read. It is void; use the pad.")
            )
            return
        self._people.check_code(place.person, text)
        found = self._dialogue.typed(CODE, place.seat, self._clock.now())
        if isinstance(found, Confirm):
            await self._look_again(found, place)

    def _burn(self, text: str, place: Place) -> None:
        """What others have read counts no more."""
        try:
            self._people.check_code(place.person, text)
        except PeopleError as error:
            self._hand.failed(place, error)

    async def completed(self, confirm: Confirm, typed: str, place: Place) -> None:
        """The form of a button brought a code, or the word."""
        if isinstance(confirm.intent.ask, FlattenAsk) and typed.upper() == WORD:
            await self.by_word(confirm, place)
            return
        if not code.is_one_time(typed):
            raise PeopleError("six digits, please: the code of your authenticator app")
        self._people.check_code(place.person, typed)
        await self._look_again(confirm, place)

    async def by_word(self, confirm: Confirm, place: Place) -> None:
        """No code at hand: the word closes positions as well, and everybody who should know is told."""
        if await self._hand.is_refused(confirm.intent, confirm.preview, place):
            return
        if place.room.kind is not RoomKind.LOCAL and confirm.intent.ask is not None:
            self._sentry.by_word(place.person, confirm.intent.ask.scope, confirm.intent.ask.key)
        await self._look_again(confirm, place)

    async def _look_again(self, confirm: Confirm, place: Place) -> None:
        """Look once more, then act; what changed is shown afresh."""
        intent = confirm.intent
        if intent.ask is None:
            await self._go_on(confirm, None, place)
            return
        now = await self._engine.preview(intent.ask)
        if asks_again(confirm, now):
            await self.propose(intent, place, confirm.looks + 1)
            return
        await self._go_on(confirm, now, place)

    async def _go_on(self, confirm: Confirm, preview: PreviewView | None, place: Place) -> None:
        """Rights, locks and freezes may have changed since the press that asked for a code or a reason."""
        intent = confirm.intent
        if await self._hand.is_refused(intent, preview, place):
            return
        if isinstance(intent.deed, BreakGlass):
            await self._second.break_glass(intent.deed.id, intent.deed.reason, place)
            return
        if confirm.level is Level.C4:
            await self._second.ask(intent, preview, place)
            return
        if intent.ask is not None and preview is not None and binds_version(confirm):
            ask = msgspec.structs.replace(intent.ask, version=preview.version)
            intent = msgspec.structs.replace(intent, ask=ask)
        try:
            await self._hand.do(intent, preview, place, confirm.level)
        except EngineError as error:
            if not error.is_stale:
                raise
            await self.propose(confirm.intent, place, confirm.looks + 1)


def _instead(intent: Intent, ask: ActAsk) -> Intent:
    """The other way, which is none to itself."""
    left = tuple((label, other) for label, other in intent.instead if other != ask)
    return msgspec.structs.replace(intent, ask=ask, instead=left)

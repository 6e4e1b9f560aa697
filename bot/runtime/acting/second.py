"""Second: acts that need another person's word, asked on every platform; alone, a person has a minute to think again."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import msgspec

from bot.core.access import Known, Level, Person, Role, RoomKind
from bot.core.card import Look
from bot.core.chat import Message
from bot.core.denial import Denied
from bot.core.dialogue import ANYBODY, APPROVE_S, GLASS, Approve, Button, Fill, Intent, Seat, still_means
from bot.core.render.people import ended_card, second_card, waiting_card
from bot.core.render.word import refusal_card
from bot.runtime.acting.hand import Hand, title
from bot.runtime.acting.proofs import GRACE_S, Proofs
from bot.runtime.admission.around import Around
from bot.runtime.admission.gate import Place
from bot.runtime.alerting.climber import Mail
from bot.runtime.lasting import Faults, tried
from bot.runtime.people.audience import private_chat
from bot.runtime.people.codes import PeopleError
from bot.storage.approval import Approval, ApprovalStore, Waiting
from engine.api import PreviewView, Severity
from engine.api.client import EngineError, EngineSilentError

COOL_OFF_S = 60.0
BREAK_AFTER = timedelta(minutes=2)
LEAST_REASON = 10
LONGEST = 80  # of a second person's name in the audit
STILL = timedelta(seconds=60)  # what was approved is sent by then, or not at all
TICK_S = 1.0
UNKNOWN = 404


class Second:
    """Acts that wait."""

    def __init__(self, around: Around, hand: Hand, approvals: ApprovalStore, proofs: Proofs, mail: Mail) -> None:
        """``hand`` does what was approved, ``proofs`` follows it; ``mail`` keeps what is told together with why."""
        self._engine = around.engine
        self._people = around.people
        self._show = around.show
        self._sentry = around.sentry
        self._clock = around.clock
        self._hand = hand
        self._approvals = approvals
        self._proofs = proofs
        self._mail = mail
        self._fader = around.fader
        self._faults = Faults("what waits for a second person")
        self._under_way: set[str] = set()  # approved, and being sent by this process
        self._began = around.clock.monotonic()
        proofs.pledged.update(one.intent.ask.key for one in approvals.approved() if one.intent.ask is not None)

    def others(self, person: Person) -> list[Known]:
        """Who else could approve."""
        return [known for known in self._people.who_holds(Role.RISK) if known.person.id != person.id]

    async def ask(self, intent: Intent, preview: PreviewView | None, place: Place) -> None:
        """Ask risk and owner for their word; alone, a person has a minute to think again."""
        now = self._clock.now()
        others = self.others(place.person)
        ops = [room.chat for room in self._people.rooms() if room.kind is RoomKind.OPS]
        private = [private_chat(identity) for known in others for identity, _ in known.identities]
        chats = tuple(dict.fromkeys((*ops, *private))) if others else ()
        wait_s = APPROVE_S if others else COOL_OFF_S
        approval = Approval(
            id=self._approvals.next_id(),
            intent=intent,
            preview=preview,
            seat=place.seat,
            asker=place.person.name,
            reason=intent.reason,
            state=Waiting.ASKED if others else Waiting.COOLING,
            made_at=now,
            due=now + timedelta(seconds=wait_s),
            chats=chats,
        )
        self._approvals.put(approval)
        self._hand.record(place, intent, "waits", approval.id, level=Level.C4)
        for chat in chats:
            buttons = (
                Button(label="Approve", key="y", payload=Approve(id=approval.id, is_yes=True), look=Look.GOOD),
                Button(label="Deny", key="n", payload=Approve(id=approval.id, is_yes=False)),
            )
            said = title(intent)
            card = second_card(approval.id, approval.asker, said, approval.reason, preview, wait_s)
            await self._hand.put(card, buttons, Seat(person=ANYBODY, chat=chat), ttl_s=APPROVE_S)
        mine = [Button(label="Cancel", key="n", payload=Approve(id=approval.id, is_yes=False))]
        if others and place.person.role is Role.OWNER:
            glass = Fill(line=f"/breakglass {approval.id}", kind=GLASS)
            mine.append(Button(label="Break glass…", key="g", payload=glass, form=GLASS, look=Look.DANGER))
        card = waiting_card(approval.id, title(intent), not others, wait_s)
        await self._hand.put(card, mine, place.seat, ttl_s=wait_s)

    async def decided(self, word: Approve, place: Place) -> None:
        """A second person, or the asker who thinks again, has pressed."""
        approval = self._approvals.get(word.id)
        if approval is None or approval.state not in (Waiting.ASKED, Waiting.COOLING):
            await self._hand.say(place, refusal_card("This was decided already."))
            return
        is_own = approval.seat.person == place.person.id
        if not word.is_yes:
            if not is_own and (why := await self._hand.refusal(_as_risk(approval.intent), None, place)):
                self._hand.deny(place, approval.intent, Denied.RIGHTS, why, level=Level.C4)
                await self._hand.say(place, refusal_card(f"Not done: {why}."))
                return
            self._end(approval, Waiting.DENIED, place.person.name, "cancelled" if is_own else "denied")
            return
        if is_own:
            self._hand.deny(place, approval.intent, Denied.OWN, "approved his own act", level=Level.C4)
            await self._hand.say(
                place, refusal_card("Not done: another person must approve this, on whatever platform.")
            )
            return
        if why := await self._hand.refusal(_as_risk(approval.intent), approval.preview, place):
            self._hand.deny(place, approval.intent, Denied.RIGHTS, why, level=Level.C4)
            await self._hand.say(place, refusal_card(f"Not done: {why}."))
            return
        if self._clock.now() >= approval.due:
            self._end(approval, Waiting.EXPIRED, "", "nobody approved in time: not done")
            return
        await self._second_said_yes(approval, place.person.name, place.seat.chat)

    async def break_glass(self, name: str, reason: str, place: Place) -> None:
        """The owner goes on alone, after two minutes without an answer; everybody is told.

        Raises: PeopleError where that is not so.
        """
        approval = self._approvals.get(name)
        if approval is None or approval.state is not Waiting.ASKED:
            raise PeopleError(f"{name} does not wait for a second person")
        if approval.seat.person != place.person.id or place.person.role is not Role.OWNER:
            raise PeopleError("only the owner may break the glass, for an act of their own")
        left = BREAK_AFTER - (self._clock.now() - approval.made_at)
        if left > timedelta(0):
            raise PeopleError(f"wait {left.total_seconds():.0f} s more for a second person")
        if len(reason.strip()) < LEAST_REASON:
            raise PeopleError(f"say why, in {LEAST_REASON} characters or more")
        scope = approval.intent.ask.scope if approval.intent.ask is not None else ""
        self._sentry.broke_glass(place.person, approval.id, title(approval.intent), scope, reason)
        await self._second_said_yes(approval, f"break-glass: {reason}", place.seat.chat)

    async def _second_said_yes(self, approval: Approval, second: str, yes_in: str = "") -> None:
        """Look at the state once more; what changed since the asker looked is not done."""
        intent, preview = approval.intent, approval.preview
        if intent.ask is not None and preview is not None:
            now = await self._engine.preview(intent.ask)
            if not still_means(preview, now):
                self._end(approval, Waiting.DENIED, second, "the state changed since it was asked; ask again")
                return
            ask = msgspec.structs.replace(intent.ask, version=now.version, by=f"{intent.ask.by} + {second}"[:120])
            intent, preview = msgspec.structs.replace(intent, ask=ask), now
        place, why = await self._standing(approval, intent, preview)
        if why or place is None:
            self._end(approval, Waiting.DENIED, second, f"not done: {why}")
            return
        approved = msgspec.structs.replace(
            approval,
            intent=intent,
            preview=preview,
            state=Waiting.APPROVED,
            due=self._clock.now() + STILL,
            second=second,
            yes_in=yes_in or approval.seat.chat,
        )
        self._under_way.add(approval.id)
        try:
            if self._approve(approval, approved, place) and intent.deed is None:
                await self._send(approved, place)
        except PeopleError as error:
            self._end(approval, Waiting.DENIED, second, f"not done: {error}")
        finally:
            self._under_way.discard(approval.id)

    async def _standing(
        self, approval: Approval, intent: Intent, preview: PreviewView | None
    ) -> tuple[Place | None, str]:
        """Where it was asked, and why whoever asked may not do it now; empty when they may."""
        place = self._place_of(approval)
        if place is None:
            return None, "who asked has no rights any more"
        return place, await self._hand.refusal(intent, preview, place)

    def _approve(self, waiting: Approval, approved: Approval, place: Place) -> bool:
        """Keep the yes, and what is told of it, before anything is sent; what concerns people alone is done with it."""
        said = f"approved by {approved.second}"
        with self._approvals.database.begin() as connection:
            if not self._approvals.approve(waiting, approved):
                return False
            second = approved.second[:LONGEST]
            self._hand.record(place, approved.intent, "approved", "", level=Level.C4, second=second)
            if approved.intent.deed is not None:
                said = "; ".join((said, *self._hand.carry_out(approved.intent, place, Level.C4)))
                self._approvals.end(approved, Waiting.DONE, approved.second)
            kept = self._mail.keep(self._cards(approved, said), connection)
        self._mail.release(kept)
        return True

    async def _send(self, approval: Approval, place: Place, *, is_repeat: bool = False) -> None:
        """Send what was approved. By its key the engine does it once; by its version, only what was approved."""
        intent, preview, ask = approval.intent, approval.preview, approval.intent.ask
        assert ask is not None
        self._proofs.pledged.add(ask.key)
        try:
            await self._hand.do(intent, preview, place, Level.C4, also=(approval.yes_in,))
        except EngineSilentError as error:
            if is_repeat:  # whoever looks next sees what became of the first
                raise
            self._fail(approval, place, str(error))
        except EngineError as error:
            said = "the state changed since it was approved; ask again" if error.is_stale else str(error)
            self._fail(approval, place, said)
        else:
            self._approvals.end(approval, Waiting.DONE, approval.second)
            self._proofs.pledged.discard(ask.key)

    async def _go_on(self, approval: Approval) -> None:
        """What an ended process left between the yes and the engine's receipt: done once, or told that it is not.

        An ask of that process may still be under way; that it never arrived is certain only after a while.
        """
        ask = approval.intent.ask
        assert ask is not None
        place, why = await self._standing(approval, approval.intent, approval.preview)
        if await self._is_known(ask.key):
            self._approvals.end(approval, Waiting.DONE, approval.second)
            self._proofs.pledged.discard(ask.key)
            if place is not None:
                self._sentry.sent(place.person, place.seat.chat, approval.intent, approval.preview)
        elif not why and place is not None and self._clock.now() < approval.due:
            await self._send(approval, place, is_repeat=True)
        elif self._clock.monotonic() - self._began >= GRACE_S:
            self._fail(approval, place, why or "I was away, and came back too late; ask again")

    async def _is_known(self, key: str) -> bool:
        try:
            await self._engine.act(key)
        except EngineError as error:
            if error.status != UNKNOWN:
                raise
            return False
        return True

    async def tick(self) -> None:
        """End what nobody answered; what cooled off happens; what was approved and then left lying goes on."""
        for approval in self._approvals.due(self._clock.now()):
            await self._tried(approval, self._due)
        for approval in self._approvals.approved():
            if approval.id not in self._under_way:
                await self._tried(approval, self._go_on)

    async def _tried(self, approval: Approval, step: Callable[[Approval], Coroutine[Any, Any, None]]) -> None:
        error = await tried(step(approval))
        if error is None or isinstance(error, EngineError):  # while it is silent it waits until somebody can look
            self._faults.over(approval.id)
        else:
            self._faults.failed(error, approval.id)

    async def _due(self, approval: Approval) -> None:
        if approval.state is Waiting.COOLING:
            await self._second_said_yes(approval, "alone, after a minute")
        else:
            self._end(approval, Waiting.EXPIRED, "", "nobody approved in time: not done")

    async def run(self) -> None:
        """Look after what waits, for ever; first what an earlier process left."""
        while True:
            await self.tick()
            await self._clock.sleep(TICK_S)

    def _fail(self, approval: Approval, place: Place | None, why: str) -> None:
        """It was approved and is not done: both hear it anew, for nobody looks at an edit."""
        said = f"approved by {approval.second}, NOT done: {why}"
        told = refusal_card(f"Not done: {title(approval.intent)}: {why}", Severity.P2)
        more = [Message(chat=chat, card=told) for chat in dict.fromkeys((approval.seat.chat, approval.yes_in))]
        self._close(approval, Waiting.FAILED, approval.second, place, why, [*self._cards(approval, said), *more])
        if approval.intent.ask is not None:
            self._proofs.drop(approval.intent.ask.key)

    def _end(self, approval: Approval, state: Waiting, by: str, why: str) -> None:
        said = f"{why}{f' by {by}' if by and by != approval.asker else ''}"
        self._close(approval, state, by, self._place_of(approval), why, self._cards(approval, said))

    def _close(
        self, approval: Approval, state: Waiting, by: str, place: Place | None, why: str, told: list[Message]
    ) -> None:
        """The end and what is told of it, in one transaction: no kill leaves one without the other."""
        with self._approvals.database.begin() as connection:
            if not self._approvals.end(approval, state, by):
                return
            if place is not None:
                self._hand.record(place, approval.intent, state.value, why, level=Level.C4, second=by[:LONGEST])
            kept = self._mail.keep(told, connection)
        self._mail.release(kept)

    def _cards(self, approval: Approval, said: str) -> list[Message]:
        """What became of it, in place of the question and of the asker's card."""
        card = ended_card(approval.id, title(approval.intent), said)
        chats = [*dict.fromkeys((*approval.chats, approval.seat.chat))]
        for chat in chats:
            self._fader.settled(chat, card.ref)
        return [Message(chat=chat, card=card) for chat in chats]

    def _place_of(self, approval: Approval) -> Place | None:
        """Where an act was asked, with the rights that its asker has now."""
        known = next((one for one in self._people.everybody() if one.person.id == approval.seat.person), None)
        person = known.person if known is not None else None
        if person is None and approval.seat.person == self._people.local.id:
            person = self._people.local
        room = self._people.room(approval.seat.chat)
        if person is None or room is None:
            return None
        return Place.of(person, approval.seat, room, self._clock.now())


def _as_risk(intent: Intent) -> Intent:
    """The same act, for whoever approves it: that takes the role risk, whatever asking for it took."""
    return msgspec.structs.replace(intent, role=Role.RISK)

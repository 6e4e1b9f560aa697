"""Second: acts that need another person's word, asked on every platform; alone, a person has a minute to think again."""

from datetime import timedelta

import msgspec

from bot.core.access import Known, Level, Person, Role, RoomKind
from bot.core.card import Card, Look
from bot.core.chat import Message
from bot.core.denial import Denied
from bot.core.dialogue import ANYBODY, APPROVE_S, GLASS, Approve, Button, Fill, Intent, Seat, still_means
from bot.core.render.people import second_card, waiting_card
from bot.core.render.word import refusal_card
from bot.runtime.around import Around
from bot.runtime.audience import private_chat
from bot.runtime.gate import Place
from bot.runtime.hand import Hand, title
from bot.runtime.lasting import Faults, tried
from bot.runtime.people import PeopleError
from bot.storage.approval import Approval, ApprovalStore, Waiting
from engine.api import LockstepError, PreviewView, Severity
from engine.api.client import EngineError

COOL_OFF_S = 60.0
BREAK_AFTER = timedelta(minutes=2)
LEAST_REASON = 10
TICK_S = 1.0


class Second:
    """Acts that wait."""

    def __init__(self, around: Around, hand: Hand, approvals: ApprovalStore) -> None:
        """``hand`` does what was approved."""
        self._engine = around.engine
        self._people = around.people
        self._show = around.show
        self._sentry = around.sentry
        self._clock = around.clock
        self._hand = hand
        self._approvals = approvals
        self._faults = Faults("what waits for a second person")

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
            await self._end(approval, Waiting.DENIED, place.person.name, "cancelled" if is_own else "denied")
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
            await self._end(approval, Waiting.EXPIRED, "", "nobody approved in time")
            return
        await self._second_said_yes(approval, place.person.name)

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
        await self._second_said_yes(approval, f"break-glass: {reason}")

    async def _second_said_yes(self, approval: Approval, second: str) -> None:
        """Look at the state once more; what changed since the asker looked is not done."""
        intent, preview = approval.intent, approval.preview
        if intent.ask is not None and preview is not None:
            now = await self._engine.preview(intent.ask)
            if not still_means(preview, now):
                await self._end(approval, Waiting.DENIED, second, "the state changed since it was asked; ask again")
                return
            ask = msgspec.structs.replace(intent.ask, version=now.version, by=f"{intent.ask.by} + {second}"[:120])
            intent, preview = msgspec.structs.replace(intent, ask=ask), now
        place = self._place_of(approval)
        why = (
            await self._hand.refusal(intent, preview, place)
            if place is not None
            else "who asked has no rights any more"
        )
        if why or place is None:
            await self._end(approval, Waiting.DENIED, second, f"not done: {why}")
            return
        if not self._approvals.end(approval, Waiting.DONE, second):
            return
        await self._tell_end(approval, f"approved by {second}")
        self._hand.record(place, intent, "approved", "", level=Level.C4, second=second)
        try:
            await self._hand.do(intent, preview, place, Level.C4)
        except LockstepError as error:
            await self._hand.put(refusal_card(f"Not done: {error}", Severity.P2), (), approval.seat)

    async def tick(self) -> None:
        """End what nobody answered; what cooled off happens."""
        for approval in self._approvals.due(self._clock.now()):
            error = await tried(self._due(approval))
            if error is None or isinstance(error, EngineError):  # while it is silent it waits until somebody can look
                self._faults.over(approval.id)
            else:
                self._faults.failed(error, approval.id)

    async def _due(self, approval: Approval) -> None:
        if approval.state is Waiting.COOLING:
            await self._second_said_yes(approval, "alone, after a minute")
        else:
            await self._end(approval, Waiting.EXPIRED, "", "nobody approved in time: not done")

    async def run(self) -> None:
        """Look after what waits, for ever."""
        while True:
            await self._clock.sleep(TICK_S)
            await self.tick()

    async def _end(self, approval: Approval, state: Waiting, by: str, why: str) -> None:
        if not self._approvals.end(approval, state, by):
            return
        place = self._place_of(approval)
        if place is not None:
            self._hand.record(place, approval.intent, state.value, why, level=Level.C4, second=by)
        await self._tell_end(approval, f"{why}{f' by {by}' if by and by != approval.asker else ''}")

    async def _tell_end(self, approval: Approval, said: str) -> None:
        for chat in dict.fromkeys((*approval.chats, approval.seat.chat)):
            card = Card(title=title(approval.intent), lines=(f"{approval.id}: {said}",), ref=f"second:{approval.id}")
            await self._show(Message(chat=chat, card=card))

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

"""Alerts: notices in, cards out; stored with their messages in one transaction, kept up by a tick, resumed after a restart."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, tzinfo

import msgspec

from bot.core.alert import Alert, Labels, of_notice
from bot.core.alertgroup import LOSS, Group, Stage, key_of
from bot.core.card import Action, Card
from bot.core.chat import Clock, Message, Priority
from bot.core.command import Engine
from bot.core.delivery import expect, number_of
from bot.core.dialogue import ANYBODY, UNDO_S, Button, Dialogue, Seat
from bot.core.handling import Handling
from bot.core.jump import Meter, move
from bot.core.pipeline import Pipeline, Push, Turn, Why
from bot.core.render.alert import (
    STORM_BUTTONS,
    digest_card,
    event_buttons,
    event_cards,
    group_buttons,
    group_card,
    over_card,
    storm_card,
)
from bot.core.route import CONDUCT, Conduct, Flood, Told, told
from bot.runtime.climber import Batch, Climber, Mail
from bot.runtime.directory import Directory
from bot.runtime.owed import Owed, Restore
from bot.runtime.rota import Rota, concerned
from bot.runtime.talk import Talk
from bot.runtime.unanswered import pause
from bot.storage.alert import AlertStore, Missed
from engine.api import AccountView, LockstepError, Notice, Severity

TICK_S = 1.0
HURRY_S = 0.25  # while a P1 waits for what belongs to it
PUSHES = {Severity.P1: Priority.URGENT, Severity.P2: Priority.ANSWER}
BUTTONS_S = 7 * 86_400.0


class Alerts:
    """Every alert of the desk, on its way to people and back."""

    def __init__(
        self,
        store: AlertStore,
        mail: Mail,
        dialogue: Dialogue,
        rota: Rota,
        directory: Directory,
        clock: Clock,
        zone: tzinfo,
        *,
        engine: Engine | None = None,
        conduct: Conduct = CONDUCT,
    ) -> None:
        """Go on where an earlier process ended."""
        self.store = store
        self.rota = rota
        self._mail = mail
        self._dialogue = dialogue
        self._directory = directory
        self._clock = clock
        self._zone = zone
        self._engine = engine if conduct.is_pausing else None
        self._conduct = conduct
        self.talk = Talk(store, rota, zone)
        now = clock.now()
        self.pipeline = Pipeline(store.groups(now), store.mutes(), store.next_id())
        self.handling = Handling(self.pipeline)
        self.climber = Climber(store.climbs(), rota)
        self._meter = Meter(now, clock.monotonic())
        self._dirty: dict[int, None] = {group.id: None for group in self.pipeline.open()}
        self._owed = Owed(self._memory)
        self._floods: dict[str, Flood] = {}
        self._stormy: dict[str, dict[int, None]] = {}  # groups that a chat's storm card stands for
        self._actions: dict[tuple[str, str], tuple[tuple[Button, ...], tuple[Action, ...]]] = {}

    @property
    def seq(self) -> int | None:
        """From where on the stream brings what was not taken in yet; None where nothing ever was."""
        return self.store.seq() or None

    @property
    def known(self) -> tuple[AccountView, ...]:
        """The desk's accounts, as far as they are known."""
        return self._directory.known

    def begin(self, seq: int) -> None:
        """The stream began with how things stand: what comes after it is told, also by a bot that starts after it came."""
        known = self.store.seq()
        if not known or known > seq:  # the first start, or another journal
            self.store.begin(seq)

    async def run(self) -> None:
        """Keep waits, repeats, ends of acks, escalations and digests."""
        while True:
            await self.tick()
            is_p1 = any(one.severity is Severity.P1 and one.stage is Stage.PENDING for one in self.pipeline.open())
            await self._clock.sleep(HURRY_S if is_p1 else TICK_S)

    # ---- in --------------------------------------------------------------------------------------------------------

    async def take(self, notices: Sequence[Notice]) -> None:
        """Take notices in, in their order."""
        if not notices:
            return
        try:
            views = await self._directory.views()
        except LockstepError:
            views = self._directory.known
        turn, now = Turn(), self._clock.now()
        self.pipeline.accounts = views
        for notice in notices:
            self.pipeline.take(of_notice(notice, views), now, turn)
        self.settle(turn, is_tick=False)

    def raise_own(self, code: str, severity: Severity, text: str, *, besides: str = "", **labels: str) -> int:
        """An alert of the bot itself, but for an event in the chat ``besides``; the number of its group."""
        turn, now = Turn(), self._clock.now()
        alert = Alert(code=code, severity=severity, text=text, at=now, labels=Labels(**labels), besides=besides)
        self.pipeline.take(alert, now, turn)
        self.settle(turn, is_tick=False)
        return turn.outcomes[-1].group

    def standing(self, code: str, **labels: str) -> Group | None:
        """The open group of an alert that does not seem over."""
        key = key_of(code, Labels(**labels))
        return next((one for one in self.pipeline.open() if one.key == key and one.clears_at is None), None)

    def lost(self, message: Message, reason: str) -> None:
        """A message never arrived: told on every other platform, by whoever can be reached; that it never arrived is not."""
        group = self.pipeline.groups.get(number_of(message))
        if group is None or group.code != LOSS:
            severity = Severity.P1 if message.priority is Priority.URGENT else Severity.P2
            said = f"a card never arrived in {message.chat}: {reason} (it was: {message.card.title})"
            self.raise_own("outbox.dead", severity, said, reason=message.chat)

    def storm(self, chat: str) -> list[Group]:
        """Groups for which a chat's storm card stands now."""
        return [self.pipeline.groups[one] for one in self._stormy.get(chat, ()) if one in self.pipeline.groups]

    def stormed(self, chat: str, since: int) -> list[str]:
        """Alerts for which a chat's storm card stands; of one that nobody knows any more, all that are open."""
        flood = self._floods.get(chat)
        is_this = flood is not None and flood.since is not None and int(flood.since.timestamp()) == since
        known = self._stormy.get(chat) if is_this else None
        return [group.name for group in self.pipeline.open() if known is None or group.id in known]

    async def tick(self) -> None:
        """Carry out whatever is due, also what came due while nobody ran."""
        turn, now = Turn(), self._clock.now()
        if (by := self._meter.back(now, self._clock.monotonic())) is not None:
            move(self.pipeline, by, now, turn)
            self.climber.move(by)
            self._floods, self._stormy = {}, {}
        for number in self.climber.policies(self._clock.now()) if self._engine is not None else ():
            await self._act_for(self.pipeline.groups.get(number))  # before its step is taken: a kill between repeats it
        self.pipeline.accounts = self._directory.known
        self.pipeline.tick(self._clock.now(), turn)
        self.settle(turn, is_acting=True)

    # ---- one step --------------------------------------------------------------------------------------------------

    def settle(self, turn: Turn, *, is_tick: bool = True, is_acting: bool = False) -> None:
        """Store what came of a step together with its messages, then let them leave.

        ``is_tick`` edits what has changed; ``is_acting`` takes the steps at which the desk itself has acted.
        """
        with self._owed.step(turn) as whole:
            self._carry_out(whole, is_tick=is_tick, is_acting=is_acting)

    def _carry_out(self, turn: Turn, *, is_tick: bool, is_acting: bool) -> None:
        now, batch = self._clock.now(), Batch()
        self._dirty.update(turn.changed)
        for push in sorted(turn.pushes, key=lambda one: self.pipeline.groups[one.group].severity):
            group = self.pipeline.groups[push.group]
            if push.why is not Why.OVER:
                for chat in self.rota.chats_of(group, self._directory.known, is_elsewhere=push.is_elsewhere):
                    batch.want(chat, push)
        self.climber.climb(self.pipeline, turn, now, batch, is_acting=is_acting)
        for chat, pushes in batch.wanted.items():
            self._tell(chat, list(pushes.values()), now, batch, turn)
        self._expect(turn, batch, now)
        self._say_over(turn, batch, now)
        if self._conduct.has_threads:
            self.talk.say(self.pipeline, turn, batch)
        self._say_events(turn.tells, now, batch)
        if is_tick:
            self._edit(now, batch)
            self._say_missed(now, batch)
        if turn or batch.messages or batch.climbs:
            self._store(turn, batch)

    def keep(self, turn: Turn) -> None:
        """Store what came of a step that nobody needs to see now."""
        with self._owed.alone(turn), self.store.database.begin() as connection:
            self.store.write(connection, turn, self.pipeline.groups, self.pipeline.mutes)

    def _memory(self) -> Restore:
        """Everything that carrying out a step changes, as it is now."""
        groups, climbs, dirty = dict(self.pipeline.groups), self.climber.memory(), dict(self._dirty)
        floods, stormy = deepcopy(self._floods), {chat: dict(known) for chat, known in self._stormy.items()}

        def restore() -> None:
            self.pipeline.groups.clear()
            self.pipeline.groups.update(groups)
            climbs()
            self._dirty, self._floods, self._stormy = {**dirty, **self._dirty}, floods, stormy

        return restore

    def _store(self, turn: Turn, batch: Batch) -> None:
        with self.store.database.begin() as connection:
            self.store.write(connection, turn, self.pipeline.groups, self.pipeline.mutes)
            for number, climb in batch.climbs.items():
                if climb is None:
                    self.store.end_climb(connection, number)
                else:
                    self.store.put_climb(connection, climb)
            self.store.put_missed(connection, batch.missed)
            for chat in batch.told_missed:
                self.store.end_missed(connection, chat)
            kept = self._mail.keep(batch.messages, connection)
        self._mail.release(kept)

    # ---- out -------------------------------------------------------------------------------------------------------

    def _tell(self, chat: str, pushes: list[Push], now: datetime, batch: Batch, turn: Turn) -> None:
        """Cards for one chat: each for itself, all as one in a flood, or none now, with the reason in the history."""
        wishes = self.rota.wishes(chat)
        cards: list[tuple[Push, Group, Told]] = []
        for push in pushes:
            group = self.pipeline.groups[push.group]
            how = told(group.code, group.severity, wishes, now, self._zone, is_loud=push.is_loud)
            if how.held:
                self.pipeline.line(group, now, "unheard", f"not told in {chat}: {how.held}", turn)
            if how.is_later:
                batch.missed.append(Missed(chat=chat, group=group.id, at=now, text=group.code))
            if not how.held:
                cards.append((push, group, how))
        flood = self._floods.setdefault(chat, Flood())
        is_flood = flood.is_over(len(cards), now)
        if not is_flood:
            self._stormy.pop(chat, None)
            flood.shown(len(cards), now)
            for push, group, how in cards:
                rings = batch.rings.get((chat, group.id), ())
                batch.messages.append(self._message(chat, group, now, push, is_silent=how.is_silent, rings=rings))
                self._shown_in(chat, group, turn)
                batch.told.setdefault(group.id, []).append(chat)
        elif cards:
            known = self._stormy.setdefault(chat, {})
            is_loud = any(not how.is_silent and group.id not in known for _, group, how in cards)
            known.update({group.id: None for _, group, _ in cards})
            for _, group, _ in cards:
                self.pipeline.line(group, now, "stormed", f"within one card in {chat}", turn)
                batch.told.setdefault(group.id, []).append(chat)
            batch.messages.append(self._storm_message(chat, now, is_fresh=is_loud))

    def _shown_in(self, chat: str, group: Group, turn: Turn) -> None:
        group = self.pipeline.groups[group.id]
        if chat not in group.chats:
            self.pipeline.keep(msgspec.structs.replace(group, chats=(*group.chats, chat)), turn)

    def _expect(self, turn: Turn, batch: Batch, now: datetime) -> None:
        """From now on it is awaited that the platforms show what is grave."""
        back = {push.group for push in turn.pushes if push.why is Why.BACK}
        for number, chats in batch.told.items():
            platforms = [name for chat in chats if (name := chat.partition(":")[0]) in self._conduct.platforms]
            self.pipeline.keep(expect(self.pipeline.groups[number], platforms, now, is_anew=number in back), turn)

    def _message(
        self,
        chat: str,
        group: Group,
        now: datetime,
        push: Push | None = None,
        *,
        is_silent: bool = True,
        rings: tuple[str, ...] = (),
    ) -> Message:
        why = push.why if push is not None and chat in group.chats else None  # where it is news, it is not "still so"
        group = self.rota.part(group, chat, self.known)
        card = group_card(group, now, self._zone, why)
        return Message(
            chat=chat,
            card=self._with(card, chat, group_buttons(group), now),
            silent=is_silent,
            priority=PUSHES.get(group.severity, Priority.REST) if push is not None else Priority.REST,
            is_fresh=push is not None,
            rings=rings,
        )

    def _storm_message(self, chat: str, now: datetime, *, is_fresh: bool) -> Message:
        groups = [self.rota.part(group, chat, self.known) for group in self.storm(chat)]
        flood = self._floods[chat]
        since = flood.since or now
        card = storm_card([one for one in groups if one.is_open] or groups, since, int(since.timestamp()), self._zone)
        return Message(
            chat=chat,
            card=self._with(card, chat, STORM_BUTTONS, now),
            silent=not is_fresh,
            priority=PUSHES.get(card.severity or Severity.P2, Priority.REST) if is_fresh else Priority.REST,
            is_fresh=is_fresh,
        )

    def _with(self, card: Card, chat: str, buttons: tuple[Button, ...], now: datetime) -> Card:
        """The card with its buttons; the same ones keep their handles, so that an unchanged card is not edited."""
        known = self._actions.get((chat, card.ref))
        if not buttons:
            self._actions.pop((chat, card.ref), None)
            return card
        if known is None or known[0] != buttons:
            seat = Seat(person=ANYBODY, chat=chat)
            known = (buttons, self._dialogue.offer(seat, buttons, now=now, ttl_s=BUTTONS_S))
            self._actions[chat, card.ref] = known
        return msgspec.structs.replace(card, actions=known[1])

    def _offered(self, card: Card, chat: str, buttons: tuple[Button, ...], now: datetime) -> Card:
        """An event's line with what may be pressed on it, for as long as an act may be taken back."""
        actions = self._dialogue.offer(Seat(person=ANYBODY, chat=chat), buttons, now=now, ttl_s=UNDO_S)
        return msgspec.structs.replace(card, actions=actions)

    def _edit(self, now: datetime, batch: Batch) -> None:
        """Cards that changed, where they are shown and not shown anew in this very step."""
        fresh = {(message.chat, message.card.ref) for message in batch.messages}
        dirty, self._dirty = self._dirty, {}
        storms: dict[str, None] = {}
        for number in dirty:
            group = self.pipeline.groups.get(number)
            for chat in self.rota.still(group.chats) if group is not None else ():
                assert group is not None
                if (chat, f"alert:{number}") not in fresh:
                    batch.messages.append(self._message(chat, group, now))
            storms.update({chat: None for chat, known in self._stormy.items() if number in known})
        for chat in storms:
            message = self._storm_message(chat, now, is_fresh=False)
            if (chat, message.card.ref) not in fresh:
                batch.messages.append(message)

    def _say_over(self, turn: Turn, batch: Batch, now: datetime) -> None:
        over = [self.pipeline.groups[push.group] for push in turn.pushes if push.why is Why.OVER]
        for group in over:
            for chat in self.rota.still(group.chats):
                how = told(group.code, group.severity, self.rota.wishes(chat), now, self._zone, is_loud=False)
                if not how.held:
                    card = over_card(self.rota.part(group, chat, self.known))
                    batch.messages.append(
                        Message(chat=chat, card=card, silent=True, priority=Priority.REST, is_fresh=True)
                    )

    def _say_events(self, events: Sequence[Alert], now: datetime, batch: Batch) -> None:
        by_code: dict[str, list[Alert]] = {}
        for alert in events:
            by_code.setdefault(alert.code, []).append(alert)
        for same in by_code.values():
            cards = event_cards(same, self._zone)
            accounts = frozenset(alert.labels.account for alert in same if alert.labels.account)
            accounts = concerned(same[0].labels, accounts, self._directory.known)
            buttons = event_buttons(same[0]) if len(same) == 1 else ()
            for chat in self.rota.chats(same[0].code, same[0].severity, accounts, self._directory.known):
                if chat == same[0].besides:
                    continue
                how = told(same[0].code, same[0].severity, self.rota.wishes(chat), now, self._zone, is_loud=False)
                if how.is_later:
                    batch.missed += [Missed(chat=chat, group=0, at=one.at, text=one.text) for one in same]
                for card in cards if not how.held else ():
                    shown = self._offered(card, chat, buttons, now) if buttons else card
                    batch.messages.append(Message(chat=chat, card=shown, silent=True, priority=Priority.EVENT))

    def _say_missed(self, now: datetime, batch: Batch) -> None:
        """One card for each chat whose quiet hours are over."""
        for chat, items in self.store.missed_by_chat().items():
            wishes = self.rota.wishes(chat)
            is_quiet = wishes.quiet is not None and wishes.quiet.holds(now, self._zone)
            if is_quiet or self.rota.has_morning(chat, now, self._zone):
                continue
            shown: dict[tuple[int, str], tuple[datetime, str, Group | None]] = {}
            for one in items:
                group = self.pipeline.groups.get(one.group) or (self.store.group(one.group) if one.group else None)
                shown.setdefault((one.group, "" if one.group else one.text), (one.at, one.text, group))
            words = wishes.quiet.words if wishes.quiet is not None else ""
            card = digest_card(list(shown.values()), self._zone, words)
            batch.messages.append(Message(chat=chat, card=card, silent=True, priority=Priority.REST))
            batch.told_missed.append(chat)

    async def _act_for(self, group: Group | None) -> None:
        if group is None or not group.is_open or self._engine is None:
            return
        if why := await pause(self._engine, group):
            turn = Turn()
            self.pipeline.line(group, self._clock.now(), "unanswered", f"the pause did not arrive: {why}", turn)
            self.settle(turn, is_tick=False)

"""Alerts: notices in, cards out; stored with their messages in one transaction, kept up by a tick, resumed after a restart."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, tzinfo

import msgspec

from bot.core.alert import Alert, Labels, of_notice
from bot.core.alertgroup import DRILL, LOSS, Group, Stage, Stormed, key_of
from bot.core.card import Card, unsigned
from bot.core.chat import Clock, Message, Priority
from bot.core.command import Engine
from bot.core.delivery import expect, number_of
from bot.core.dialogue import Dialogue
from bot.core.handling import Handling
from bot.core.jump import Meter, move
from bot.core.pipeline import Pipeline, Push, Turn, Why
from bot.core.render.alert import digest_card, over_card
from bot.core.route import CONDUCT, Conduct, Flood, Told, told
from bot.runtime.alerting.cards import Cards
from bot.runtime.alerting.climber import Batch, Climber, Mail
from bot.runtime.alerting.owed import Owed, Restore
from bot.runtime.alerting.talk import Talk
from bot.runtime.alerting.unanswered import pause
from bot.runtime.desk.directory import Directory
from bot.runtime.people.rota import Rota, concerned
from bot.storage.alert import AlertStore, Missed
from engine.api import AccountView, LockstepError, Notice, Severity

TICK_S = 1.0
HURRY_S = 0.25  # while a P1 waits for what belongs to it


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
        self._directory = directory
        self._clock = clock
        self._engine = engine if conduct.is_pausing else None
        self._conduct = conduct
        self.talk = Talk(store, rota, zone)
        self.cards = Cards(rota, dialogue, directory, zone)
        now = clock.now()
        self.pipeline = Pipeline(store.groups(now), store.mutes(), store.next_id())
        self.handling = Handling(self.pipeline)
        self.climber = Climber(store.climbs(), rota)
        self._meter = Meter(now, clock.monotonic())
        self._dirty: dict[int, None] = {group.id: None for group in self.pipeline.open()}
        self._owed = Owed(self._memory)
        self._floods: dict[str, Flood] = {}

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
            who = self.rota.name_of(message.chat)
            said = f"{who} did not get a card: {reason}. It was: {unsigned(message.card.title)}"
            self.raise_own("outbox.dead", severity, said, reason=message.chat, name=who)

    def storm(self, chat: str, number: int) -> list[Group]:
        """Groups for which a chat's storm card with this number stands."""
        mark = Stormed(chat=chat, number=number)
        return [group for group in self.pipeline.groups.values() if mark in group.storms]

    def stormed(self, chat: str, number: int) -> list[str]:
        """Alerts for which a chat's storm card stands; of one that nobody knows any more, all that are open."""
        return [group.name for group in self.storm(chat, number) or self.pipeline.open() if group.is_open]

    async def tick(self) -> None:
        """Carry out whatever is due, also what came due while nobody ran."""
        turn, now = Turn(), self._clock.now()
        if (by := self._meter.back(now, self._clock.monotonic())) is not None:
            move(self.pipeline, by, now, turn)
            self.climber.move(by)
            self._floods = {}
        acted = self.climber.policies(self.pipeline, self._clock.now())
        if self._engine is not None:  # before its step is taken: a kill between repeats it
            await asyncio.gather(*(self._act_for(self.pipeline.groups[number]) for number in acted))
        self.pipeline.accounts = self._directory.known
        self.pipeline.tick(self._clock.now(), turn)
        self.settle(turn, acted=frozenset(acted))

    # ---- one step --------------------------------------------------------------------------------------------------

    def settle(self, turn: Turn, *, is_tick: bool = True, acted: frozenset[int] = frozenset()) -> None:
        """Store what came of a step together with its messages, then let them leave.

        ``is_tick`` edits what has changed; ``acted`` are groups for which the desk itself has done its part.
        """
        with self._owed.step(turn) as whole:
            self._carry_out(whole, is_tick=is_tick, acted=acted)

    def _carry_out(self, turn: Turn, *, is_tick: bool, acted: frozenset[int]) -> None:
        now, batch = self._clock.now(), Batch()
        self.cards.begin()
        self._dirty.update(turn.changed)
        for push in sorted(turn.pushes, key=lambda one: self.pipeline.groups[one.group].severity):
            group = self.pipeline.groups[push.group]
            if push.to:
                chats = tuple(self.rota.still(self.rota.private(push.to)))
            else:
                chats = self.rota.chats_of(group, self._directory.known, is_elsewhere=push.is_elsewhere)
            for chat in chats if push.why is not Why.OVER else ():
                batch.want(chat, push)
        self.climber.climb(self.pipeline, turn, now, batch, acted=acted)
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

    def tell(self, person: str, card: Card) -> None:
        """A card for one person, wherever they are alone with the bot."""
        chats = self.rota.still(self.rota.private(person))
        with self.store.database.begin() as connection:
            kept = self._mail.keep([Message(chat=chat, card=card, is_fresh=True) for chat in chats], connection)
        self._mail.release(kept)

    def keep(self, turn: Turn) -> None:
        """Store what came of a step that nobody needs to see now."""
        with self._owed.alone(turn), self.store.database.begin() as connection:
            self.store.write(connection, turn, self.pipeline.groups, self.pipeline.mutes)

    def _memory(self) -> Restore:
        """Everything that carrying out a step changes, as it is now."""
        groups, climbs, dirty = dict(self.pipeline.groups), self.climber.memory(), dict(self._dirty)
        floods = deepcopy(self._floods)

        def restore() -> None:
            self.pipeline.groups.clear()
            self.pipeline.groups.update(groups)
            climbs()
            self._dirty, self._floods = {**dirty, **self._dirty}, floods

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
        wishes, zone = self.rota.wishes(chat), self.cards.zone(chat)
        cards: list[tuple[Push, Group, Told]] = []
        for push in pushes:
            group = self.pipeline.groups[push.group]
            how = told(group.code, group.severity, wishes, now, zone, is_loud=push.is_loud)
            if how.held:
                self.pipeline.line(group, now, "unheard", f"not told in {chat}: {how.held}", turn)
            if how.is_later:
                batch.missed.append(Missed(chat=chat, group=group.id, at=now, text=group.code))
            if not how.held:
                cards.append((push, group, how))
        flood = self._floods.setdefault(chat, Flood())
        if flood.is_over(len(cards), now):
            self._tell_storm(chat, flood.since or now, cards, now, batch, turn)
            return
        flood.shown(len(cards), now)
        for push, group, how in cards:
            rings = batch.rings.get((chat, group.id), ())
            batch.messages.append(self.cards.group(chat, group, now, push, is_silent=how.is_silent, rings=rings))
            self._shown_in(chat, group, turn)
            batch.told.setdefault(group.id, []).append(chat)

    def _tell_storm(
        self,
        chat: str,
        since: datetime,
        cards: Sequence[tuple[Push, Group, Told]],
        now: datetime,
        batch: Batch,
        turn: Turn,
    ) -> None:
        """All as one card. It rings for what is new on it, and for each push of a P1: no flood holds that."""
        mark, is_loud, rings = Stormed(chat=chat, number=int(since.timestamp())), False, dict[str, None]()
        for push, shown, how in cards:
            group = self.pipeline.groups[shown.id]
            is_loud |= not how.is_silent and (mark not in group.storms or group.severity is Severity.P1)
            rings.update(dict.fromkeys(batch.rings.get((chat, push.group), ())))
            self.pipeline.line(group, now, "stormed", f"within one card in {chat}", turn)
            if mark not in group.storms:
                self.pipeline.keep(msgspec.structs.replace(group, storms=(*group.storms, mark)), turn)
            batch.told.setdefault(group.id, []).append(chat)
        if cards:
            storm = self.storm(chat, mark.number)
            message = self.cards.storm(chat, mark.number, storm, now, is_fresh=is_loud, rings=tuple(rings))
            batch.messages.append(message)

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

    def _edit(self, now: datetime, batch: Batch) -> None:
        """Cards that changed, where they are shown and not shown anew in this very step."""
        fresh = {(message.chat, message.card.ref) for message in batch.messages}
        dirty, self._dirty = self._dirty, {}
        storms: dict[Stormed, None] = {}
        for number in dirty:
            group = self.pipeline.groups.get(number)
            for chat in self.rota.still(group.chats) if group is not None else ():
                assert group is not None
                if (chat, f"alert:{number}") not in fresh:
                    batch.messages.append(self.cards.group(chat, group, now))
            storms.update(dict.fromkeys(group.storms if group is not None else ()))
        for storm in storms:
            if self.rota.still((storm.chat,)) and (storm.chat, storm.ref) not in fresh:
                groups = self.storm(storm.chat, storm.number)
                batch.messages.append(self.cards.storm(storm.chat, storm.number, groups, now, is_fresh=False))

    def _say_over(self, turn: Turn, batch: Batch, now: datetime) -> None:
        over = [self.pipeline.groups[push.group] for push in turn.pushes if push.why is Why.OVER]
        for group in over:
            for chat in self.rota.still(group.chats):
                zone = self.cards.zone(chat)
                how = told(group.code, group.severity, self.rota.wishes(chat), now, zone, is_loud=False)
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
            accounts = frozenset(alert.labels.account for alert in same if alert.labels.account)
            accounts = concerned(same[0].labels, accounts, self._directory.known)
            for chat in self.rota.chats(same[0].code, same[0].severity, accounts, self._directory.known):
                if chat == same[0].besides:
                    continue
                wishes, zone = self.rota.wishes(chat), self.cards.zone(chat)
                how = told(same[0].code, same[0].severity, wishes, now, zone, is_loud=False)
                if how.is_later:
                    batch.missed += [Missed(chat=chat, group=0, at=one.at, text=one.text) for one in same]
                if not how.held:
                    batch.messages += self.cards.events(chat, same, now)

    def _say_missed(self, now: datetime, batch: Batch) -> None:
        """One card for each chat whose quiet hours are over."""
        for chat, items in self.store.missed_by_chat().items():
            quiet, zone = self.rota.wishes(chat).quiet, self.cards.zone(chat)
            is_due = quiet is None or any(one.at <= quiet.ended(now, zone) for one in items)
            if not is_due or (quiet is not None and quiet.holds(now, zone)) or self.rota.has_morning(chat, now, zone):
                continue
            shown: dict[tuple[int, str], tuple[datetime, str, Group | None]] = {}
            for one in items:
                group = self.pipeline.groups.get(one.group) or (self.store.group(one.group) if one.group else None)
                shown.setdefault((one.group, "" if one.group else one.text), (one.at, one.text, group))
            card = digest_card(list(shown.values()), zone, quiet.words if quiet is not None else "")
            batch.messages.append(Message(chat=chat, card=card, silent=True, priority=Priority.REST))
            batch.told_missed.append(chat)

    async def _act_for(self, group: Group) -> None:
        if group.code == DRILL or self._engine is None:
            return
        if why := await pause(self._engine, group):
            turn = Turn()
            self.pipeline.line(group, self._clock.now(), "unanswered", f"the pause did not arrive: {why}", turn)
            self.settle(turn, is_tick=False)

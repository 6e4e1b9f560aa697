"""Alerts: notices in, cards out; stored with their messages in one transaction, kept up by a tick, resumed after a restart."""

import logging
from collections.abc import Sequence
from datetime import datetime, tzinfo

import msgspec

from bot.core.alert import Alert, Labels, of_notice
from bot.core.alertgroup import Group
from bot.core.card import Action, Card
from bot.core.chat import Clock, Message, Priority
from bot.core.command import Engine
from bot.core.dialogue import ANYBODY, Button, Dialogue, Seat
from bot.core.handling import Handling
from bot.core.pipeline import Pipeline, Push, Turn, Why
from bot.core.render.alert import (
    STORM_BUTTONS,
    digest_card,
    group_buttons,
    group_card,
    over_card,
    storm_card,
)
from bot.core.render.trade import notice_card
from bot.core.route import Flood, Told, told
from bot.runtime.climber import Batch, Climber, Mail
from bot.runtime.directory import Directory
from bot.runtime.rota import Rota
from bot.storage.alert import AlertStore, Missed
from engine.api import LockstepError, Notice, PauseAsk, Severity

TICK_S = 1.0
TOGETHER = 3
BUTTONS_S = 7 * 86_400.0

log = logging.getLogger(__name__)


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
        is_pausing: bool = False,
    ) -> None:
        """Go on where an earlier process ended; ``is_pausing`` pauses what an unanswered P1 concerns."""
        self.store = store
        self.rota = rota
        self._mail = mail
        self._dialogue = dialogue
        self._directory = directory
        self._clock = clock
        self._zone = zone
        self._engine = engine if is_pausing else None
        now = clock.now()
        store.sweep(now)
        self.pipeline = Pipeline(store.groups(now), store.mutes(), store.next_id())
        self.handling = Handling(self.pipeline)
        self.climber = Climber(store.climbs(), rota)
        self._dirty: dict[int, None] = {group.id: None for group in self.pipeline.open()}
        self._floods: dict[str, Flood] = {}
        self._stormy: dict[str, dict[int, None]] = {}  # groups that a chat's storm card stands for
        self._actions: dict[tuple[str, str], tuple[tuple[Button, ...], tuple[Action, ...]]] = {}

    @property
    def seq(self) -> int | None:
        """From where on the stream brings what was not taken in yet; None where nothing ever was."""
        return self.store.seq() or None

    async def run(self) -> None:
        """Keep waits, repeats, ends of acks, escalations and digests."""
        while True:
            await self.tick()
            await self._clock.sleep(TICK_S)

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
        for notice in notices:
            self.pipeline.take(of_notice(notice, views), now, turn)
        self.settle(turn, is_tick=False)

    def raise_own(self, code: str, severity: Severity, text: str, **labels: str) -> int:
        """An alert of the bot itself; the number of its group."""
        turn, now = Turn(), self._clock.now()
        alert = Alert(code=code, severity=severity, text=text, at=now, labels=Labels(**labels))
        self.pipeline.take(alert, now, turn)
        self.settle(turn, is_tick=False)
        return turn.outcomes[-1].group

    def lost(self, chat: str, title: str, reason: str) -> None:
        """A message never arrived: told on every other platform, by whoever can be reached."""
        said = f"a card never arrived in {chat}: {reason} (it was: {title})"
        self.raise_own("outbox.dead", Severity.P2, said, reason=chat)

    async def tick(self) -> None:
        """Carry out whatever is due, also what came due while nobody ran."""
        for number in self.climber.policies(self._clock.now()) if self._engine is not None else ():
            await self._act_for(self.pipeline.groups.get(number))  # before its step is taken: a kill between repeats it
        turn = Turn()
        self.pipeline.tick(self._clock.now(), turn)
        self.settle(turn, is_acting=True)

    # ---- one step --------------------------------------------------------------------------------------------------

    def settle(self, turn: Turn, *, is_tick: bool = True, is_acting: bool = False) -> None:
        """Store what came of a step together with its messages, then let them leave.

        ``is_tick`` edits what has changed; ``is_acting`` takes the steps at which the desk itself has acted.
        """
        now, batch = self._clock.now(), Batch()
        self._dirty.update(turn.changed)
        for push in sorted(turn.pushes, key=lambda one: self.pipeline.groups[one.group].severity):
            group = self.pipeline.groups[push.group]
            if push.why is not Why.OVER:
                for chat in self.rota.chats(group.severity, group.accounts, self._directory.known):
                    batch.want(chat, push)
        self.climber.climb(self.pipeline, turn, now, batch, is_acting=is_acting)
        for chat, pushes in batch.wanted.items():
            self._tell(chat, list(pushes.values()), now, batch, turn)
        self._say_over(turn, batch, now)
        self._say_events(turn.tells, now, batch)
        if is_tick:
            self._edit(now, batch)
            self._say_missed(now, batch)
        if turn or batch.messages or batch.climbs:
            self._store(turn, batch)

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
        elif cards:
            known = self._stormy.setdefault(chat, {})
            is_loud = any(not how.is_silent and group.id not in known for _, group, how in cards)
            known.update({group.id: None for _, group, _ in cards})
            for _, group, _ in cards:
                self.pipeline.line(group, now, "stormed", f"within one card in {chat}", turn)
            batch.messages.append(self._storm_message(chat, now, is_fresh=is_loud))

    def _shown_in(self, chat: str, group: Group, turn: Turn) -> None:
        group = self.pipeline.groups[group.id]
        if chat not in group.chats:
            self.pipeline.keep(msgspec.structs.replace(group, chats=(*group.chats, chat)), turn)

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
        card = group_card(group, now, self._zone, why)
        is_urgent = group.severity is Severity.P1 and push is not None
        return Message(
            chat=chat,
            card=self._with(card, chat, group_buttons(group), now),
            silent=is_silent,
            priority=Priority.URGENT if is_urgent else Priority.REST,
            is_fresh=push is not None,
            rings=rings,
        )

    def _storm_message(self, chat: str, now: datetime, *, is_fresh: bool) -> Message:
        groups = [self.pipeline.groups[number] for number in self._stormy[chat] if number in self.pipeline.groups]
        flood = self._floods[chat]
        since = flood.since or now
        card = storm_card([one for one in groups if one.is_open] or groups, since, int(since.timestamp()), self._zone)
        return Message(
            chat=chat,
            card=self._with(card, chat, STORM_BUTTONS, now),
            silent=not is_fresh,
            priority=Priority.URGENT if card.severity is Severity.P1 else Priority.REST,
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

    def _edit(self, now: datetime, batch: Batch) -> None:
        """Cards that changed, where they are shown and not shown anew in this very step."""
        fresh = {(message.chat, message.card.ref) for message in batch.messages}
        dirty, self._dirty = self._dirty, {}
        storms: dict[str, None] = {}
        for number in dirty:
            group = self.pipeline.groups.get(number)
            for chat in group.chats if group is not None else ():
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
            for chat in group.chats:
                how = told(group.code, group.severity, self.rota.wishes(chat), now, self._zone, is_loud=False)
                if not how.held:
                    batch.messages.append(
                        Message(chat=chat, card=over_card(group), silent=True, priority=Priority.REST, is_fresh=True)
                    )

    def _say_events(self, events: Sequence[Alert], now: datetime, batch: Batch) -> None:
        by_code: dict[str, list[Alert]] = {}
        for alert in events:
            by_code.setdefault(alert.code, []).append(alert)
        for same in by_code.values():
            cards = [notice_card(_as_notice(alert), self._zone) for alert in same[:TOGETHER]]
            if len(same) > TOGETHER:
                names = dict.fromkeys(alert.labels.account for alert in same[TOGETHER:] if alert.labels.account)
                title = f"and {len(same) - TOGETHER} more {same[0].code}"
                cards.append(Card(title=title, lines=(", ".join(names),) if names else (), brief=True))
            accounts = frozenset(alert.labels.account for alert in same if alert.labels.account)
            for chat in self.rota.chats(same[0].severity, accounts, self._directory.known):
                how = told(same[0].code, same[0].severity, self.rota.wishes(chat), now, self._zone, is_loud=False)
                if how.is_later:
                    batch.missed += [Missed(chat=chat, group=0, at=one.at, text=one.text) for one in same]
                for card in cards if not how.held else ():
                    batch.messages.append(Message(chat=chat, card=card, silent=True, priority=Priority.REST))

    def _say_missed(self, now: datetime, batch: Batch) -> None:
        """One card for each chat whose quiet hours are over."""
        by_chat: dict[str, list[Missed]] = {}
        for one in self.store.missed():
            by_chat.setdefault(one.chat, []).append(one)
        for chat, items in by_chat.items():
            wishes = self.rota.wishes(chat)
            if wishes.quiet is not None and wishes.quiet.holds(now, self._zone):
                continue
            shown: dict[tuple[int, str], tuple[datetime, str, Group | None]] = {}
            for one in items:
                group = self.pipeline.groups.get(one.group) or (self.store.group(one.group) if one.group else None)
                shown.setdefault((one.group, "" if one.group else one.text), (one.at, one.text, group))
            words = wishes.quiet.words if wishes.quiet is not None else ""
            card = digest_card(list(shown.values()), self._zone, words)
            batch.messages.append(Message(chat=chat, card=card, silent=True, priority=Priority.REST))
            batch.told_missed.append(chat)

    # ---- nobody answered ------------------------------------------------------------------------------------------

    async def _act_for(self, group: Group | None) -> None:
        """Nobody answered a P1: pause what it concerns, once; exits go on."""
        if group is None or not group.is_open or self._engine is None:
            return
        scope = next(iter(group.accounts)) if len(group.accounts) == 1 else group.labels.group or "all"
        ask = PauseAsk(key=f"unanswered-{group.id}", by="alert policy", scope=scope, reason=f"{group.name} unanswered")
        try:
            await self._engine.send(ask)
        except LockstepError as error:
            log.exception("the pause for %s did not arrive", group.name)
            turn = Turn()
            self.pipeline.line(group, self._clock.now(), "unanswered", f"the pause did not arrive: {error}", turn)
            self.settle(turn, is_tick=False)


def _as_notice(alert: Alert) -> Notice:
    return Notice(
        seq=alert.seq,
        at=alert.at,
        code=alert.code,
        severity=alert.severity,
        text=alert.text,
        account=alert.labels.account or None,
        symbol=alert.labels.symbol or None,
    )

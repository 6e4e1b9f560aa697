"""Acts under way: each one's card is edited as it goes from asked to acked to proven, and never says more."""

from datetime import datetime

import msgspec

from bot.core.card import Card
from bot.core.chat import Message, Sign
from bot.core.record import Record
from bot.core.render.act import act_card, title_of
from bot.core.render.word import refusal_card
from bot.core.track import Track
from bot.runtime.admission.around import Around
from bot.runtime.desk.watch import Watch
from bot.runtime.outgoing.marks import Marks
from bot.storage.track import TrackStore
from engine.api import ActState, ActView, Severity
from engine.api.client import EngineError, EngineSilentError

RANK = {ActState.ASKED: 0, ActState.ACKED: 1, ActState.PROVEN: 2, ActState.FAILED: 2}
KEPT = 200
LONGEST = 1_000  # of what is kept of the end of an act
GRACE_S = 10.0  # an act that the engine does not know so long after the send never arrived


class Proofs:
    """The acts that were asked through this bot."""

    def __init__(self, around: Around, watch: Watch, tracks: TrackStore, *, marks: Marks | None = None) -> None:
        """Each card that changed is shown; acts that an earlier process left open go on."""
        self._engine = around.engine
        self._show = around.show
        self._audit = around.gate.audit
        self._clock = around.clock
        self._zone = around.zone_of
        self._watch = watch
        self._tracks: dict[str, Track] = {}
        self._views: dict[str, ActView] = {}
        self._shown: dict[str, Card] = {}
        self._sent: dict[str, float] = {}
        self._rows = tracks
        self._marks = marks
        self.pledged: set[str] = set()  # approved: what becomes of one that never arrived is another's to say
        for track in tracks.open():
            self._tracks[track.ask.key] = track
            self._sent[track.ask.key] = self._clock.monotonic()
            watch.open_acts.add(track.ask.key)

    def knows(self, key: str) -> bool:
        """Say whether the act was asked here."""
        return key in self._tracks

    async def send(self, track: Track) -> None:
        """Order the act and show how far it is. A send that nobody answered is asked about later, never repeated."""
        key = track.ask.key
        again = self._views.get(key)
        self._tracks.setdefault(key, track)
        if again is None:
            self._sent.setdefault(key, self._clock.monotonic())
            self._watch.open_acts.add(key)
            self._rows.put(track, self._clock.now())
        try:
            view = await self._engine.send(track.ask)
        except EngineError as error:
            if not error.may_have_arrived:
                self._forget(key)
                raise
            title = f"{title_of(track.ask)}: not known whether it arrived"
            lines = (str(error), "I ask as soon as it answers. Not repeated.")
            card = Card(title=title, severity=Severity.P1, lines=lines, ref=f"act:{key}", settled=False)
            await self._show(Message(chat=track.seat.chat, card=card, answers=track.answers))
        else:
            await self.told(view)

    async def told(self, view: ActView) -> None:
        """An act moved on; what is older than what was shown is passed over."""
        track = self._tracks.get(view.key)
        if track is None:
            return
        before = self._views.get(view.key)
        if before is not None and RANK[before.state] > RANK[view.state]:
            return
        self._views[view.key] = view
        if RANK[view.state] == 2 and view.key in self._watch.open_acts:
            self._watch.open_acts.discard(view.key)
            self._rows.end(view.key)
            self._watch.failed_acts += view.state is ActState.FAILED
            self._audit.append(_end_of(view, track, self._clock.now()))
            if view.state is ActState.PROVEN and track.post and self._marks is not None:
                self._marks.put(track.seat.chat, track.post, Sign.DONE)
        card = act_card(
            view,
            track.ask,
            track.preview,
            now=self._clock.now(),
            zone=self._zone(track.seat.person),
            remarks=track.remarks,
        )
        if view.state is not ActState.FAILED:
            card = msgspec.structs.replace(card, actions=track.actions)
        if self._shown.get(view.key) != card:
            self._shown[view.key] = card
            await self._show(Message(chat=track.seat.chat, card=card, answers=track.answers))
        self._trim()

    @property
    def has_unknown(self) -> bool:
        """Say whether an act is out that nobody has acknowledged."""
        return any(key not in self._views for key in self._watch.open_acts)

    async def recheck(self) -> None:
        """After a gap: ask how far each open act has come."""
        for key in list(self._watch.open_acts):
            track = self._tracks[key]
            try:
                await self.told(await self._engine.act(key))
            except EngineSilentError:
                return
            except EngineError as error:
                if error.status != 404 or self._clock.monotonic() - self._sent[key] < GRACE_S:
                    continue
                if key in self.pledged:
                    continue
                card = refusal_card(f"{title_of(track.ask)} never arrived: nothing was done.", Severity.P2)
                for chat in dict.fromkeys((track.seat.chat, *track.also)):
                    await self._show(Message(chat=chat, card=card))
                self._forget(key)
                self._watch.failed_acts += 1

    def drop(self, key: str) -> None:
        """An act that was pledged will not be done."""
        self.pledged.discard(key)
        if key not in self._views:
            self._forget(key)

    def _forget(self, key: str) -> None:
        self._watch.open_acts.discard(key)
        self._rows.end(key)
        if key not in self._views:
            self._tracks.pop(key, None)
            self._sent.pop(key, None)

    def _trim(self) -> None:
        for key in list(self._views)[:-KEPT]:
            if key not in self._watch.open_acts:
                for kept in (self._views, self._tracks, self._shown, self._sent):
                    kept.pop(key, None)


def _end_of(view: ActView, track: Track, now: datetime) -> Record:
    """What came of an act, as a row of its own behind the one that tells who asked."""
    done = sum(line.state is ActState.PROVEN for line in view.lines)
    parts = "; ".join(f"{line.account} {line.text or line.state}" for line in view.lines)
    return Record(
        at=now,
        person=track.seat.person,
        name=view.by[:80],
        identity="",
        chat=track.seat.chat,
        command=view.kind,
        text=title_of(track.ask),
        result=view.state.value,
        accounts=track.ask.scope,
        why=" · ".join(filter(None, (f"{done}/{len(view.lines)}", view.text, parts)))[:LONGEST],
        latency_ms=round(view.took_s * 1000) if view.took_s is not None else 0,
        key=view.key,
    )

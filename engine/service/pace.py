"""Pace: delay and slippage of each account against its own usual copies, told while the day runs: ``copy.slow``.

A notice of ours is a fold of the journal and stands at the entry that made it true: the same journal makes the same notices,
with the same numbers. What was folded is kept in a file with the entry that it goes up to, so that a new clerk goes on from
there; see docs/adr/0006-notices-of-the-clerk.md.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median

import msgspec

from engine.api.notices import Notice
from engine.domain.decision import Severity
from engine.domain.entry import Entry
from engine.domain.event import OrderFilled
from engine.domain.group import DeskPlan
from engine.domain.ids import OrderId, Symbol
from engine.service.copied import Copy, Order, slip, stages
from engine.service.lineage import Lineage
from engine.service.usual import LAST, WORDS, Usual

CODE = "copy.slow"
OFTEN, WITHIN = 5, timedelta(minutes=10)  # of one login: then it is urgent
TOLD = 200  # newest notices that a new clerk still knows
_MEASURED = 20_000
FILE = "pace.msgpack"


class Kept(msgspec.Struct):
    """What a clerk leaves to the next one."""

    seq: int = 0  # newest entry that is in it
    accounts: dict[str, dict[str, Usual]] = {}  # account → measure
    logins: dict[str, list[str]] = {}  # login → measures in which most of its accounts are slow
    times: dict[str, list[datetime]] = {}  # login → when something was told of it
    told: list[Notice] = []


class Pace:
    """All accounts. One owner; no clock but the facts' own."""

    def __init__(self, kept: Kept | None = None) -> None:
        """Go on from what another one kept."""
        self.kept = kept or Kept()
        self._until = self.kept.seq  # up to here it is folded already
        self._login_of: dict[str, str] = {}
        self._measured: dict[OrderId, None] = {}
        self.changes = 0  # since it was made
        self.figures: Mapping[
            str, Mapping[str, float]
        ] = {}  # account → measure: of the order that the newest entry completed

    def configure(self, plan: DeskPlan) -> None:
        """Know whose login is whose; forget who is no longer on the desk."""
        self._login_of = {account.id: account.connection for account in plan.accounts}
        for name in self.kept.accounts.keys() - self._login_of.keys():
            del self.kept.accounts[name]

    def fold(self, entry: Entry, lineage: Lineage) -> list[Notice]:
        """Take one entry in, after the lineage did; what is to be told at it."""
        self.kept.seq = max(self.kept.seq, entry.seq)
        self.figures = figures = self._figures(entry, lineage)
        if entry.seq <= self._until:
            return [notice for notice in self.kept.told if notice.seq == entry.seq]
        found: list[Notice] = []
        self.changes += bool(figures)
        for account, measures in figures.items():
            spans = self.kept.accounts.setdefault(account, {})
            for measure, value in measures.items():
                if spans.setdefault(measure, Usual()).take(measure, value):
                    found += self._told(entry, account, measure)
                self._ease(self._login_of.get(account, ""), measure)
        self.kept.told = [*self.kept.told, *found][-TOLD:]
        return found

    def _figures(self, entry: Entry, lineage: Lineage) -> Mapping[str, Mapping[str, float]]:
        """Measures of the order that this entry completes, if it is the first of a leader's copy."""
        event = entry.event
        if not isinstance(event, OrderFilled) or event.client is None:
            return {}
        order = lineage.orders.get(event.client)
        copy = lineage.copies.get(order.copy) if order is not None else None
        if order is None or copy is None or not copy.leader or order.cause != copy.cause or not order.is_done:
            return {}
        if order.client in self._measured:
            return {}
        self._measured[order.client] = None
        if len(self._measured) > _MEASURED:
            del self._measured[next(iter(self._measured))]
        return {order.account: _measures(order, copy)}

    def _told(self, entry: Entry, account: str, measure: str) -> list[Notice]:
        """One account became slow: told, unless its whole login is and was told so."""
        login = self._login_of.get(account, "")
        known, slow = self._mates(login, measure)
        if measure in self.kept.logins.get(login, ()):
            return []
        spans = self.kept.accounts[account][measure]
        unit = "ticks" if measure == "slip" else "ms"
        figures = (
            f"{WORDS[measure]} {median(spans.last):.4g} {unit} in the middle of its last {LAST} copies, usually "
            f"{median(spans.usual):.4g}, normal up to {spans.bound(measure):.4g} ({len(spans.usual)} copies)"
        )
        is_login = len(slow) > 1 and 2 * len(slow) > len(known)
        if is_login:
            self.kept.logins.setdefault(login, []).append(measure)
            text = f"login {login}: {len(slow)} of {len(known)} accounts are slow, as {account}: {figures}"
        else:
            text = f"{account}: {figures}"
        at = entry.event.at
        times = [time for time in self.kept.times.get(login, []) if time > at - WITHIN] + [at]
        self.kept.times[login] = times
        severity = Severity.P2 if len(times) >= OFTEN else Severity.P3
        named = None if is_login else account
        return [Notice(seq=entry.seq, at=at, code=CODE, severity=severity, text=text, account=named)]

    def _mates(self, login: str, measure: str) -> tuple[list[str], list[str]]:
        """Accounts of a login that can be judged, and those of them that are slow."""
        known = [
            name
            for name, spans in self.kept.accounts.items()
            if self._login_of.get(name) == login and measure in spans and spans[measure].is_known
        ]
        return known, [name for name in known if self.kept.accounts[name][measure].is_slow]

    def _ease(self, login: str, measure: str) -> None:
        """A login is told again once no account of it is slow any more."""
        if measure in self.kept.logins.get(login, ()) and not self._mates(login, measure)[1]:
            self.kept.logins[login].remove(measure)


def _measures(order: Order, copy: Copy) -> dict[str, float]:
    spans = stages(order, order.heard_at)
    found = {measure: round(spans[measure], 2) for measure in WORDS if measure in spans}
    ticks = slip([order], Symbol(copy.symbol), copy.price)
    if ticks is not None:
        found["slip"] = float(ticks)
    return found

"""Journal entries as rows: which tables one batch touches, and how."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec

from engine.domain.decision import Decision, SendBracketed, SendLots
from engine.domain.entry import Entry, decode_entry
from engine.domain.event import FillBusted, OrderAnswered, OrderFilled, OrdersSent, PersonActed, Refused, Unclear
from engine.storage.tail import Record

Row = dict[str, Any]
UNREADABLE = "unreadable"  # written by a newer version: kept as it is, read by nobody here


class Batch:
    """Rows of some entries, sorted by what is done with them. Doing it twice changes nothing."""

    def __init__(self, records: Iterable[Record]) -> None:
        """Sort ``records``, which stand in journal order."""
        self.journal: list[Row] = []
        self.orders: list[Row] = []
        self.sent: list[Row] = []
        self.answered: list[Row] = []
        self.fills: list[Row] = []
        self.filled: list[Row] = []
        self.busted: list[Row] = []
        self.acts: list[Row] = []
        for record in records:
            self._take(record)

    def _take(self, record: Record) -> None:
        row: Row = {"seq": record.seq, "at": None, "kind": UNREADABLE, "account": "", "raw": record.payload}
        self.journal.append(row)
        try:
            entry = decode_entry(record.payload)
        except msgspec.DecodeError:
            return
        row["at"], row["kind"] = entry.event.at, type(entry.event).__name__
        row["account"] = getattr(entry.event, "account", "")
        self._fact(entry)
        before = len(self.orders)
        for decision in entry.decisions:
            self._decision(entry, decision, before)

    def _decision(self, entry: Entry, decision: Decision, before: int) -> None:
        match decision:
            case SendLots(cause=cause, lots=lots):
                pass
            case SendBracketed(cause=cause, lot=lot):
                lots = (lot,)
            case _:
                return
        for place, (client, account, symbol, quantity) in enumerate(lots):
            self.orders.append(
                {
                    "client": client,
                    "cause": cause,
                    "place": place,
                    "rank": len(self.orders) - before,
                    "account": account,
                    "symbol": symbol,
                    "quantity": quantity,
                    "seq": entry.seq,
                    "last_seq": entry.seq,
                    "decided_at": entry.event.at,
                    "filled": 0,
                    "outcome": "decided",
                    "reason": "",
                }
            )

    def _fact(self, entry: Entry) -> None:
        match entry.event:
            case OrdersSent(at=at, cause=cause, offsets_us=offsets):
                for place, offset in enumerate(offsets):
                    left = at + timedelta(microseconds=offset)
                    self.sent.append({"b_cause": cause, "b_place": place, "b_at": left, "b_seq": entry.seq})
            case OrderAnswered(at=at, client=client, outcome=outcome):
                reason = outcome.reason if isinstance(outcome, Refused | Unclear) else ""
                word = type(outcome).__name__.lower()
                self.answered.append(
                    {"b_client": client, "b_at": at, "b_word": word, "b_reason": reason, "b_seq": entry.seq}
                )
            case OrderFilled() as fill:
                if fill.client is not None:
                    self.filled.append({"b_client": fill.client, "b_at": fill.at, "b_seq": entry.seq})
                self.fills.append(
                    {
                        "account": fill.account,
                        "fill": fill.fill,
                        "client": fill.client,
                        "broker_order": fill.order,
                        "symbol": fill.symbol,
                        "quantity": fill.quantity,
                        "price": fill.price,
                        "traded_at": fill.traded_at,
                        "seq": entry.seq,
                        "busted": False,
                    }
                )
            case FillBusted(account=account, fill=name):
                self.busted.append({"b_account": account, "b_fill": name})
            case PersonActed(key=key, at=at, by=by, command=command):
                kind = type(command).__name__.lower()
                self.acts.append({"key": key, "seq": entry.seq, "at": at, "by": by, "kind": kind})
            case _:
                pass

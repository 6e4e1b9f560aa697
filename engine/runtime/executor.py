"""Executor: carries decisions out. It decides nothing and awaits nothing; answers come back as facts."""

from collections.abc import Mapping
from time import perf_counter_ns

from engine.domain.decision import (
    AskOrder,
    AskSnapshot,
    CancelOrder,
    Decision,
    Liquidate,
    Lot,
    ModifyLeg,
    Protect,
    SendBracketed,
    SendLots,
)
from engine.domain.ids import AccountId
from engine.ports import Session


class Executor:
    """Hands orders and questions to the sessions of their accounts."""

    def __init__(self, sessions: Mapping[AccountId, Session]) -> None:
        """``sessions`` names the session of each account."""
        self._sessions = sessions
        self._failed: list[tuple[AccountId, str]] = []

    def failed(self) -> list[tuple[AccountId, str]]:
        """Accounts whose session failed under our hands since the last call, and how; their orders may have left."""
        failed, self._failed = self._failed, []
        return failed

    def send(self, decision: SendLots | SendBracketed) -> tuple[int, ...]:
        """Send a fan-out: exits first, one write for each session and kind; or one entry with its children.

        Returns: microseconds from the call to each lot's hand-over, in the order of the lots.
        """
        start = perf_counter_ns()
        if isinstance(decision, SendBracketed):
            try:
                self._sessions[decision.lot[1]].send_bracketed(decision.lot, decision.legs)
            except Exception as bug:  # noqa: BLE001  one follower's fault must not stop the others
                self._failed.append((decision.lot[1], repr(bug)))
            return ((perf_counter_ns() - start) // 1000,)
        lots, exits = decision.lots, decision.exits
        of = self._sessions
        sessions = [of[lot[1]] for lot in lots]
        if len(set(sessions)) < len(sessions):
            return self._send_batched(lots, exits, sessions, start)
        offsets: list[int] = []
        left = exits
        for session, lot in zip(sessions, lots, strict=True):
            try:
                session.send((lot,), 1 if left > 0 else 0)
            except Exception as bug:  # noqa: BLE001  one follower's fault must not stop the others
                self._failed.append((lot[1], repr(bug)))
            left -= 1
            offsets.append((perf_counter_ns() - start) // 1000)
        return tuple(offsets)

    def _send_batched(self, lots: tuple[Lot, ...], exits: int, sessions: list[Session], start: int) -> tuple[int, ...]:
        """Send where accounts share a session: its lots of one kind leave in one write."""
        offsets = [0] * len(lots)
        for first, end in ((0, exits), (exits, len(lots))):
            batches: dict[Session, list[int]] = {}
            for place in range(first, end):
                batches.setdefault(sessions[place], []).append(place)
            for session, places in batches.items():
                try:
                    session.send([lots[place] for place in places], len(places) if first < exits else 0)
                except Exception as bug:  # noqa: BLE001  as above
                    self._failed += [(lots[place][1], repr(bug)) for place in places]
                took = (perf_counter_ns() - start) // 1000
                for place in places:
                    offsets[place] = took
        return tuple(offsets)

    def carry_out(self, decision: Decision) -> None:
        """Carry out anything but a fan-out; records and notices need nothing done."""
        match decision:
            case Protect(account=account, symbol=symbol, quantity=quantity, legs=legs):
                self._sessions[account].place_oco((legs[0].client, account, symbol, quantity), legs)
            case ModifyLeg(account=account, order=order, quantity=quantity, leg=leg):
                self._sessions[account].modify(order, quantity, leg)
            case CancelOrder(account=account, order=order):
                self._sessions[account].cancel(account, order)
            case Liquidate(account=account, symbol=symbol):
                self._sessions[account].liquidate(account, symbol)
            case AskOrder(account=account, client=client):
                self._sessions[account].ask_order(account, client)
            case AskSnapshot(account=account):
                self._sessions[account].ask_snapshot([account])
            case _:
                pass

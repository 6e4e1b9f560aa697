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

    def send(self, decision: SendLots) -> tuple[int, ...]:
        """Send a fan-out: exits first, one write for each session and kind.

        Returns: microseconds from the call to each lot's hand-over, in the order of the lots.
        """
        start = perf_counter_ns()
        lots, exits = decision.lots, decision.exits
        if len(lots) == 1:
            self._sessions[lots[0][1]].send(lots, exits)
            return ((perf_counter_ns() - start) // 1000,)
        offsets: dict[str, int] = {}
        self._write(lots[:exits], start, offsets, is_exit=True)
        self._write(lots[exits:], start, offsets, is_exit=False)
        return tuple([offsets[lot[0]] for lot in lots])

    def _write(self, lots: tuple[Lot, ...], start: int, offsets: dict[str, int], *, is_exit: bool) -> None:
        sessions = self._sessions
        batches: dict[Session, list[Lot]] = {}
        for lot in lots:
            session = sessions[lot[1]]
            if session in batches:
                batches[session].append(lot)
            else:
                batches[session] = [lot]
        for session, batch in batches.items():
            session.send(batch, len(batch) if is_exit else 0)
            took = (perf_counter_ns() - start) // 1000
            for lot in batch:
                offsets[lot[0]] = took

    def carry_out(self, decision: Decision) -> None:
        """Carry out anything but a fan-out; records and notices need nothing done."""
        match decision:
            case SendBracketed(lot=lot, legs=legs):
                self._sessions[lot[1]].send_bracketed(lot, legs)
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

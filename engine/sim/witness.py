"""What the venue tells its faces as it happens; a face turns it into the entities of its protocol."""

from decimal import Decimal
from typing import Protocol

from engine.sim.account import Account, Position
from engine.sim.contract import Contract
from engine.sim.market import Quote
from engine.sim.order import Command, Fill, Order, Pair


class Witness(Protocol):
    """A face that keeps its own books of what happened."""

    def commanded(self, command: Command) -> None:
        """A command was accepted for processing; one of kind New brings a new order."""
        ...

    def reported(self, command: Command, reason: str | None = None, text: str | None = None) -> None:
        """A command has reached its present status."""
        ...

    def executed(
        self,
        command: Command,
        kind: str,
        *,
        qty: int = 0,
        price: Decimal | None = None,
        reason: str | None = None,
        text: str | None = None,
    ) -> None:
        """The exchange reported on an order: New, Trade, Replaced, Canceled, Rejected, Expired."""
        ...

    def changed(self, order: Order) -> None:
        """An order's state changed, with no report of its own."""
        ...

    def filled(self, account: Account, fill: Fill, pairs: list[Pair], position: Position, fee: Decimal) -> None:
        """A fill moved a position and money."""
        ...

    def busted(self, account: Account, fill: Fill, dead: list[Pair], pairs: list[Pair], position: Position) -> None:
        """A fill was taken back."""
        ...

    def restricted(self, account: Account) -> None:
        """The broker's restriction of an account changed."""
        ...

    def quoted(self, contract: Contract, quote: Quote) -> None:
        """A quote moved."""
        ...

"""Position: what the fold of fills makes of average price and profit."""

from decimal import Decimal

import msgspec

ZERO = Decimal(0)


class Cost(msgspec.Struct):
    """What a net position has cost and earned. ``average`` is exact, off the tick grid if the fills say so.

    Units: prices; ``realised`` in price points times contracts, before the value of a point and before fees.
    """

    average: Decimal = ZERO
    realised: Decimal = ZERO

    def fold(self, net: int, quantity: int, price: Decimal) -> None:
        """Take in one fill of signed ``quantity`` on top of ``net``."""
        after = net + quantity
        if net * quantity >= 0:
            if after:
                self.average = (self.average * abs(net) + price * abs(quantity)) / abs(after)
            return
        closed = min(abs(net), abs(quantity))
        self.realised += (price - self.average) * (closed if net > 0 else -closed)
        if after == 0:
            self.average = ZERO
        elif (after > 0) != (net > 0):  # through zero: what is left was opened by this fill
            self.average = price

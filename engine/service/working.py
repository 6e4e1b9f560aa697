"""Working orders of accounts that the desk does not keep them for: the leaders."""

from engine.api.views import OrderView
from engine.domain.event import CLOSED, OrderChanged, SnapshotTaken
from engine.domain.ids import AccountId, BrokerOrderId, is_ours


class WorkingOrders:
    """Open orders by account, folded from the broker's words."""

    def __init__(self) -> None:
        """Know none."""
        self._orders: dict[AccountId, dict[BrokerOrderId, OrderView]] = {}

    def of(self, account: AccountId) -> list[OrderView]:
        """Open orders of one account."""
        return list(self._orders.get(account, {}).values())

    def fold(self, event: OrderChanged | SnapshotTaken) -> None:
        """Take one fact in."""
        if isinstance(event, SnapshotTaken):
            self._orders[event.account] = {
                seen.order: OrderView(
                    account=event.account,
                    order=seen.order,
                    symbol=seen.symbol,
                    quantity=seen.quantity,
                    kind=seen.kind,
                    price=seen.price,
                    stop=seen.stop,
                    status=seen.status.value,
                    ours=is_ours(seen.client),
                )
                for seen in event.orders
                if seen.status not in CLOSED
            }
            return
        orders = self._orders.setdefault(event.account, {})
        if event.status in CLOSED:
            orders.pop(event.order, None)
            return
        known = orders.get(event.order)
        orders[event.order] = OrderView(
            account=event.account,
            order=event.order,
            symbol=event.symbol,
            quantity=event.quantity or (known.quantity if known else 0),
            kind=event.kind or (known.kind if known else ""),
            price=event.price,
            stop=event.stop,
            status=event.status.value,
            ours=is_ours(event.client),
        )

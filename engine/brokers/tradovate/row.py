"""One order as it is pieced together from its entities, in whatever order they arrive."""

from decimal import Decimal
from typing import Final

from engine.brokers.tradovate.entity import (
    RANKS,
    STATUSES,
    TYPES,
    CommandReport,
    ExecutionReport,
    Fill,
    Order,
    OrderCommand,
    OrderVersion,
    side,
)
from engine.domain.event import CLOSED, OrderStatus
from engine.domain.ids import OrderId

_MODIFY_IN_FORCE: Final = frozenset({"AtExecution", "OnHold", "ExecutionSuspended"})

Told = tuple[
    OrderStatus,
    int,
    int,
    OrderId | None,
    str,
    Decimal | None,
    Decimal | None,
    str,
    int | None,
    bool | None,
    bool | None,
    str,
]


class Row:
    """An order's parts. Every property depends on which parts are known, never on the order in which they came."""

    __slots__ = (
        "account",
        "admin",
        "automated",
        "busted",
        "client",
        "commands",
        "contract",
        "cum",
        "fills",
        "id",
        "new_seen",
        "parent",
        "reports",
        "side",
        "status",
        "tag50",
        "told",
        "versions",
        "waiting",
    )

    def __init__(self, order: int) -> None:
        self.id = order
        self.account: int | None = None
        self.contract: int | None = None
        self.side = 0
        self.status: OrderStatus | None = None  # None until the order itself or a report has told it
        self.parent: int | None = None
        self.client: OrderId | None = None
        self.automated: bool | None = None
        self.admin: bool | None = None  # None until the order itself has told it
        self.tag50 = ""
        self.new_seen = False  # the New command is known, so a missing client id means that there is none
        self.commands: dict[int, OrderCommand] = {}
        self.versions: dict[int, OrderVersion] = {}
        self.reports: dict[int, str] = {}  # reasons by entity id
        self.fills: dict[int, int] = {}  # contracts by fill id, busted ones left out
        self.busted = 0
        self.cum = 0
        self.waiting: list[Fill] = []  # fills not told yet
        self.told: Told | None = None

    def order(self, entity: Order) -> None:
        """Take in the order itself."""
        self.account = entity.account_id
        self.contract = entity.contract_id if entity.contract_id is not None else self.contract
        self.side = side(entity.action) or self.side
        self.admin = entity.admin
        self.parent = entity.parent_id if entity.parent_id is not None else self.parent
        self.climb(STATUSES.get(entity.ord_status, OrderStatus.UNKNOWN))

    def climb(self, status: OrderStatus) -> None:
        """Take a status unless a later one is known already."""
        if self.status is None or RANKS[status] > RANKS[self.status]:
            self.status = status

    def command(self, entity: OrderCommand) -> None:
        """Take in a command; only a New one says whose order it is."""
        held = self.commands.get(entity.id)
        if held is None or held.command_status not in _MODIFY_IN_FORCE:
            self.commands[entity.id] = entity
        if entity.command_type == "New":
            self.new_seen = True
            if entity.cl_ord_id:
                self.client = OrderId(entity.cl_ord_id)
            if entity.is_automated is not None:
                self.automated = entity.is_automated
            self.tag50 = entity.custom_tag50 or self.tag50

    def report(self, entity: CommandReport | ExecutionReport) -> None:
        """Take in a report; an execution report also tells what a missing order would."""
        if entity.reject_reason not in (None, "Success"):
            text = f"{entity.reject_reason}: {entity.text}" if entity.text else str(entity.reject_reason)
            self.reports[entity.id] = text
        if isinstance(entity, ExecutionReport):
            self.account = entity.account_id
            self.contract = entity.contract_id if entity.contract_id is not None else self.contract
            self.side = side(entity.action) or self.side
            self.cum = max(self.cum, entity.cum_qty or 0)

    def version(self) -> OrderVersion | None:
        """Terms in force: those of New, or of the last Modify that the exchange has taken."""
        best: OrderVersion | None = None
        for number in sorted(self.versions):
            command = self.commands.get(number)
            is_first = best is None and (command is None or command.command_type != "Cancel")
            if is_first or (
                command is not None
                and (
                    command.command_type == "New"
                    or (command.command_type == "Modify" and command.command_status in _MODIFY_IN_FORCE)
                )
            ):
                best = self.versions[number]
        return best

    @property
    def filled(self) -> int:
        """Contracts filled so far, unsigned."""
        return max(self.cum - self.busted, sum(self.fills.values()))

    @property
    def reason(self) -> str:
        """Why it was refused: the newest report that says so."""
        return self.reports[max(self.reports)] if self.reports and self.status is OrderStatus.REJECTED else ""

    @property
    def tag(self) -> str:
        """What its sender wrote on it: the exchange tag, or the text of its terms."""
        return self.tag50 or next((terms.text for _, terms in sorted(self.versions.items()) if terms.text), "")

    @property
    def is_open(self) -> bool:
        """Say whether it may still trade; an unknown word counts as open."""
        return self.status is not None and self.status not in CLOSED

    def state(self) -> Told:
        """Everything that is worth telling, joined."""
        terms = self.version()
        return (
            self.status or OrderStatus.UNKNOWN,
            (terms.order_qty * self.side) if terms is not None else 0,
            self.filled,
            self.client,
            TYPES.get(terms.order_type, terms.order_type) if terms is not None else "",
            terms.price if terms is not None else None,
            terms.stop_price if terms is not None else None,
            self.reason,
            self.parent,
            self.automated,
            self.admin,
            self.tag,
        )

"""The entities of the protocol, as tables by type and id, and who may see them."""

from collections.abc import Iterable
from typing import Any

Entity = dict[str, Any]

# The field by which ``deps`` and ``ldeps`` find the rows of a master; ``id`` where a row shares its master's id.
MASTERS = {
    "order": "accountId",
    "position": "accountId",
    "cashBalance": "accountId",
    "accountRiskStatus": "id",
    "userAccountAutoLiq": "id",
    "marginSnapshot": "id",
    "command": "orderId",
    "orderVersion": "orderId",
    "fill": "orderId",
    "commandReport": "commandId",
    "executionReport": "commandId",
    "fillFee": "id",
    "fillPair": "positionId",
    "contract": "contractMaturityId",
    "contractMaturity": "productId",
    "account": "userId",
}
PUBLIC = ("contract", "contractMaturity", "product", "exchange", "currency")
PRIVATE = tuple(kind for kind in MASTERS if kind not in PUBLIC)
KINDS = {kind.lower(): kind for kind in (*PUBLIC, *PRIVATE, "user")}


class Ledger:
    """Every entity of the venue."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[int, Entity]] = {kind: {} for kind in KINDS.values()}
        self._owners: dict[str, dict[int, int]] = {kind: {} for kind in KINDS.values()}
        self._masters: dict[str, dict[int, list[int]]] = {kind: {} for kind in KINDS.values()}

    def put(self, kind: str, entity: Entity, account: int | None = None) -> str:
        """Keep an entity whole; return whether it was ``Created`` or ``Updated``."""
        number = entity["id"]
        rows = self._rows[kind]
        known = number in rows
        rows[number] = entity
        if known:
            return "Updated"
        if account is not None:
            self._owners[kind][number] = account
        master = MASTERS.get(kind)
        if master is not None:
            self._masters[kind].setdefault(entity[master], []).append(number)
        return "Created"

    def get(self, kind: str, number: int) -> Entity | None:
        """Return one entity."""
        return self._rows[kind].get(number)

    def owner(self, kind: str, number: int) -> int | None:
        """Account that an entity belongs to; None for public ones."""
        return self._owners[kind].get(number)

    def rows(self, kind: str, accounts: set[int]) -> list[Entity]:
        """Entities of a type that these accounts' holder may see."""
        owners = self._owners[kind]
        if kind in PUBLIC:
            return list(self._rows[kind].values())
        return [entity for number, entity in self._rows[kind].items() if owners.get(number) in accounts]

    def deps(self, kind: str, masters: Iterable[int], accounts: set[int]) -> list[Entity]:
        """Entities of a type that hang on these masters."""
        index, rows, owners = self._masters[kind], self._rows[kind], self._owners[kind]
        return [
            rows[number]
            for master in masters
            for number in index.get(master, ())
            if kind in PUBLIC or owners.get(number) in accounts
        ]

"""Ids, and the hashing of client order ids: computing one twice names the same order."""

from hashlib import blake2b
from typing import NewType

AccountId = NewType("AccountId", str)  # our alias of an account, unique on the desk: "APX-3"
GroupId = NewType("GroupId", str)  # a copy group: "NQ-MAIN"
ConnectionId = NewType("ConnectionId", str)  # one login at one broker
Symbol = NewType("Symbol", str)  # a contract by full name: "NQZ6"
Root = NewType("Root", str)  # a product: "NQ"
OrderId = NewType("OrderId", str)  # our client order id: "LS" + hash of the cause + hash of the account
BrokerOrderId = NewType("BrokerOrderId", str)  # the broker's own order id
FillId = NewType("FillId", str)  # the broker's fill id, unique in its connection

TAG = "LS"  # every order of ours begins with it, so a copy is never copied


def cause_hash(cause: str) -> str:
    """Sixteen hex digits that name one cause."""
    return blake2b(cause.encode(), digest_size=8).hexdigest()


def account_mark(account: AccountId) -> str:
    """Eight hex digits that name one account inside an order id."""
    return blake2b(account.encode(), digest_size=4).hexdigest()


def order_id(cause: str, account: AccountId) -> OrderId:
    """Client order id of the one order that ``cause`` gives ``account``.

    Returns: 26 characters, ``LS`` + 16 of the cause + 8 of the account; brokers take 64 or more.
    """
    return OrderId(TAG + cause_hash(cause) + account_mark(account))


def is_ours(client_order_id: str | None) -> bool:
    """Say whether an order carries our tag."""
    return client_order_id is not None and client_order_id.startswith(TAG) and len(client_order_id) == 26

"""What the bench's venue says on Tradovate's wire: answers, events and frames, as bytes; and how it reads a client."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from websockets.speedups import apply_mask

SYMBOL = "NQZ6"
CONTRACT = 4021
PRICE = "21000.25"
COLLECTIONS = (
    "accountRiskStatuses",
    "commandReports",
    "commands",
    "executionReports",
    "fills",
    "marginSnapshots",
    "orderVersions",
    "orders",
)
"""Collections of the snapshot that are empty at the start."""


def stamp() -> str:
    """Time as the vendor writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def frame(text: str) -> bytes:
    """One server frame: not masked."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def array(messages: Iterable[str]) -> bytes:
    """A frame of messages."""
    return frame(f"a[{','.join(messages)}]")


def answer(number: str, body: str) -> str:
    """The answer to request ``number``."""
    return f'{{"i":{number},"s":200,"d":{body}}}' if body else f'{{"i":{number},"s":200}}'


def event(kind: str, entity: str, change: str = "Created") -> str:
    """An entity event."""
    return f'{{"e":"props","d":{{"entityType":"{kind}","eventType":"{change}","entity":{entity}}}}}'


def day(now: str) -> str:
    """Trading day of a time."""
    return f'{{"year":{int(now[:4])},"month":{int(now[5:7])},"day":{int(now[8:10])}}}'


def order(number: int, account: int, action: str, status: str, now: str) -> str:
    """An order."""
    return (
        f'{{"id":{number},"accountId":{account},"contractId":{CONTRACT},"timestamp":"{now}","action":"{action}",'
        f'"ordStatus":"{status}","executionProviderId":1,"archived":false,"external":false,"admin":false}}'
    )


def command(number: int, of: int, client: str, now: str) -> str:
    """The New command of an order."""
    tag = f'"clOrdId":"{client}",' if client else ""
    return (
        f'{{"id":{number},"orderId":{of},"timestamp":"{now}",{tag}"commandType":"New",'
        f'"commandStatus":"ExecutionPending","isAutomated":{"true" if client else "false"}}}'
    )


def version(number: int, of: int, quantity: int) -> str:
    """The terms of a market order."""
    return f'{{"id":{number},"orderId":{of},"orderQty":{quantity},"orderType":"Market","timeInForce":"Day"}}'


def fill(number: int, of: int, action: str, quantity: int, now: str) -> str:
    """A fill: it names its order and nothing else that says whose it is."""
    return (
        f'{{"id":{number},"orderId":{of},"contractId":{CONTRACT},"timestamp":"{now}","tradeDate":{day(now)},'
        f'"action":"{action}","qty":{quantity},"price":{PRICE},"active":true,"finallyPaired":0}}'
    )


def position(account: int, net: int, now: str) -> str:
    """A net position; its id is the account's here."""
    price = f'"netPrice":{PRICE},' if net else ""
    return (
        f'{{"id":{account},"accountId":{account},"contractId":{CONTRACT},"timestamp":"{now}","tradeDate":{day(now)},'
        f'"netPos":{net},{price}"bought":0,"boughtValue":0,"sold":0,"soldValue":0,"prevPos":0}}'
    )


def account(number: int, name: str) -> str:
    """An account."""
    return json.dumps({"id": number, "name": name, "userId": 1, "accountType": "Customer", "active": True})


def cash(number: int, account: int, amount: str) -> str:
    """Money of an account."""
    return f'{{"id":{number},"accountId":{account},"currencyId":1,"amount":{amount},"realizedPnL":0}}'


def margin(account: int, amount: int) -> str:
    """Margin in use; its id is the account's."""
    return f'{{"id":{account},"totalUsedMargin":{amount},"initialMargin":{amount}}}'


def quotes(price: str = PRICE) -> bytes:
    """A quote of the one contract."""
    entry = f'{{"price":{price},"size":5}}'
    entries = f'{{"Bid":{entry},"Offer":{entry},"Trade":{entry}}}'
    quote = f'{{"timestamp":"{stamp()}","contractId":{CONTRACT},"entries":{entries}}}'
    return array([f'{{"e":"md","d":{{"quotes":[{quote}]}}}}'])


def http(body: str) -> bytes:
    """A REST answer on a kept connection."""
    content = body.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def upgraded(key: str) -> bytes:
    """The answer that makes a websocket of a connection."""
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode(), usedforsecurity=False).digest()
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n\r\n".encode()


def client_frames(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take whole client frames (opcode, payload) off the front of ``buffer``."""
    at, size = 0, len(buffer)
    while size - at >= 6:
        length, head = buffer[at + 1] & 127, at + 2
        if length == 126:
            length, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
        elif length == 127:
            length, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
        end = head + 4 + length
        if end > size:
            break
        yield buffer[at] & 15, apply_mask(bytes(buffer[head + 4 : end]), bytes(buffer[head : head + 4]))
        at = end
    del buffer[:at]


def count_orders(data: bytes) -> int:
    """Order frames in whole client frames: they are the ones of 126 bytes and more; a heartbeat has two."""
    at, size, count = 0, len(data), 0
    while at < size:
        length = data[at + 1] & 127
        if length == 126:
            at += 8 + (data[at + 2] << 8 | data[at + 3])
            count += 1
        else:
            at += 6 + length
    if at != size:
        raise RuntimeError("a frame came in two pieces: the socket's buffer is too small for this bench")
    return count

"""The bench's venue: one thread, plain sockets and a poll, so that on the timed path it does nothing but take the time.

It speaks as much of Tradovate's protocol as the adapter needs to sign in, compare and trade, fills every order in full at
one price, and answers only when the round is over. The bare client (``floor``) and the measured processes' control lines
come to a second port.
"""

import json
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bench import wire

HEARTBEAT_S = 2.0
SEE = 262_144  # bytes taken in one read
BALANCE = "50000.00"
MARGIN = 20_000  # of one contract


class Peer:
    """One accepted connection."""

    def __init__(self, venue: "Venue", sock: socket.socket, hear: Callable[["Peer"], None]) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.buffer = bytearray()
        self.hear = hear
        self.login: Login | None = None
        self.is_open = True
        self._venue = venue
        self._unsent = bytearray()

    def send(self, data: bytes) -> None:
        """Write, keeping what the socket does not take now."""
        if not self._unsent:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                pass
            except OSError:
                self._venue.drop(self)
                return
        if data:
            self._unsent += data
            self._venue.poll.modify(self.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def go_on(self) -> None:
        """Write what waits."""
        unsent, self._unsent = bytes(self._unsent), bytearray()
        self._venue.poll.modify(self.sock, selectors.EVENT_READ, self)
        self.send(unsent)

    def take(self, data: bytes) -> None:
        """Read."""
        self.buffer += data
        self.hear(self)


@dataclass
class Login:
    """One login and its accounts."""

    name: str
    accounts: dict[int, str]
    socket: Peer | None = None


@dataclass
class Placed:
    """One order that came in."""

    peer: Peer
    number: str
    account: int
    client: str
    quantity: int


@dataclass
class Venue:
    """All logins of all processes under measure; names tell them apart."""

    logins: dict[str, Login] = field(default_factory=dict)
    nets: dict[int, int] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    strange: set[str] = field(default_factory=set)  # endpoints that were asked and are not known here
    arrivals: dict[str, list[Peer]] = field(default_factory=dict)  # connections to the second port, by their first word

    def __post_init__(self) -> None:
        self.poll = selectors.DefaultSelector()
        self.port = self._listen(self._http)
        self.side_port = self._listen(self._greeting)
        self._next = 1_000_000
        self._markets: list[Peer] = []
        self._beat = 0.0
        self.tells_money = False  # balance and margin after each fill, as the vendor does

    def _listen(self, hear: Callable[[Peer], None]) -> int:
        sock = socket.create_server(("127.0.0.1", 0), backlog=1_024)
        sock.setblocking(False)
        self.poll.register(sock, selectors.EVENT_READ, hear)
        return int(sock.getsockname()[1])

    def add(self, name: str, accounts: list[str]) -> None:
        """Open a login."""
        numbers = {self.number(): account for account in accounts}
        self.logins[name] = Login(name, numbers)
        self.nets.update(dict.fromkeys(numbers, 0))

    def socket_of(self, login: str) -> Peer:
        """The user socket of a login."""
        found = self.logins[login].socket
        assert found is not None
        return found

    def number(self) -> int:
        """A new id for anything."""
        self._next += 1
        return self._next

    # ---- the loop --------------------------------------------------------------------------------------------------

    def pump(self, seconds: float) -> None:
        """Serve for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.step(left)

    def until(self, condition: Callable[[], bool], patience_s: float, what: str) -> None:
        """Serve until something has come about."""
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {patience_s:g} s in vain for {what}")
            self.step(0.05)

    def step(self, seconds: float) -> None:
        """Serve what comes next, for at most so long."""
        now = time.monotonic()
        if now - self._beat > HEARTBEAT_S:
            self._beat = now
            self._pulse()
        for key, events in self.poll.select(seconds):
            held = key.data
            if not isinstance(held, Peer):
                self._accept(key.fileobj, held)  # type: ignore[arg-type]  # only listening sockets carry a function
                continue
            if events & selectors.EVENT_WRITE:
                held.go_on()
            if events & selectors.EVENT_READ:
                self._read(held)

    def _accept(self, listener: socket.socket, hear: Callable[[Peer], None]) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except BlockingIOError:
                return
            peer = Peer(self, sock, hear)
            self.poll.register(sock, selectors.EVENT_READ, peer)

    def _read(self, peer: Peer) -> None:
        try:
            data = peer.sock.recv(SEE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            peer.take(data)
        else:
            self.drop(peer)

    def drop(self, peer: Peer) -> None:
        """Let a connection go."""
        if peer.is_open:
            peer.is_open = False
            self.poll.unregister(peer.sock)
            peer.sock.close()

    def _pulse(self) -> None:
        beat = wire.frame("h")
        for login in self.logins.values():
            if login.socket is not None and login.socket.is_open:
                login.socket.send(beat)
        self.quote(wire.PRICE, beat)

    def quote(self, price: str, beat: bytes = b"") -> None:
        """Quote the one contract on the leaders' lines; the others get a ``beat``, if any."""
        quote = wire.quotes(price)
        self._markets = [peer for peer in self._markets if peer.is_open]
        for peer in self._markets:
            is_lead = peer.login is not None and peer.login.name.endswith("lead")
            if is_lead or beat:
                peer.send(quote if is_lead else beat)

    # ---- the second port -------------------------------------------------------------------------------------------

    def _greeting(self, peer: Peer) -> None:
        """Sort a connection by its first line; what it says later is kept in its buffer."""
        word, found, rest = bytes(peer.buffer).partition(b"\n")
        if found:
            peer.buffer = bytearray(rest)
            peer.hear = lambda _: None
            self.arrivals.setdefault(word.decode(), []).append(peer)

    # ---- HTTP ------------------------------------------------------------------------------------------------------

    def _http(self, peer: Peer) -> None:
        while b"\r\n\r\n" in peer.buffer:
            raw, _, rest = bytes(peer.buffer).partition(b"\r\n\r\n")
            first, *lines = raw.decode().split("\r\n")
            heads = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            size = int(heads.get("content-length", "0"))
            if len(rest) < size:
                return
            peer.buffer = bytearray(rest[size:])
            path = first.split(" ")[1]
            if "upgrade" in heads.get("connection", "").lower():
                peer.send(wire.upgraded(heads["sec-websocket-key"]))
                peer.hear = self._market_frames if path.endswith("/md") else self._frames
                peer.send(wire.frame("o"))
                return
            peer.send(wire.http(self._rest(path, heads, rest[:size])))

    def _rest(self, path: str, heads: dict[str, str], body: bytes) -> str:
        if path.endswith("/auth/accesstokenrequest"):
            name = json.loads(body)["name"]
            return json.dumps({"accessToken": f"tok-{name}", "expirationTime": "2099-01-01T00:00:00.000Z"})
        login = self.logins[heads["authorization"].removeprefix("Bearer tok-")]
        if path.endswith("/position/list"):
            return self._positions(login)
        if path.endswith("/account/list"):
            return self._accounts(login)
        if not path.endswith("/order/list"):
            self.strange.add(path)
        return "[]"

    def _positions(self, login: Login) -> str:
        now = wire.stamp()
        return f"[{','.join(wire.position(number, self.nets[number], now) for number in login.accounts)}]"

    def _accounts(self, login: Login) -> str:
        return f"[{','.join(wire.account(number, name) for number, name in login.accounts.items())}]"

    # ---- sockets ---------------------------------------------------------------------------------------------------

    def _frames(self, peer: Peer) -> None:
        for opcode, payload in wire.client_frames(peer.buffer):
            if opcode == 1 and payload != b"[]":
                endpoint, number, query, body = payload.decode().split("\n", 3)
                self._request(peer, endpoint, number, query, body)
            elif opcode == 8:
                self.drop(peer)
                return

    def _request(self, peer: Peer, endpoint: str, number: str, query: str, body: str) -> None:
        if endpoint == "order/placeorder":
            asked = json.loads(body)
            quantity = asked["orderQty"] if asked["action"] == "Buy" else -asked["orderQty"]
            self.placed.append(Placed(peer, number, asked["accountId"], asked["clOrdId"], quantity))
            return
        if endpoint == "authorize":
            peer.login = self.logins[body.removeprefix("tok-")]
            peer.login.socket = peer
            peer.send(wire.array([wire.answer(number, "")]))
            return
        assert peer.login is not None
        contract = f'{{"id":{wire.CONTRACT},"name":"{wire.SYMBOL}","contractMaturityId":1}}'
        match endpoint:
            case "account/list":
                text = self._accounts(peer.login)
            case "position/list":
                text = self._positions(peer.login)
            case "contract/items":
                text = f"[{contract}]"
            case "contract/find":
                text = contract
            case "user/syncrequest":
                cash = ",".join(wire.cash(number, number, BALANCE) for number in peer.login.accounts)
                empty = ",".join(f'"{name}":[]' for name in wire.COLLECTIONS)
                text = (
                    f'{{"users":[],"contractGroups":[],{empty},"accounts":{self._accounts(peer.login)},'
                    f'"cashBalances":[{cash}],'
                    f'"positions":{self._positions(peer.login)},"contracts":[{contract}]}}'
                )
            case _:
                self.strange.add(f"{endpoint} {query}")
                text = "[]"
        peer.send(wire.array([wire.answer(number, text)]))

    def _market_frames(self, peer: Peer) -> None:
        for opcode, payload in wire.client_frames(peer.buffer):
            if opcode == 8:
                self.drop(peer)
                return
            if opcode != 1 or payload == b"[]":
                continue
            endpoint, number, _, body = payload.decode().split("\n", 3)
            if endpoint == "authorize":
                peer.login = self.logins[body.removeprefix("tok-")]
                self._markets.append(peer)
            peer.send(wire.array([wire.answer(number, "" if endpoint == "authorize" else "{}")]))

    # ---- orders ----------------------------------------------------------------------------------------------------

    def fill_all(self) -> None:
        """Answer every order that came in: accepted, filled, and the position that follows."""
        placed, self.placed = self.placed, []
        by_peer: dict[Peer, list[bytes]] = {}
        now = wire.stamp()
        for order in placed:
            number, net = self.number(), self.nets[order.account] + order.quantity
            self.nets[order.account] = net
            action, size = ("Buy", order.quantity) if order.quantity > 0 else ("Sell", -order.quantity)
            messages = (
                wire.answer(order.number, f'{{"orderId":{number}}}'),
                wire.event("order", wire.order(number, order.account, action, "PendingNew", now)),
                wire.event("command", wire.command(number, number, order.client, now)),
                wire.event("orderVersion", wire.version(number, number, size)),
                wire.event("fill", wire.fill(self.number(), number, action, size, now)),
                wire.event("order", wire.order(number, order.account, action, "Filled", now), "Updated"),
                wire.event("position", wire.position(order.account, net, now), "Updated"),
            )
            if self.tells_money:
                cash, margin = (
                    wire.cash(order.account, order.account, BALANCE),
                    wire.margin(order.account, MARGIN * abs(net)),
                )
                messages += wire.event("cashBalance", cash, "Updated"), wire.event("marginSnapshot", margin, "Updated")
            by_peer.setdefault(order.peer, []).append(wire.array(messages))
        for peer, answers in by_peer.items():
            peer.send(b"".join(answers))

"""An engine in a few lines: the control API over real sockets, with a desk that acts change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec
import uvicorn
from msgspec.structs import replace

from engine.api import (
    AccountState,
    AccountView,
    ActAsk,
    ActLine,
    ActState,
    ActTold,
    ActView,
    AttendAsk,
    AttendView,
    BlockView,
    CloseAsk,
    CopyLine,
    CopyTold,
    CopyView,
    CurveView,
    DesyncView,
    FlattenAsk,
    HealthView,
    HeldView,
    HoldView,
    LegView,
    LineView,
    Message,
    NewsView,
    OffAsk,
    OnAsk,
    PauseAsk,
    PnlLine,
    PnlView,
    PreviewLine,
    PreviewView,
    Refusal,
    Rejoin,
    ReportLine,
    ReportView,
    ResumeAsk,
    RiskView,
    SizeAsk,
    Snapshot,
    StatusTold,
    StatusView,
    UnlockAsk,
    UnplanAsk,
    WhatIfLeader,
    WhatIfLine,
    WhatIfView,
)

TOKEN = "right-token"
AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def account(alias: str, role: str = "follower", **more: Any) -> AccountView:
    fields: dict[str, Any] = {
        "id": alias,
        "name": f"DEMO{alias}",
        "group": "NQ-MAIN",
        "role": role,
        "broker": "tradovate",
        "connection": "sim",
        "state": AccountState.LIVE,
        "why": "",
        "live": False,
        "size": "1x" if role == "follower" else "",
        "balance": Decimal(50_000),
        "equity": Decimal(50_000),
        "day_profit": Decimal(0),
        "open_profit": Decimal(0),
    }
    return AccountView(**{**fields, **more})


class EngineDouble:
    """Holds a desk, answers the API, tells its events. ``proves`` False leaves acts acked."""

    def __init__(self) -> None:
        self.accounts = {
            view.id: view
            for view in (account("LEAD-1", "leader"), account("ALPHA"), account("BRAVO"), account("CHARLIE"))
        }
        self.acts: dict[str, ActView] = {}
        self.news = NewsView(since=AT, until=AT, knowledge="unknown", lines=())
        self.sent: list[ActAsk] = []
        self.copies: list[CopyView] = []
        self.held: list[HeldView] = []
        self.seq = 100
        self.version = 1
        self.proves = True
        self.desync = DesyncView(lines=(), followers=3)
        self.curves: list[CurveView] = []
        self.figures: tuple[ReportLine, ...] = ()
        self.holiday = ""
        self.files = {"report.png": b"PNG", "report.csv": b"a,b"}
        self.risk: RiskView | None = None
        self.silent_acts = False  # acts happen and nobody says so
        self.lost_acts = False  # acts never arrive
        self.told: list[Message] = []
        self.attended: list[int] = []
        self.readers: set[asyncio.Queue[Message | None]] = set()
        self.asked_from: list[int | None] = []
        self.listened = asyncio.Event()  # somebody reads the stream
        self.closing = False
        self.port = 0
        self.url = ""

    # -- the desk

    def hold(self, net: int, symbol: str = "NQZ6") -> None:
        """Everybody holds ``net``."""
        legs = (LegView(symbol=symbol, have=net, want=net, price=Decimal("21044.25"), open_profit=Decimal(-85)),)
        self.accounts = {alias: replace(view, legs=legs if net else ()) for alias, view in self.accounts.items()}
        self.version += 1

    def tell(self, message: Message) -> None:
        self.seq += 1
        message = replace(message, seq=self.seq)
        self.told.append(message)
        for reader in self.readers:
            reader.put_nowait(message)

    def copy(self, cause: str, quantity: int, status: str = "ok") -> CopyView:
        """The leader traded, everybody followed."""
        lines = tuple(
            CopyLine(
                account=alias,
                symbol="NQZ6",
                wanted=quantity,
                sent=quantity,
                filled=quantity if status == "ok" else 0,
                status=status,
                lag_ms=0.4,
                slip_ticks=Decimal(1),
            )
            for alias in self.followers("all")
        )
        view = CopyView(
            cause=cause,
            seq=self.seq,
            at=AT,
            group="NQ-MAIN",
            leader="LEAD-1",
            symbol="NQZ6",
            quantity=quantity,
            price=Decimal("21044.25"),
            net=quantity,
            what=f"{'BUY' if quantity > 0 else 'SELL'} {abs(quantity)} NQZ6",
            lines=lines,
        )
        self.copies = [view, *(old for old in self.copies if old.cause != cause)]
        self.tell(CopyTold(seq=0, copy=view))
        return view

    def followers(self, scope: str) -> list[str]:
        names = [alias for alias, view in self.accounts.items() if view.role == "follower"]
        if scope.lower() in {"all", "nq-main"}:
            return names
        return [alias for alias in names if alias.lower() in scope.lower().split(",")]

    def status(self) -> StatusView:
        held = [view for view in self.accounts.values() if view.holds]
        followers = self.followers("all")
        copying = len(followers) - len(held)
        return StatusView(
            seq=self.seq,
            version=self.version,
            at=datetime.now(UTC),
            word="COPYING" if not held else "PART PAUSED" if copying else "PAUSED",
            copying=copying,
            followers=len(followers),
            leaders=("LEAD-1  flat",),
            day_profit=Decimal(1240),
            open_profit=Decimal(-85),
            worst="",
            lag_ms=0.4,
            desynced=(),
            offline=(),
            holds=held[0].holds if held else (),
        )

    def preview(self, ask: ActAsk) -> PreviewView:
        names = self.followers(ask.scope)
        views = [self.accounts[name] for name in names]
        lines = [self._line(ask, view) for view in views]
        trades = isinstance(ask, CloseAsk | FlattenAsk)
        contracts = sum(abs(leg.have) for view in views for leg in view.legs) if trades else 0
        if isinstance(ask, ResumeAsk) and ask.rejoin is Rejoin.JOIN:
            contracts = sum(abs(leg.want - leg.have) for view in views for leg in view.legs)
        adds = isinstance(ask, ResumeAsk | UnlockAsk | UnplanAsk | OnAsk) or (
            isinstance(ask, SizeAsk) and any(ask.factor > view.factor for view in views)
        )
        return PreviewView(
            kind=str(ask.__struct_config__.tag),
            version=self.version,
            accounts=len(names),
            contracts=contracts,
            orders=0,
            open_profit=Decimal(-255) if contracts else None,
            adds_risk=adds,
            live=any(view.live for view in views),
            lines=tuple(lines),
        )

    def _line(self, ask: ActAsk, view: AccountView) -> PreviewLine:
        if isinstance(ask, SizeAsk):
            return PreviewLine(account=view.id, before=f"{view.factor}x", after=f"{ask.factor}x")
        if isinstance(ask, ResumeAsk):
            return PreviewLine(account=view.id, before="paused" if view.holds else "live", after="live")
        held = " ".join(f"{leg.have:+d} {leg.symbol}" for leg in view.legs) or "flat"
        return PreviewLine(account=view.id, before=held, after="flat")

    def order(self, ask: ActAsk) -> ActView:
        """Take an act: the same key is the same act."""
        if ask.key in self.acts:
            return self.acts[ask.key]
        self.sent.append(ask)
        for alias in self.followers(ask.scope):
            self.accounts[alias] = self._changed(ask, self.accounts[alias])
        self.version += 1
        lines = tuple(ActLine(account=alias, state=ActState.ACKED, text="") for alias in self.followers(ask.scope))
        view = ActView(
            key=ask.key,
            kind=str(ask.__struct_config__.tag),
            by=ask.by,
            scope=ask.scope,
            state=ActState.ACKED,
            asked_at=AT,
            took_s=None,
            lines=lines,
            until=ask.until if isinstance(ask, PauseAsk) else None,
            reason=getattr(ask, "reason", ""),
        )
        self.acts[ask.key] = view
        if self.proves:
            asyncio.get_running_loop().call_later(0.02, self.prove, ask.key)
        return view

    def prove(self, key: str) -> None:
        """The act is seen at the broker."""
        view = self.acts[key]
        text = "flat 0.9 s" if view.kind == "flatten" else ""
        lines = tuple(replace(line, state=ActState.PROVEN, text=text) for line in view.lines)
        self.acts[key] = replace(view, state=ActState.PROVEN, took_s=0.3, lines=lines)
        self.tell(ActTold(seq=0, act=self.acts[key]))
        self.tell(StatusTold(seq=0, status=self.status()))

    def _changed(self, ask: ActAsk, view: AccountView) -> AccountView:
        match ask:
            case PauseAsk():
                held = HoldView(by=ask.by, reason=ask.reason, since=AT, until=ask.until, who=ask.who, kind="person")
                others = (hold for hold in view.holds if (hold.who, hold.kind) != (held.who, held.kind))
                return replace(view, state=AccountState.PAUSED, holds=(*others, held))
            case ResumeAsk():
                kept = tuple(hold for hold in view.holds if hold.kind == "off")
                return replace(view, state=AccountState.PAUSED if kept else AccountState.LIVE, holds=kept)
            case OffAsk():
                held = HoldView(by=ask.by, reason="off", since=AT, who=ask.who, kind="off")
                return replace(view, state=AccountState.PAUSED, holds=(*view.holds, held))
            case OnAsk():
                kept = tuple(hold for hold in view.holds if hold.kind != "off")
                return replace(view, state=AccountState.PAUSED if kept else AccountState.LIVE, holds=kept)
            case SizeAsk():
                return replace(view, factor=ask.factor, size=f"{ask.factor}x")
            case CloseAsk() | FlattenAsk():
                return replace(view, legs=())
            case _:
                return view

    def whatif(self, query: dict[str, str]) -> WhatIfView:
        quantity = int(query["quantity"]) * (1 if query["side"] == "buy" else -1)
        block = BlockView(check="hold", figures="NFP by Ana", contracts=quantity)
        lines = tuple(
            WhatIfLine(
                account=alias,
                leader="LEAD-1",
                symbol="NQZ6",
                has=0,
                in_flight=0,
                exact=Decimal(quantity),
                target=quantity,
                send=0 if alias == "BRAVO" else quantity,
                later=0,
                after=quantity,
                blocks=(block,) if alias == "BRAVO" else (),
            )
            for alias in self.followers(query["scope"])
        )
        return WhatIfView(
            seq=self.seq,
            at=AT,
            symbol=query["symbol"],
            quantity=quantity,
            price=None,
            distance=Decimal(query["stop"]) if query.get("stop") else None,
            ticks=None,
            leaders=(WhatIfLeader(account="LEAD-1", has=0, after=quantity),),
            lines=lines,
        )

    # -- the API

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Listen on loopback; on the same port again when served a second time."""
        config = uvicorn.Config(
            self._asgi,
            host="127.0.0.1",
            port=self.port,
            log_level="error",
            lifespan="off",
            interface="asgi3",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        self.closing = False
        task = asyncio.create_task(server.serve())
        async with asyncio.timeout(10):
            await server.up.wait()
        self.port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        try:
            yield self.url
        finally:
            self.closing = True
            self.listened.clear()
            for reader in self.readers:
                reader.put_nowait(None)
            server.should_exit = True
            server.end.set()
            await task

    async def _asgi(self, scope: Any, receive: Any, send: Any) -> None:
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
        right = dict(scope["headers"]).get(b"authorization") == f"Bearer {TOKEN}".encode()
        if scope["type"] == "websocket":
            await self._stream(query, right, receive, send)
            return
        body = b""
        more = True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        status, answer = self._answer(scope["method"], unquote(scope["path"]), query, body) if right else _no("no", 401)
        if self.silent_acts and scope["path"] == "/v1/acts":
            raise ConnectionResetError
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})

    def _answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        head, _, name = path.removeprefix("/v1/").partition("/")
        match method, head:
            case "GET", "status":
                return 200, self.status()
            case "GET", "accounts" if name:
                found = self.accounts.get(name)
                return (200, found) if found is not None else _no(f"no account {name}", 404)
            case "GET", "accounts":
                wanted = query.get("scope", "all")
                names = set(self.followers(wanted)) | ({"LEAD-1"} if wanted in {"all", "NQ-MAIN"} else set())
                return 200, [view for alias, view in self.accounts.items() if alias in names]
            case "POST", "attended":
                ask = msgspec.json.decode(body, type=AttendAsk)
                self.attended.append(ask.within_s)
                return 200, AttendView(until=AT + timedelta(seconds=ask.within_s) if ask.within_s else None)
            case "GET", "orders":
                return 200, []
            case "GET", "desync":
                return 200, self.desync
            case "GET", "held":
                return 200, self.held
            case "GET", "risk":
                return 200, self.risk or RiskView(limits=(), free=tuple(self.followers(query.get("scope", "all"))))
            case "GET", "news":
                return 200, self.news
            case "GET", "whatif":
                return 200, self.whatif(query)
            case "GET", "copies":
                return 200, self.copies[: int(query["limit"])]
            case "GET", "pnl":
                return 200, self.pnl()
            case "GET", "curve":
                return 200, self.curves
            case "GET", "report":
                return 200, ReportView(
                    text="Lockstep · 23 Nov 2026\n2 copies", files={"report.csv": "YSxi"}, lines=self.figures
                )
            case "GET", "health":
                return 200, self._health()
            case "GET", "acts":
                return (200, self.acts[name]) if name in self.acts else _no(f"no act {name}", 404)
            case "GET", "receipts":
                return 200, {"text": f"receipt of {name}\nline two"}
            case "POST", "preview":
                return 200, self.preview(msgspec.json.decode(body, type=ActAsk))
            case "POST", "acts":
                ask = msgspec.json.decode(body, type=ActAsk)
                if self.lost_acts:
                    return _no("the hot process is away", 503)
                if ask.version is not None and ask.version != self.version and ask.key not in self.acts:
                    return _no("positions changed since", 409)
                return 202, self.order(ask)
            case _:
                return _no("no such path", 404)

    def pnl(self) -> PnlView:
        lines = tuple(
            PnlLine(
                account=alias,
                role=view.role,
                day=view.day_profit,
                week=Decimal(900),
                month=Decimal(2_140),
                since=AT.date(),
            )
            for alias, view in self.accounts.items()
        )
        return PnlView(at=AT, day=AT.date(), lines=lines)

    def _health(self) -> HealthView:
        line = LineView(
            connection="sim", broker="tradovate", up=True, text="ok", heard_s=0.4, round_trip_ms=0.8, budget_left=300
        )
        return HealthView(
            run="r1",
            version="0.1.0",
            up_s=90.0,
            loop_ms=1.2,
            journal_seq=self.seq,
            stored_seq=self.seq,
            database="ok",
            lines=(line,),
        )

    async def _stream(self, query: dict[str, str], right: bool, receive: Any, send: Any) -> None:
        await receive()
        if not right or self.closing:
            await send({"type": "websocket.close", "code": 4401})
            return
        await send({"type": "websocket.accept"})
        from_seq = int(query["from"]) if "from" in query else None
        self.asked_from.append(from_seq)
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        if from_seq is None:
            queue.put_nowait(Snapshot(seq=self.seq, status=self.status()))
        else:
            for message in self.told:
                if message.seq > from_seq:
                    queue.put_nowait(message)
            queue.put_nowait(StatusTold(seq=self.seq, status=self.status()))
        self.readers.add(queue)
        self.listened.set()
        try:
            while (message := await queue.get()) is not None:
                await send({"type": "websocket.send", "text": msgspec.json.encode(message).decode()})
            await send({"type": "websocket.close", "code": 1001})
        finally:
            self.readers.discard(queue)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.end = asyncio.Event()

    async def main_loop(self) -> None:
        await self.end.wait()  # the server's own loop looks only ten times a second

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()


def _no(text: str, status: int) -> tuple[int, Refusal]:
    return status, Refusal(error=text)

"""The control API over HTTP and WebSocket: routes, rights and refusals; what is answered comes from the clerk."""

import asyncio
import hmac
from typing import Annotated, Any, Literal

import msgspec
import structlog
from litestar import Litestar, MediaType, Request, Response, WebSocket, get, post, websocket
from litestar.datastructures import State
from litestar.exceptions import HTTPException, WebSocketDisconnect
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ASGIApp, ExceptionHandlersMap, Receive, Scope, Send

from engine.api.attend import AttendAsk, AttendView
from engine.api.news import NewsView
from engine.api.pnl import CurveView, PnlView, ReportView
from engine.api.requests import ActAsk
from engine.api.views import (
    AccountView,
    ActView,
    CopyView,
    DesyncView,
    HealthView,
    HeldView,
    OfferView,
    OrderView,
    PreviewView,
    Refusal,
    RiskView,
    StatusView,
)
from engine.api.whatif import WhatIfView
from engine.domain.value import Value
from engine.errors import JournalError, LockstepError, TransientError
from engine.service.asked import AskError
from engine.service.clerk import AwayError, Clerk, ConflictError, StaleError
from engine.service.curve import KEPT_DAYS
from engine.service.daily import ReportError, report_of
from engine.service.held import HeldError, held_views
from engine.service.monitor import HEALTHZ, healthz, metrics
from engine.service.news import NewsError
from engine.service.offer import offer_views
from engine.service.page import page
from engine.service.receipt import UnknownReceiptError, find
from engine.service.scope import ScopeError
from engine.service.status import account_views, copy_views, order_views, risk_of
from engine.service.stream import TOO_SLOW
from engine.service.sync import desync_view
from engine.service.trade import MOST, Trade, TradeError

MOST_COPIES = 200
MOST_DAYS = 14
_log: structlog.stdlib.BoundLogger = structlog.get_logger("api")
_OPEN_PATHS = frozenset({"/schema", "/v1/openapi.json", HEALTHZ})
_STATUS: dict[type[LockstepError], int] = {
    ScopeError: 400,
    AskError: 400,
    NewsError: 400,
    HeldError: 400,
    ReportError: 400,
    TradeError: 400,
    UnknownReceiptError: 404,
    StaleError: 409,
    ConflictError: 409,
    AwayError: 503,
    TransientError: 503,
    JournalError: 503,
}

Within = Annotated[str, QueryParameter(name="scope", description="all, aliases joined by commas, a group, or #tag")]


class ReceiptView(Value, frozen=True):
    """One receipt."""

    text: str


def _clerk(state: State) -> Clerk:
    clerk: Clerk = state["clerk"]
    return clerk


def _ready(state: State) -> Clerk:
    clerk = _clerk(state)
    clerk.require()
    return clerk


@get("/v1/status", sync_to_thread=False)
def status(state: State, within: Within = "all") -> StatusView:
    """The first look: am I in sync, how far from trouble."""
    return _ready(state).status(within)


@get("/v1/accounts", sync_to_thread=False)
def accounts(state: State, within: Within = "all") -> list[AccountView]:
    """Leaders and followers of a scope."""
    clerk = _ready(state)
    return account_views(clerk.projection, within, clerk.now())


@get("/v1/accounts/{alias:str}", sync_to_thread=False)
def account(state: State, alias: FromPath[str]) -> AccountView:
    """One account."""
    clerk = _ready(state)
    found = [view for view in account_views(clerk.projection, "all", clerk.now()) if view.id == alias]
    if not found:
        raise HTTPException(status_code=404, detail=f"no account is named {alias[:40]}")
    return found[0]


@get("/v1/risk", sync_to_thread=False)
def risk(state: State, within: Within = "all") -> RiskView:
    """Distance to every limit of a scope, nearest to the edge first."""
    return risk_of(_ready(state).projection, within)


@get("/v1/whatif")
async def whatif(
    state: State,
    side: FromQuery[Literal["buy", "sell"]],
    quantity: Annotated[int, QueryParameter(ge=1, le=MOST)],
    symbol: FromQuery[str],
    stop: Annotated[str, QueryParameter(description="distance: 30 for points, 120t for ticks")] = "",
    within: Within = "all",
) -> WhatIfView:
    """What a leader's trade would do to each follower; nothing happens."""
    trade = Trade(symbol=symbol.upper(), quantity=quantity if side == "buy" else -quantity, stop=stop)
    return await _ready(state).what_if(trade, within)


@get("/v1/pnl", sync_to_thread=False)
def pnl(state: State, within: Within = "all") -> PnlView:
    """What each account of a scope earned today, this week and this month."""
    return _ready(state).pnl(within)


@get("/v1/curve", sync_to_thread=False)
def curve(
    state: State, days: Annotated[int, QueryParameter(ge=1, le=KEPT_DAYS)] = 1, within: Within = "all"
) -> tuple[CurveView, ...]:
    """Points of a scope's accounts: through the day, or the end of each of several days."""
    return _ready(state).curves(within, days)


@get("/v1/report")
async def report(state: State, day: FromQuery[str] = "", files: FromQuery[bool] = False) -> ReportView:
    """The report of one trade date, today's without one; worked out in a process of its own."""
    clerk = _ready(state)
    return await report_of(clerk.settings, clerk.reading().calendar, day, clerk.now(), with_files=files)


@get("/v1/news", sync_to_thread=False)
def news(
    state: State, days: Annotated[int, QueryParameter(ge=1, le=MOST_DAYS)] = 1, within: Within = "all"
) -> NewsView:
    """Economic events ahead, the windows of a scope around them, and planned pauses."""
    return _ready(state).news(days, within)


@get("/v1/desync", sync_to_thread=False)
def desync(state: State, within: Within = "all") -> DesyncView:
    """Followers of a scope that are not in sync: what they should have, what they have, who has it."""
    clerk = _ready(state)
    return desync_view(clerk.projection.state, within, clerk.now())


@get("/v1/orders", sync_to_thread=False)
def orders(state: State, within: Within = "all") -> list[OrderView]:
    """Working orders of a scope."""
    return order_views(_ready(state).projection, within)


@get("/v1/offers", sync_to_thread=False)
def offers(state: State, within: Within = "all") -> list[OfferView]:
    """Entries that wait for a person, the next to expire first."""
    clerk = _ready(state)
    return offer_views(clerk.projection, within, clerk.now())


@get("/v1/held", sync_to_thread=False)
def held(state: State, within: Within = "all") -> list[HeldView]:
    """Trades of leaders that wait for a person, the next to expire first, then the newest that have ended."""
    clerk = _ready(state)
    clerk.step()  # whoever decides by it sees the newest
    return held_views(clerk.projection, within, clerk.now())


@get("/v1/copies", sync_to_thread=False)
def copies(
    state: State,
    within: Within = "all",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_COPIES)] = 10,
    failed: FromQuery[bool] = False,
) -> list[CopyView]:
    """Newest copies, newest first; only those with a failed line when ``failed``."""
    return copy_views(_ready(state).projection, limit, within, failed=failed)


@get("/v1/health", sync_to_thread=False)
def health(state: State) -> HealthView:
    """How the engine itself is doing; answers also while the hot process is away."""
    return _clerk(state).health()


@get("/v1/acts/{key:str}")
async def act(state: State, key: FromPath[str]) -> ActView:
    """How far an act has come."""
    found = await _clerk(state).act(key)
    if found is None:
        raise HTTPException(status_code=404, detail=f"no act has the key {key[:40]}")
    return found


@get("/v1/receipts/{name:str}")
async def receipt(state: State, name: FromPath[str]) -> ReceiptView:
    """Receipt of an order, by client id, or of a copy, by cause."""
    clerk = _clerk(state)
    return ReceiptView(text=await asyncio.to_thread(find, clerk.settings.journal, clerk.store, name))


@post("/v1/preview", status_code=200, sync_to_thread=False)
def preview(state: State, data: JSONBody[ActAsk]) -> PreviewView:
    """What an act would do; nothing happens."""
    return _ready(state).preview(data)


@post("/v1/acts", status_code=202)
async def acts(state: State, data: JSONBody[ActAsk]) -> ActView:
    """Order an act. The same key again returns the same act."""
    return await _ready(state).send(data)


@post("/v1/attended", status_code=200)
async def attended(state: State, data: JSONBody[AttendAsk]) -> AttendView:
    """Somebody can reach the desk; without another such word in time its entries are paused."""
    return await _clerk(state).attendance.report(data)


@websocket("/v1/events")
async def events(
    socket: WebSocket[Any, Any, State], since: Annotated[int | None, QueryParameter(name="from")] = None
) -> None:
    """Everything that happens, after a snapshot or what was missed since ``from``."""
    clerk = _clerk(socket.app.state)
    await socket.accept()
    reader = clerk.stream.open(clerk.opening(since))
    writing = asyncio.ensure_future(_write(socket, reader.get))
    hearing = asyncio.ensure_future(_hear(socket))
    dropped = asyncio.ensure_future(reader.is_dropped.wait())
    try:
        await asyncio.wait({writing, hearing, dropped}, return_when=asyncio.FIRST_COMPLETED)
        if dropped.done():
            writing.cancel()
            await asyncio.wait({asyncio.ensure_future(socket.close(TOO_SLOW, "too slow"))}, timeout=1.0)
    finally:
        clerk.stream.close(reader)
        for task in (writing, hearing, dropped):
            task.cancel()
        await asyncio.gather(writing, hearing, dropped, return_exceptions=True)


async def _write(socket: WebSocket[Any, Any, State], get_frame: Any) -> None:
    while True:
        frame: bytes = await get_frame()
        await socket.send_data(frame.decode(), mode="text")


async def _hear(socket: WebSocket[Any, Any, State]) -> None:
    """Readers say nothing; their end is heard here."""
    try:
        while True:
            await socket.receive_data(mode="text")
    except WebSocketDisconnect:
        return


@get("/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
def document(request: Request[Any, Any, State]) -> dict[str, Any]:
    """The OpenAPI document."""
    return request.app.openapi_schema.to_schema()


@get("/schema", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=False)
def schema(request: Request[Any, Any, State]) -> str:
    """The routes on one page, without anything fetched from elsewhere."""
    return page(request.app.openapi_schema.to_schema())


def _refuse(status_code: int, line: str) -> Response[Refusal]:
    text = " ".join(line.split())
    return Response(Refusal(error=text), status_code=status_code, media_type=MediaType.JSON)


def _refused(_: Request[Any, Any, State], error: LockstepError) -> Response[Refusal]:
    return _refuse(next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500), str(error))


def _http_error(_: Request[Any, Any, State], error: HTTPException) -> Response[Refusal]:
    more = error.extra if isinstance(error.extra, list) else []
    said = [f"{item.get('key', 'body')}: {item.get('message', '')}" for item in more if isinstance(item, dict)]
    return _refuse(error.status_code, "; ".join(said) or error.detail)


def _fault(request: Request[Any, Any, State], error: Exception) -> Response[Refusal]:
    _log.error("fault", path=request.url.path, exc_info=error)
    return _refuse(500, f"a fault in the control API: {type(error).__name__}; see the log")


class Gate:
    """Lets in who knows the token, and whose browser was not tricked here by another site's name."""

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        """Guard ``app``; ``hosts`` are the names by which this computer may be addressed."""
        self._app = app
        self._token = f"Bearer {token}".encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] in ("http", "websocket"):
            refusal = self._judge(scope)
            if refusal is not None:
                await _shut(scope, send, *refusal)
                return
        await self._app(scope, receive, send)

    def _judge(self, scope: Any) -> tuple[int, str] | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if host not in self._hosts:
            return 421, "this API is for this computer only; address it as 127.0.0.1"
        if scope["path"] in _OPEN_PATHS:
            return None
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._token):
            return 401, "the token is missing or wrong; it stands in api.json in the data directory"
        return None


async def _shut(scope: Any, send: Any, status_code: int, line: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4000 + status_code, "reason": line})
        return
    body = msgspec.json.encode(Refusal(error=line))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def build(clerk: Clerk, token: str, port: int, version: str) -> Gate:
    """The whole application."""
    handlers: ExceptionHandlersMap = {LockstepError: _refused, HTTPException: _http_error, Exception: _fault}
    routes = [
        status,
        accounts,
        account,
        risk,
        whatif,
        pnl,
        curve,
        report,
        news,
        desync,
        orders,
        offers,
        held,
        copies,
        health,
        act,
        receipt,
        preview,
        acts,
        attended,
        events,
        document,
        schema,
        metrics,
        healthz,
    ]
    app = Litestar(
        route_handlers=routes,
        state=State({"clerk": clerk, "token": token}),
        exception_handlers=handlers,
        openapi_config=OpenAPIConfig(
            title="Lockstep control API",
            version=version,
            path="/openapi",
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        logging_config=None,
    )
    hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
    return Gate(app, token, hosts)

"""The typed client of the control API: httpx for requests, websockets for the stream."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from engine.api.attend import AttendAsk, AttendView
from engine.api.news import NewsView
from engine.api.notices import Message
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
from engine.errors import LockstepError

REQUEST_TIMEOUT_S = 8.0
REPORT_TIMEOUT_S = 130.0  # a day is worked out anew
CONNECT_TIMEOUT_S = 2.0
RETRY_FIRST_S = 0.2
RETRY_LONGEST_S = 5.0
LARGEST_FRAME = 16 * 2**20

T = TypeVar("T")


class EngineError(LockstepError):
    """The engine said no, in one line. ``status`` is the HTTP status."""

    def __init__(self, message: str, status: int = 0, may_have_arrived: bool = False) -> None:
        """Keep the engine's line, its status, and whether what was ordered may have happened all the same."""
        super().__init__(message)
        self.status = status
        self.may_have_arrived = may_have_arrived

    @property
    def is_stale(self) -> bool:
        """Say whether the state changed since the version that the ask named."""
        return self.status == httpx.codes.CONFLICT


class EngineSilentError(EngineError):
    """The engine is not answering. ``age_s`` is the age of its last answer, None when there was none."""

    def __init__(self, age_s: float | None, may_have_arrived: bool = False) -> None:
        """Say how old the last answer is, and whether the request may have reached the engine."""
        last = "no answer yet" if age_s is None else f"last answer {age_text(age_s)} ago"
        super().__init__(f"The engine is not answering ({last}).", may_have_arrived=may_have_arrived)
        self.age_s = age_s


class Address(Value, frozen=True, forbid_unknown_fields=False):
    """Where the engine listens, as it writes it to ``api.json``."""

    url: str
    token: str


Find = Callable[[], Address | None]
"""Looks the address up anew; a restarted engine may have another port and token."""


def age_text(seconds: float) -> str:
    """Age for a person: 12 s, 4 min, 3 h."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


class EngineClient:
    """Requests and the event stream of one engine. Safe to share between tasks of one loop."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        find: Find | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Talk to ``url`` with ``token``; after a failure ask ``find``, if given, whether they changed."""
        self._address = Address(url=url.rstrip("/"), token=token)
        self._find = find
        self._sleep = sleep
        self._monotonic = monotonic
        self._heard: float | None = None
        self._http = httpx.AsyncClient(trust_env=False)  # loopback: never through a proxy

    @property
    def heard_s(self) -> float | None:
        """Age of the engine's last answer or message, None when there was none."""
        return None if self._heard is None else self._monotonic() - self._heard

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def status(self, scope: str = "all") -> StatusView:
        """First look."""
        return await self._get("/v1/status", StatusView, scope=scope)

    async def accounts(self, scope: str = "all") -> tuple[AccountView, ...]:
        """Leaders and followers of the scope."""
        return await self._get("/v1/accounts", tuple[AccountView, ...], scope=scope)

    async def account(self, alias: str) -> AccountView:
        """One account."""
        return await self._get(f"/v1/accounts/{quote(alias, safe='')}", AccountView)

    async def risk(self, scope: str = "all") -> RiskView:
        """Distance to every limit."""
        return await self._get("/v1/risk", RiskView, scope=scope)

    async def whatif(self, side: str, quantity: int, symbol: str, stop: str = "", scope: str = "all") -> WhatIfView:
        """What a leader's trade would do; nothing happens. ``stop`` is "30" points or "120t" ticks."""
        ask = {"side": side, "quantity": str(quantity), "symbol": symbol, "stop": stop, "scope": scope}
        return await self._get("/v1/whatif", WhatIfView, **ask)

    async def pnl(self, scope: str = "all") -> PnlView:
        """What each account earned."""
        return await self._get("/v1/pnl", PnlView, scope=scope)

    async def curve(self, days: int = 1, scope: str = "all") -> tuple[CurveView, ...]:
        """Points for a chart."""
        return await self._get("/v1/curve", tuple[CurveView, ...], days=str(days), scope=scope)

    async def report(self, day: str = "", files: bool = False) -> ReportView:
        """The report of a trade date, with its picture and its table where ``files`` are wanted."""
        path = f"/v1/report?{urlencode({'day': day, 'files': str(files).lower()})}"
        return await self._call("GET", path, ReportView, timeout_s=REPORT_TIMEOUT_S)

    async def news(self, days: int = 1, scope: str = "all") -> NewsView:
        """Events ahead, and the windows of a scope around them."""
        return await self._get("/v1/news", NewsView, days=str(days), scope=scope)

    async def desync(self, scope: str = "all") -> DesyncView:
        """Who is not in sync with the leader."""
        return await self._get("/v1/desync", DesyncView, scope=scope)

    async def orders(self, scope: str = "all") -> tuple[OrderView, ...]:
        """Working orders."""
        return await self._get("/v1/orders", tuple[OrderView, ...], scope=scope)

    async def offers(self, scope: str = "all") -> tuple[OfferView, ...]:
        """Entries that wait for a person."""
        return await self._get("/v1/offers", tuple[OfferView, ...], scope=scope)

    async def held(self, scope: str = "all") -> tuple[HeldView, ...]:
        """Trades of leaders that wait for a person, then the newest that have ended."""
        return await self._get("/v1/held", tuple[HeldView, ...], scope=scope)

    async def copies(self, limit: int = 10, scope: str = "all", failed: bool = False) -> tuple[CopyView, ...]:
        """Newest copies; only those with a failed line when ``failed``."""
        ask = {"limit": str(limit), "scope": scope, "failed": "true" if failed else "false"}
        return await self._get("/v1/copies", tuple[CopyView, ...], **ask)

    async def health(self) -> HealthView:
        """How the engine itself is doing."""
        return await self._get("/v1/health", HealthView)

    async def act(self, key: str) -> ActView:
        """How far an act has come."""
        return await self._get(f"/v1/acts/{quote(key, safe='')}", ActView)

    async def receipt(self, name: str) -> str:
        """Receipt of one order, named by its client id or its cause."""
        return (await self._get(f"/v1/receipts/{quote(name, safe='')}", _Receipt)).text

    async def preview(self, ask: ActAsk) -> PreviewView:
        """What an act would do; nothing happens."""
        return await self._call("POST", "/v1/preview", PreviewView, ask)

    async def send(self, ask: ActAsk) -> ActView:
        """Order an act. The same key again returns the same act, so a repeat after silence is harmless."""
        return await self._call("POST", "/v1/acts", ActView, ask)

    async def attended(self, within_s: int) -> AttendView:
        """Say that somebody can reach the desk; without another such word in time entries are paused. 0 takes it back."""
        return await self._call("POST", "/v1/attended", AttendView, AttendAsk(within_s=within_s))

    async def events(
        self,
        from_seq: int | None = None,
        *,
        found: Callable[[], None] | None = None,
        lost: Callable[[str], None] | None = None,
    ) -> AsyncIterator[Message]:
        """Messages for ever: first a snapshot or what was missed since ``from_seq``.

        Reconnects with back-off and resumes from the last sequence number; ``found`` is told each time the line is
        there, even when nothing was missed, ``lost`` each time it drops or cannot be had, with the reason in one line.
        A message of an unknown type is a newer engine's and is passed over.
        """
        decoder = msgspec.json.Decoder(Message)
        wait_s = RETRY_FIRST_S
        while True:
            try:
                async with connect(
                    self._stream_url(from_seq),
                    additional_headers={"Authorization": f"Bearer {self._address.token}"},
                    open_timeout=CONNECT_TIMEOUT_S,
                    close_timeout=0.5,
                    ping_interval=5,
                    ping_timeout=10,
                    max_size=LARGEST_FRAME,
                    proxy=None,
                ) as line:
                    self._heard = self._monotonic()
                    if found is not None:
                        found()
                    async for frame in line:
                        self._heard = self._monotonic()
                        wait_s = RETRY_FIRST_S
                        try:
                            message = decoder.decode(frame)
                        except msgspec.ValidationError:
                            continue
                        from_seq = message.seq
                        yield message
                reason = "the engine closed the event stream"
            except (OSError, TimeoutError, WebSocketException, InvalidHandshake, InvalidURI) as error:
                reason = f"no event stream: {type(error).__name__}"
            if lost is not None:
                lost(reason)
            await self._sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret
            wait_s = min(wait_s * 2, RETRY_LONGEST_S)
            token = self._address.token
            if self._refind() and self._address.token != token:
                from_seq = None  # another engine: its sequence numbers are not ours

    def _stream_url(self, from_seq: int | None) -> str:
        scheme, _, rest = self._address.url.partition("://")
        query = "" if from_seq is None else "?" + urlencode({"from": from_seq})
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/v1/events{query}"

    def _refind(self) -> bool:
        found = self._find() if self._find is not None else None
        if found is None:
            return False
        found = Address(url=found.url.rstrip("/"), token=found.token)
        changed, self._address = found != self._address, found
        return changed

    async def _get(self, path: str, answer: type[T], **query: str) -> T:
        return await self._call("GET", path + ("?" + urlencode(query) if query else ""), answer)

    async def _call(
        self, method: str, path: str, answer: type[T], body: Value | None = None, timeout_s: float = REQUEST_TIMEOUT_S
    ) -> T:
        try:
            response = await self._request(method, path, body, timeout_s)
        except httpx.ConnectError:
            if not self._refind():
                raise EngineSilentError(self.heard_s) from None
            response = await self._again(method, path, body)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise EngineSilentError(self.heard_s, may_have_arrived=method == "POST") from None
        if response.status_code == httpx.codes.UNAUTHORIZED and self._refind():
            response = await self._again(method, path, body)
        self._heard = self._monotonic()
        if not response.is_success:
            broke = method == "POST" and response.is_server_error
            raise EngineError(_line(response), response.status_code, may_have_arrived=broke)
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError as error:
            arrived = method == "POST"
            raise EngineError(f"The engine's answer is not understood: {error}", may_have_arrived=arrived) from error

    async def _again(self, method: str, path: str, body: Value | None) -> httpx.Response:
        try:
            return await self._request(method, path, body)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise EngineSilentError(self.heard_s, may_have_arrived=method == "POST") from None

    async def _request(
        self, method: str, path: str, body: Value | None, timeout_s: float = REQUEST_TIMEOUT_S
    ) -> httpx.Response:
        return await self._http.request(
            method,
            self._address.url + path,
            content=None if body is None else msgspec.json.encode(body),
            headers={"Authorization": f"Bearer {self._address.token}", "Content-Type": "application/json"},
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
        )


class _Receipt(Value, frozen=True):
    text: str


def _line(response: httpx.Response) -> str:
    try:
        text = msgspec.json.decode(response.content, type=Refusal).error
    except msgspec.DecodeError:
        text = ""
    return " ".join(text.split()) or f"The engine answered {response.status_code} without a reason."

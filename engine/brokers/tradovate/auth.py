"""Signing in: tokens by password and key or by OAuth, their renewal, and when to leave the door alone."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import httpx
import msgspec

from engine.brokers.tradovate.line import SessionLost, trust
from engine.brokers.tradovate.options import Options
from engine.errors import AccessError, TransientError
from engine.ports import Clock, ConnectContext


class Granted(msgspec.Struct, frozen=True, rename="camel"):
    """A token answer of either login."""

    access_token: str = ""
    md_access_token: str = ""
    expiration_time: datetime | None = None
    user_status: str = "Active"
    error_text: str | None = None
    p_ticket: str | None = msgspec.field(name="p-ticket", default=None)
    p_time: float = msgspec.field(name="p-time", default=0.0)
    p_captcha: bool = msgspec.field(name="p-captcha", default=False)


class Exchanged(msgspec.Struct, frozen=True):
    """An OAuth token answer; errors arrive with status 200 as well."""

    access_token: str = ""
    refresh_token: str | None = None
    expires_in: float | None = None
    error: str | None = None
    error_description: str | None = None


class Barred(AccessError):  # noqa: N818  as the tree in engine.errors reads
    """Refused at the door: nothing is tried again for ``wait_s``."""

    def __init__(self, message: str, wait_s: float) -> None:
        """Say why, and how long to stay away."""
        super().__init__(message)
        self.wait_s = wait_s


_granted: Final = msgspec.json.Decoder(Granted, strict=False).decode
_exchanged: Final = msgspec.json.Decoder(Exchanged, strict=False).decode
_DEFAULT_LIFE_S: Final = 4_800.0  # the shorter of the two lifetimes that the vendor documents


class Rest:
    """The login's HTTP client: sign-in and lists, never orders."""

    def __init__(self, options: Options, spend: Callable[[], None]) -> None:
        """No traffic yet; the client opens with the first call. ``spend`` counts each call against the budget."""
        self._spend = spend
        self._options = options
        self._client: httpx.AsyncClient | None = None

    async def call(self, url: str, *, token: str = "", body: dict[str, object] | None = None) -> httpx.Response:
        """POST with a body, GET without.

        Raises: TransientError, SlotLost or Barred for what any call may meet; other statuses are the caller's.
        """
        if self._client is None:
            self._client = httpx.AsyncClient(verify=trust(), timeout=self._options.request_timeout_s)
        self._spend()
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            if body is None:
                answer = await self._client.get(url, headers=headers)
            else:
                answer = await self._client.post(url, headers=headers, json=body)
        except httpx.HTTPError as error:
            raise TransientError(f"no answer from the REST host: {type(error).__name__}") from None
        if answer.status_code == 408:
            raise SessionLost("408: another session of this login took the slot")
        if answer.status_code in (423, 429):
            words = "locked out after repeated failures" if answer.status_code == 423 else "too many requests"
            raise Barred(f"{answer.status_code}: {words}", self._options.blocked_wait_s)
        if answer.status_code >= 500:
            raise TransientError(f"REST host answered {answer.status_code}")
        return answer

    async def close(self) -> None:
        """Close kept connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


class Access:
    """The one token of a login. Nothing here is ever logged, and no error or repr carries a secret."""

    def __init__(self, context: ConnectContext, options: Options, rest: Rest, clock: Clock) -> None:
        self._options = options
        self._secrets = context.secrets
        self._device = (options.device or context.device)[:64]
        self._rest = rest
        self._clock = clock
        self._token = ""
        self._market_token = ""
        self._refresh = context.secrets.get("refresh_token", "")
        self._code = context.secrets.get("code", "")
        self._ticket = ""
        self._expires = 0.0  # monotonic

    @property
    def token(self) -> str:
        """The bearer token; empty before the first sign-in."""
        return self._token

    @property
    def market_token(self) -> str:
        """The token for the market-data socket."""
        return self._market_token or self._token

    @property
    def renew_in_s(self) -> float:
        """Seconds until the token should be renewed."""
        return max(0.0, self._expires - self._options.renew_before_s - self._clock.monotonic())

    def forget(self) -> None:
        """The server does not know the token any more: sign in anew next time."""
        self._token, self._expires = "", 0.0

    async def ensure(self) -> None:
        """Have a token that is good for a while.

        Raises: Barred, TransientError or SlotLost.
        """
        if self._token and self.renew_in_s > 0:
            return
        if self._token and self._expires > self._clock.monotonic() and await self.renew():
            return
        if self._options.login == "oauth":
            await self._exchange()
        else:
            await self._sign_in()

    async def renew(self) -> bool:
        """Prolong the same session; False if the token is past saving."""
        answer = await self._rest.call(f"{self._options.rest}/auth/renewaccesstoken", token=self._token)
        if answer.status_code != 200:
            return False
        try:
            granted = _granted(answer.content)
        except msgspec.DecodeError:
            return False
        if not granted.access_token:
            return False
        self._keep(granted)
        return True

    def _keep(self, granted: Granted) -> None:
        self._token = granted.access_token
        self._market_token = granted.md_access_token or self._market_token
        life = _DEFAULT_LIFE_S
        if granted.expiration_time is not None:
            expires = granted.expiration_time
            if expires.tzinfo is None:
                expires = expires.replace(tzinfo=UTC)
            life = (expires - self._clock.now()).total_seconds()
            if life <= 0:  # a wrong clock on this machine must not make us sign in for ever
                life = _DEFAULT_LIFE_S
        self._expires = self._clock.monotonic() + life

    async def _sign_in(self) -> None:
        options = self._options
        body: dict[str, object] = {
            "name": options.user,
            "password": self._secrets.get("password", ""),
            "appId": options.app_id,
            "appVersion": options.app_version,
            "deviceId": self._device,
        }
        for field in ("cid", "sec"):
            if self._secrets.get(field):
                body[field] = self._secrets[field]
        if self._ticket:
            body["p-ticket"], self._ticket = self._ticket, ""
        granted = await self._ask_token(body)
        if granted.p_captcha:
            raise Barred("login held back: captcha, only a person in a browser can answer it", options.blocked_wait_s)
        if granted.p_ticket is not None:
            self._ticket = granted.p_ticket  # goes with the next try, after the wait
            raise Barred("login held back: penalty ticket", max(granted.p_time, 1.0))
        if granted.error_text or not granted.access_token:
            raise Barred(f"login refused: {self._clean(granted.error_text or 'no token')}", options.login_retry_s)
        if granted.user_status != "Active":
            raise Barred(f"login refused: user is {granted.user_status}", options.login_retry_s)
        self._keep(granted)

    async def _ask_token(self, body: dict[str, object]) -> Granted:
        answer = await self._rest.call(f"{self._options.rest}/auth/accesstokenrequest", body=body)
        if answer.status_code != 200:
            raise Barred(f"login refused with status {answer.status_code}", self._options.login_retry_s)
        try:
            return _granted(answer.content)
        except msgspec.DecodeError:
            raise TransientError("login answer not understood") from None

    async def _exchange(self) -> None:
        """Trade a refresh token or a one-time code for an access token."""
        options = self._options
        body: dict[str, object] = {
            "client_id": options.client_id,
            "client_secret": self._secrets.get("client_secret", ""),
        }
        if self._refresh:
            body |= {"grant_type": "refresh_token", "refresh_token": self._refresh}
        elif self._code:
            body |= {"grant_type": "authorization_code", "code": self._code, "redirect_uri": options.redirect_uri}
        else:
            raise Barred(
                "login refused: the one-time code is used up; connect again in the browser", options.login_retry_s
            )
        answer = await self._rest.call(options.oauth, body=body)
        try:
            granted = _exchanged(answer.content)
        except msgspec.DecodeError:
            raise TransientError(f"token exchange answered {answer.status_code}, not understood") from None
        if granted.error or not granted.access_token:
            words = granted.error_description or granted.error or f"status {answer.status_code}"
            raise Barred(f"login refused: {self._clean(words)}", options.login_retry_s)
        if not self._refresh:
            self._code = ""  # single use
        self._refresh = granted.refresh_token or self._refresh
        self._token, self._market_token = granted.access_token, ""
        self._expires = self._clock.monotonic() + (granted.expires_in or _DEFAULT_LIFE_S)

    def _clean(self, words: str) -> str:
        """Keep the server's words free of anything that we sent."""
        for secret in (*self._secrets.values(), self._refresh, self._code, self._token):
            if len(secret) > 3:
                words = words.replace(secret, "***")
        return words[:200]

"""The settings of one Tradovate login, and what is wrong with them."""

from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlsplit

from engine.domain.contract import month_of
from engine.domain.group import AccountPlan, Setting
from engine.domain.ids import Symbol

SECRETS = ("password", "sec", "cid", "client_secret", "refresh_token", "code")


class Options(Setting, frozen=True):
    """A connection's table in desk.toml. Names ending in ``_s`` are seconds; secrets are references, never the values."""

    environment: Literal["demo", "live"] = "demo"
    rest_url: str = ""  # empty takes the environment's own
    socket_url: str = ""
    market_url: str = ""
    oauth_url: str = ""
    login: Literal["password", "oauth"] = "password"
    user: str = ""
    password: str = ""
    cid: str = ""
    sec: str = ""
    client_id: str = ""
    client_secret: str = ""
    redirect_uri: str = ""
    code: str = ""
    refresh_token: str = ""
    app_id: str = "Lockstep"
    app_version: str = "1.0"
    device: str = ""  # empty takes this machine's own stable id
    requests_per_minute: int = 80  # as copier vendors quote them; Tradovate itself publishes 5,000
    requests_per_hour: int = 5_000
    exit_reserve: float = 0.2  # share of both that only exits may use
    answer_timeout_s: float = 5.0
    request_timeout_s: float = 10.0
    connect_timeout_s: float = 10.0
    heartbeat_s: float = 2.5
    liveness_s: float = 10.0
    connect_spacing_s: float = 0.5
    backoff_s: float = 1.0
    backoff_limit_s: float = 60.0
    quota_wait_s: float = 300.0  # after another session took this login's slot
    blocked_wait_s: float = 3_600.0  # captcha, 423, 429: as the vendor asks
    login_retry_s: float = 900.0  # after a wrong password; five failures an hour lock the address
    renew_before_s: float = 900.0
    ticket_patience_s: float = 15.0  # an exit whose penalty is longer is refused instead of resent
    split_responses: bool = True
    split_quiet_s: float = 1.5
    settle_s: float = 0.25  # no fill may arrive this long after a snapshot's last list
    park_s: float = 0.5
    absent_after_s: float = 5.0
    max_write_buffer: int = 262_144
    max_frame: int = 16_777_216
    time_in_force: Literal["GTC", "Day"] = "GTC"  # of bracket children and other resting orders
    custom_tag: str = ""  # tag 50, left out when empty

    @property
    def rest(self) -> str:
        """Base of REST calls, without a slash at the end."""
        return (self.rest_url or f"https://{self.environment}.tradovateapi.com/v1").rstrip("/")

    @property
    def socket(self) -> str:
        """The trading socket."""
        return self.socket_url or f"wss://{self.environment}.tradovateapi.com/v1/websocket"

    @property
    def market(self) -> str:
        """The market-data socket: one host for both environments, as the vendor documents."""
        return self.market_url or "wss://md.tradovateapi.com/v1/websocket"

    @property
    def oauth(self) -> str:
        """The token exchange: on the live host for both environments."""
        return self.oauth_url or "https://live.tradovateapi.com/auth/oauthtoken"


def faults(options: Options, accounts: Iterable[AccountPlan]) -> list[str]:
    """Say in one line each what is wrong with a login, naming the setting to edit."""
    found: list[str] = []
    other = "live" if options.environment == "demo" else "demo"
    for field, url, schemes in (
        ("rest_url", options.rest, ("http", "https")),
        ("socket_url", options.socket, ("ws", "wss")),
        ("market_url", options.market, ("ws", "wss")),
        ("oauth_url", options.oauth, ("http", "https")),
    ):
        parts = urlsplit(url)
        if parts.scheme not in schemes or not parts.hostname:
            found.append(f"{field}: must begin with {schemes[0]}:// or {schemes[1]}://")
        elif field in ("rest_url", "socket_url") and (parts.hostname or "").startswith(other):
            found.append(f"{field}: {parts.hostname} is a {other} host, but environment is {options.environment}")
    for account in accounts:
        if account.live and options.environment == "demo":
            found.append(f"account {account.id}: marked live, but its connection's environment is demo")
        if not account.live and options.environment == "live":
            found.append(
                f'account {account.id}: environment is live, so it is real money; set live = true or use "demo"'
            )
    if options.login == "password" and not options.user:
        found.append("user: the login's name is missing")
    if options.login == "oauth" and not options.client_id:
        found.append("client_id: the OAuth application's id is missing")
    if not 0 <= options.exit_reserve < 1:
        found.append("exit_reserve: must be 0 or more and below 1")
    if options.requests_per_minute < 1 or options.requests_per_hour < 1:
        found.append("requests_per_minute and requests_per_hour must be 1 or more")
    return found


class TradovateRules:
    """What Tradovate takes, answered without asking."""

    def known_symbol(self, symbol: Symbol) -> bool:
        """Say whether ``symbol`` is a full contract name: root, month code, last digit of the year (MNQZ6)."""
        month = month_of(symbol)
        return len(month) == 2 and symbol.isalnum()

"""A venue's set-up: logins, accounts, contracts, prices, limits; from TOML or built in."""

from decimal import Decimal
from pathlib import Path

import msgspec

from engine.domain.value import Value
from engine.errors import ConfigError


class Setting(Value, frozen=True, forbid_unknown_fields=True):
    """A part of the set-up; a misspelt field stops the start."""


class AccountPlan(Setting, frozen=True):
    """One account: its broker name, opening balance, and the broker's own rules for it.

    Units: contracts for ``max_position`` and ``max_order`` (of the contract itself, not mini-equivalents); account
    currency for ``daily_loss_auto_liq`` (positive) and ``trailing_max_drawdown``.
    """

    name: str
    balance: Decimal = Decimal(50_000)
    max_position: int | None = None
    max_order: int | None = None
    daily_loss_auto_liq: Decimal | None = None
    trailing_max_drawdown: Decimal | None = None
    trailing_max_drawdown_limit: Decimal | None = None
    admin_action: str = "Normal"


class LoginPlan(Setting, frozen=True):
    """One login and its accounts. With ``cid`` empty any key is taken. ``code`` is a single-use OAuth code."""

    user: str
    password: str
    accounts: tuple[AccountPlan, ...]
    cid: str = ""
    sec: str = ""
    code: str = ""
    sessions: int = 2
    sockets: int = 20


class RateLimit(Setting, frozen=True):
    """So many calls of one endpoint in a rolling hour, then a penalty ticket to wait for."""

    per_hour: int
    wait_s: float = 15.0
    failures_only: bool = False


class Limits(Setting, frozen=True):
    """Limits for each user and for each endpoint; generous unless a set-up asks for the documented ones."""

    per_second: int = 100_000
    per_minute: int = 1_000_000
    per_hour: int = 10_000_000
    endpoints: dict[str, RateLimit] = {}


DOCUMENTED = Limits(
    per_second=5_000,
    per_minute=5_000,
    per_hour=5_000,
    endpoints={
        "auth/accesstokenrequest": RateLimit(per_hour=5, wait_s=15, failures_only=True),
        "auth/renewaccesstoken": RateLimit(per_hour=15, wait_s=15),
        "auth/me": RateLimit(per_hour=10, wait_s=30, failures_only=True),
        "user/syncrequest": RateLimit(per_hour=300, wait_s=3),
    },
)


def _start_prices() -> dict[str, Decimal]:
    return {"NQZ6": Decimal("21500.00"), "ESZ6": Decimal("6000.00"), "GCZ6": Decimal("2650.0")}


class Desk(Setting, frozen=True):
    """The whole set-up.

    Units: ``prices`` in price, by symbol of a mini or micro (its family follows); ``margin`` and ``fee`` in account
    currency, margin for one mini-equivalent, fee for one contract and side (``micro_fee`` for micros); ``liquidity`` in
    contracts a side and quote, none is endless; ``*_s`` in seconds.
    """

    logins: tuple[LoginPlan, ...]
    contracts: tuple[str, ...] = ("NQZ6", "MNQZ6", "ESZ6", "MESZ6", "GCZ6", "MGCZ6")
    prices: dict[str, Decimal] = msgspec.field(default_factory=_start_prices)
    seed: int = 1
    walk_every_s: float = 0.0  # 0: prices stand until something moves them
    spread_ticks: int = 1
    liquidity: int | None = None
    margin: Decimal = Decimal(500)
    fee: Decimal = Decimal("2.15")
    micro_fee: Decimal = Decimal("0.72")
    latency_s: float = 0.0  # from an accepted order to the exchange
    token_s: float = 5400.0
    heartbeat_s: float = 2.5
    silence_s: float = 10.0  # a client that sends nothing for so long is dropped
    limits: Limits = Limits()
    entity_types_default_all: bool = True  # a syncrequest without entityTypes gets every type


def load(path: Path) -> Desk:
    """Read a set-up from TOML. Raises: ConfigError with the line to edit."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Desk)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _accounts(*rows: tuple[str, int]) -> tuple[AccountPlan, ...]:
    return tuple(AccountPlan(name=name, balance=Decimal(balance)) for name, balance in rows)


DEMO = Desk(
    logins=(
        LoginPlan(user="lead", password="lead-pass", accounts=_accounts(("LEAD-1", 150_000))),  # noqa: S106
        LoginPlan(
            user="apex",
            password="apex-pass",  # noqa: S106  a made-up login of a made-up exchange
            accounts=_accounts(("APX-1", 50_000), ("APX-2", 50_000), ("APX-3", 100_000)),
        ),
        LoginPlan(
            user="topstep",
            password="topstep-pass",  # noqa: S106
            accounts=_accounts(("TST-1", 50_000), ("TST-2", 150_000), ("TST-3", 25_000)),
        ),
        LoginPlan(user="bulenox", password="bulenox-pass", accounts=_accounts(("BLX-1", 25_000), ("BLX-2", 75_000))),  # noqa: S106
    ),
    walk_every_s=0.5,
)

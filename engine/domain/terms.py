"""Terms: what one account must keep to, and what is wrong with terms that cannot be kept.

Source: shared reference on prop-firm rules, sections 3 and 4, 2026-11-22; the words of modes, bases and comparators are
those of its replay format.
"""

from decimal import Decimal
from enum import StrEnum

from engine.domain.value import Setting

ZERO = Decimal(0)


class Trail(StrEnum):
    """What the peak follows."""

    STATIC = "static"
    INTRADAY_EQUITY = "intraday_equity"
    INTRADAY_BALANCE = "intraday_balance"
    EOD_BALANCE = "eod_balance"
    EOD_EQUITY = "eod_equity"


class Compare(StrEnum):
    """When equity has hit the floor."""

    TOUCH = "le"
    BELOW = "lt"


class Basis(StrEnum):
    """What a day's loss is measured from."""

    BALANCE = "sod_balance"
    LARGER = "sod_max_balance_equity"  # of balance and equity at the day's start
    HIGH = "intraday_high"  # highest equity since the day's start
    SHARE = "initial_pct"  # balance at the day's start; the allowance is a share of the starting balance


class DailyLoss(Setting, frozen=True):
    """A daily loss limit. Closed and floating loss count together, whatever the basis."""

    amount: Decimal | None = None
    basis: Basis = Basis.BALANCE
    soft: bool = True  # a hit ends the day, not the account
    pct: Decimal | None = None  # in place of an amount: share of the starting balance, 0.02 for two percent
    best_close_share: Decimal | None = (
        None  # from ``best_close_from`` of profit on, this share of the best closing profit
    )
    best_close_from: Decimal = ZERO
    carries: bool = False  # a session cut short by a holiday starts no new day


class Tier(Setting, frozen=True):
    """What is allowed from a closing ``profit`` on, for the whole next session."""

    profit: Decimal
    minis: Decimal | None = None
    dll: Decimal | None = None


class Terms(Setting, frozen=True):
    """What one account must keep to. Money is account currency."""

    start_balance: Decimal
    drawdown: Decimal
    mode: Trail
    lock: Decimal | None = None  # the floor stops here
    compare: Compare = Compare.TOUCH
    payout_locks_floor: bool = False
    dll: DailyLoss | None = None
    daily_target: Decimal | None = None  # a day's profit that ends the day
    margin_level: Decimal | None = None  # stop-out where equity is no more than this share of the margin in use
    tiers: tuple[Tier, ...] = ()  # by rising profit


def tier_of(terms: Terms, balance: Decimal) -> Tier | None:
    """Tier that a closing ``balance`` gives; the lowest one below them all, None without tiers."""
    found = terms.tiers[0] if terms.tiers else None
    for tier in terms.tiers:
        if balance - terms.start_balance >= tier.profit:
            found = tier
    return found


def faults(terms: Terms) -> list[str]:
    """Say in one line each what is wrong with terms; empty when all is well."""
    found = []
    if terms.drawdown <= 0:
        found.append(f"drawdown: write an amount above 0, not {terms.drawdown}")
    loss = terms.dll
    if loss is not None:
        if loss.amount is None and loss.pct is None and not any(tier.dll for tier in terms.tiers):
            found.append("dll: write an amount, or a pct of the starting balance")
        if loss.amount is not None and loss.pct is not None:
            found.append("dll: write either an amount or a pct, not both")
        if loss.amount is not None and loss.amount <= 0:
            found.append(f"dll.amount: write an amount above 0, not {loss.amount}")
        if loss.pct is not None and not 0 < loss.pct < 1:
            found.append(f"dll.pct: write a share above 0 and below 1, such as 0.02 for two percent, not {loss.pct}")
    for key, value in (("daily_target", terms.daily_target), ("margin_level", terms.margin_level)):
        if value is not None and value <= 0:
            found.append(f"{key}: write a number above 0, not {value}")
    profits = [tier.profit for tier in terms.tiers]
    if profits != sorted(set(profits)):
        found.append("tiers: write them by rising profit, each profit once")
    return found

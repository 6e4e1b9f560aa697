"""Evidence: one day's figures for each copy and each account, as Values, from the folded day."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from statistics import fmean, pstdev

from engine.api.pnl import ReportLine
from engine.api.views import CopyLine
from engine.domain.contract import product_of
from engine.domain.decision import Raised
from engine.domain.ids import AccountId, Symbol
from engine.domain.value import Value
from engine.report.books import Place
from engine.report.day import Day, Money, Move
from engine.report.shortfall import ZERO, Cause, Shortfall, in_cents
from engine.service.copied import Copy, stages

STAGES = ("decide", "hand", "answer", "fill")
"""Heard to decided and written, decided to handed to the socket, handed to answered, handed to filled."""

DEAREST_SIDE = Decimal(
    10
)  # account currency for one contract and side: more is no fee but a payout, or a fill not heard


class CopyRow(Value, frozen=True):
    """What one account did in one contract about one leader event. Times in milliseconds, money in account currency."""

    at: datetime
    copy: str
    group: str
    leader: str
    leader_symbol: str
    leader_contracts: int
    leader_price: Decimal | None
    account: AccountId
    login: str
    symbol: Symbol
    status: str
    wanted: int
    sent: int
    filled: int
    price: Decimal | None
    place: int | None  # 1 is the first of ``places`` orders that left for this event
    places: int
    stages: dict[str, float]  # those that are known
    slip_ticks: Decimal | None
    parts: dict[Cause, Fraction]  # of the difference from the leader, exact
    reason: str
    mode: str = ""  # automatic, approve, signal: by the settings in force when the copy was decided


class Spread(Value, frozen=True):
    """How a measure is spread."""

    count: int
    p50: float
    p95: float
    most: float


class PlaceSpread(Value, frozen=True):
    """Places in fan-outs of two orders or more."""

    count: int
    mean: float
    of: float  # mean size of those fan-outs
    deviation: float
    first: int
    last: int


class Slip(Value, frozen=True):
    """Slippage of one side. ``ticks`` is the mean for one contract, positive is worse than the leader."""

    contracts: int = 0
    ticks: Decimal | None = None
    money: Decimal = Decimal(0)


class AccountDay(Value, frozen=True):
    """One account over the day."""

    account: AccountId
    login: str
    is_leader: bool
    copies: int
    stages: dict[str, Spread]
    place: PlaceSpread | None
    buys: Slip
    sells: Slip
    quality: dict[str, int]  # copies by how they ended
    reasons: dict[tuple[str, str], int]  # (how it ended, why) and how often
    profit: Decimal | None  # of the day, before fees
    ideal: Decimal | None  # of the leader's trades at this account's exact size and the leader's prices
    parts: dict[Cause, Decimal]  # in cents; their sum is the difference
    fees: Decimal | None  # None is not known
    curve: tuple[tuple[datetime, Decimal], ...]
    modes: tuple[tuple[datetime, str], ...] = ()  # who decided about its entries, from when on
    trips: int = 0  # positions from flat to flat
    wins: int = 0  # of them, those that made money before fees

    @property
    def difference(self) -> Decimal:
        """Against the leader: negative where this account made less."""
        return sum(self.parts.values(), Decimal(0))

    @property
    def line(self) -> ReportLine:
        """The few figures that a phone shows."""
        told = [(slip.ticks, slip.contracts) for slip in (self.buys, self.sells) if slip.ticks is not None]
        contracts = sum(count for _, count in told)
        ticks = sum((ticks * count for ticks, count in told), Decimal(0))
        return ReportLine(
            account=self.account,
            is_leader=self.is_leader,
            profit=self.profit,
            fees=self.fees,
            difference=self.difference,
            copies=self.copies,
            failed=self.quality.get("refused", 0) + self.quality.get("unclear", 0),
            slip_ticks=(ticks / contracts).quantize(Decimal("0.01")) if contracts else None,
            slip_money=self.buys.money + self.sells.money,
            trips=self.trips,
            wins=self.wins,
        )


class Report(Value, frozen=True):
    """One trade date."""

    day: date
    first_at: datetime | None
    last_at: datetime | None
    last_seq: int
    copies: int
    rows: tuple[CopyRow, ...]
    accounts: tuple[AccountDay, ...]
    anomalies: tuple[Raised, ...] = ()
    remarks: tuple[str, ...] = ()


def evidence(day: Day, on: date) -> Report:
    """Everything that a folded day says."""
    logins = {plan.id: str(plan.connection) for plan in day.desk.state.plan.accounts}
    shares = _shares(day)
    copies = [copy for copy in day.lineage.copies.values() if day.first_at is not None and copy.at >= day.first_at]
    rows = [row for copy in copies for row in _rows(copy, day, shares, logins)]
    rows += _others(day, shares, {(row.account, row.symbol, row.copy) for row in rows}, logins)
    rows.sort(key=lambda row: (row.at, row.copy, row.account, row.symbol))
    known = {**dict.fromkeys(day.leaders), **dict.fromkeys(day.desk.state.copiers)}
    accounts = [_account(name, day, [row for row in rows if row.account == name], logins) for name in known]
    return Report(
        day=on,
        first_at=day.first_at,
        last_at=day.last_at,
        last_seq=day.last_seq,
        copies=sum(bool(copy.leader) and bool(copy.orders or copy.skips) for copy in copies),
        rows=tuple(rows),
        accounts=tuple(accounts),
        remarks=tuple(f"{symbol}: its point has no known value; left out of all money" for symbol in _unknown(day)),
    )


def spread(values: list[float]) -> Spread:
    """Nearest ranks: every figure is one that was measured."""
    ranked = sorted(values)
    p50, p95 = (ranked[max(0, -(-len(ranked) * percent // 100) - 1)] for percent in (50, 95))
    return Spread(count=len(ranked), p50=p50, p95=p95, most=ranked[-1])


# ---- money ---------------------------------------------------------------------------------------------------------

Shares = dict[tuple[AccountId, Symbol, str], dict[Cause, Fraction]]


def _shares(day: Day) -> Shares:
    """Money of each part by account, contract and copy."""
    found: Shares = {}
    for place, moves in day.moves.items():
        account, symbol = place
        product, mark = product_of(symbol), day.books.mark(symbol)
        if product is None or mark is None:
            continue
        book = Shortfall()
        for move in moves:
            book.move(move.copy, move.price, move.aim, move.fills, _reasons(day, place, move), move.rest)
        for share in book.shares:
            parts = found.setdefault((account, symbol, share.copy), {})
            money = share.points(mark) * Fraction(product.point)
            parts[share.cause] = parts.get(share.cause, ZERO) + money
    return found


def _reasons(day: Day, place: Place, move: Move) -> list[tuple[Cause, int]]:
    """What the copy itself says of contracts that were not traded."""
    copy = day.lineage.copies.get(move.copy)
    orders, skips = copy.parts().get(place, ([], [])) if copy is not None else ([], [])
    found = [(Cause.MISSED if skip.check == "missed_entry" else Cause.SKIPPED, skip.wanted) for skip in skips]
    for order in orders:
        rest = order.quantity - order.filled
        if rest and not order.is_replaced:
            found.append((Cause.REFUSED if order.is_ended and not order.filled else Cause.UNFILLED, rest))
    return found


def _fees(money: Money, profit: Decimal, contracts: int) -> Decimal | None:
    """What the balance lost beyond the fills, where that can only be fees."""
    if money.opening is None or money.closing is None:
        return None
    fees = profit - (money.closing - money.opening)
    return fees if 0 <= fees <= DEAREST_SIDE * contracts else None


def _unknown(day: Day) -> list[Symbol]:
    return sorted(symbol for symbol in day.books.unknown if product_of(symbol) is None)


# ---- rows ----------------------------------------------------------------------------------------------------------


def _rows(copy: Copy, day: Day, shares: Shares, logins: dict[AccountId, str]) -> list[CopyRow]:
    """One row for each account and contract of a copy."""
    first = [order for order in copy.orders if order.cause == copy.cause and order.sent_at is not None]
    ranked = [order.client for order in sorted(first, key=lambda order: (order.sent_at, first.index(order)))]
    rows: list[CopyRow] = []
    for (name, symbol), (orders, _) in copy.parts().items():
        account, line = AccountId(name), copy.line(name, symbol)
        client = orders[0].client if orders else None
        is_first = client in ranked
        rows.append(
            CopyRow(
                at=copy.at,
                copy=copy.cause,
                group=copy.group,
                leader=copy.leader,
                leader_symbol=copy.symbol if copy.leader else "",
                leader_contracts=copy.quantity,
                leader_price=copy.price,
                account=account,
                login=logins.get(account, ""),
                symbol=symbol,
                status=line.status,
                wanted=line.wanted,
                sent=line.sent,
                filled=line.filled,
                price=line.price,
                place=ranked.index(orders[0].client) + 1 if is_first else None,
                places=len(ranked) if is_first else 0,
                stages=stages(orders[0], day.begun.get(orders[0].client)) if is_first else {},
                slip_ticks=line.slip_ticks,
                parts=shares.get((account, symbol, copy.cause), {}),
                reason=_reason(line, copy),
                mode=line.mode,
            )
        )
    return rows


def _reason(line: CopyLine, copy: Copy) -> str:
    return line.reason or ("" if copy.leader else copy.what)


def _others(
    day: Day, shares: Shares, known: set[tuple[AccountId, Symbol, str]], logins: dict[AccountId, str]
) -> list[CopyRow]:
    """Rows for money that belongs to no copy: what the day began with, settings, stops and targets, hands."""
    found: list[CopyRow] = []
    moves = {(*place, move.copy): move for place, of_place in day.moves.items() for move in of_place}
    for (account, symbol, copy), parts in shares.items():
        if (account, symbol, copy) in known:
            continue
        move = moves[account, symbol, copy]
        led = day.lineage.copies.get(copy)
        found.append(
            CopyRow(
                at=move.at,
                copy=copy,
                group=led.group if led is not None else "",
                leader=led.leader if led is not None else "",
                leader_symbol=led.symbol if led is not None and led.leader else "",
                leader_contracts=led.quantity if led is not None else 0,
                leader_price=led.price if led is not None else None,
                account=account,
                login=logins.get(account, ""),
                symbol=symbol,
                status="none",
                wanted=0,
                sent=0,
                filled=sum(quantity for quantity, _ in move.fills),
                price=None,
                place=None,
                places=0,
                stages={},
                slip_ticks=None,
                parts=parts,
                reason="" if led is not None and led.leader else move.rest.value,
                mode=day.mode_at(account, move.at),
            )
        )
    return found


# ---- accounts ------------------------------------------------------------------------------------------------------


def _account(name: AccountId, day: Day, rows: list[CopyRow], logins: dict[AccountId, str]) -> AccountDay:
    exact: dict[Cause, Fraction] = {}
    for row in rows:
        for cause, money in row.parts.items():
            exact[cause] = exact.get(cause, ZERO) + money
    profit, parts = day.books.profit(name), in_cents(exact)
    gross = sum(parts.values(), Decimal(0))
    contracts = day.books.traded.get(name, 0)
    is_even = name not in day.carried and day.books.is_flat(name)
    fees = _fees(day.money.get(name, Money()), profit, contracts) if is_even and contracts else None
    is_leader = name in day.leaders
    if fees and not is_leader:
        parts[Cause.FEES] = -fees
    copied = [row for row in rows if row.status != "none" and row.leader]
    return AccountDay(
        account=name,
        login=logins.get(name, ""),
        is_leader=is_leader,
        copies=len(copied),
        stages={
            stage: spread(values)
            for stage in STAGES
            if (values := [r.stages[stage] for r in rows if stage in r.stages])
        },
        place=_place([row for row in rows if row.places > 1]),
        buys=_slip([row for row in copied if row.filled > 0]),
        sells=_slip([row for row in copied if row.filled < 0]),
        quality=dict(Counter(row.status for row in copied)),
        reasons=dict(Counter((row.status, row.reason) for row in copied if row.reason)),
        profit=profit,
        ideal=None if is_leader else _cents(Fraction(profit)) - gross,
        parts=parts,
        fees=fees,
        curve=_curve(day, name, profit),
        modes=tuple(day.modes.get(name, ())),
        trips=len(day.books.trips.get(name, ())),
        wins=sum(points > 0 for points in day.books.trips.get(name, ())),
    )


def _curve(day: Day, name: AccountId, profit: Decimal) -> tuple[tuple[datetime, Decimal], ...]:
    """Profit over the day, to its last entry."""
    points = day.books.curves.get(name, [])
    return (*points, (day.last_at, profit)) if points and day.last_at is not None else ()


def _place(rows: list[CopyRow]) -> PlaceSpread | None:
    places = [row.place for row in rows if row.place is not None]
    if not places:
        return None
    return PlaceSpread(
        count=len(places),
        mean=fmean(places),
        of=fmean(row.places for row in rows),
        deviation=pstdev(places),
        first=places.count(1),
        last=sum(row.place == row.places for row in rows),
    )


def _slip(rows: list[CopyRow]) -> Slip:
    told = [(row.slip_ticks, abs(row.filled)) for row in rows if row.slip_ticks is not None]
    contracts = sum(count for _, count in told)
    ticks = sum((ticks * count for ticks, count in told), Decimal(0))
    money = sum((row.parts.get(Cause.PRICE, ZERO) for row in rows), ZERO)
    return Slip(
        contracts=sum(abs(row.filled) for row in rows),
        ticks=(ticks / contracts).quantize(Decimal("0.01")) if contracts else None,
        money=_cents(-money),
    )


def _cents(money: Fraction) -> Decimal:
    return Decimal(round(money * 100)) / 100

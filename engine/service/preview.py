"""Previews and commands: what an ask would do to each account, and the wish that does it."""

from copy import deepcopy
from datetime import datetime
from decimal import Decimal

from engine.api.requests import (
    ActAsk,
    ApartAsk,
    ApproveAsk,
    CloseAsk,
    DisconnectAsk,
    FlattenAsk,
    LeaveAsk,
    LimitAsk,
    NewsPauseAsk,
    OffAsk,
    OnAsk,
    PauseAsk,
    PayoutAsk,
    PlanAsk,
    RefuseAsk,
    RepairAsk,
    ResumeAsk,
    SizeAsk,
    SkipAsk,
    SyncAsk,
    TakeAsk,
    UnlockAsk,
    UnplanAsk,
)
from engine.api.views import PreviewLine, PreviewView
from engine.domain.act import KEPT_HOLDS, lock_of, locked_until, off_of, unexplained
from engine.domain.command import (
    Apart,
    Approve,
    Close,
    Command,
    Disconnect,
    DropPause,
    Flatten,
    Leave,
    LimitKind,
    Off,
    On,
    Pause,
    Payout,
    PlanPause,
    PlanWindow,
    Refuse,
    Rejoin,
    Relimit,
    Repair,
    Resize,
    Resume,
    Skip,
    Sync,
    Take,
    Unlock,
)
from engine.domain.contract import month_of, root_of
from engine.domain.copier import Copier, lots
from engine.domain.drawdown import Limit
from engine.domain.ids import AccountId, Symbol
from engine.domain.lane import Lane
from engine.domain.offer import Offer
from engine.domain.pause import first_of, stays
from engine.domain.recurrence import told
from engine.domain.relimit import in_force, is_looser, plain, planned, refusal, stand
from engine.domain.rogue import beyond
from engine.domain.sizing import Quotes, open_profit
from engine.domain.state import DeskState
from engine.domain.stopout import WORDS
from engine.service.account import size_text, state_of
from engine.service.asked import AskError, check
from engine.service.held import decided, held_preview
from engine.service.outlook import resized, skipped
from engine.service.plan import dropped, plan_of
from engine.service.remark import remarks
from engine.service.risk import limit_views

LARGEST_FACTOR = Decimal(100)
LARGEST_AMOUNT = Decimal(10_000_000)


def command_of(ask: ActAsk, accounts: tuple[AccountId, ...], state: DeskState, now: datetime) -> Command:
    """The wish of an ask, for these followers.

    Raises: AskError where a figure makes no sense.
    """
    check(ask)
    match ask:
        case PauseAsk(until=until, reason=reason):
            if until is not None and (until.tzinfo is None or until <= now):
                raise AskError("until: a time with its zone, later than now")
            return Pause(accounts=accounts, until=until, reason=reason)
        case ResumeAsk(rejoin=rejoin, over_news=over_news):
            return Resume(accounts=accounts, rejoin=rejoin, over_news=over_news)
        case SizeAsk(factor=factor, now=is_now):
            if not factor.is_finite() or not 0 <= factor <= LARGEST_FACTOR:
                raise AskError(f"factor: between 0 and {LARGEST_FACTOR} times the plan's size")
            return Resize(accounts=accounts, factor=factor, now=is_now)
        case CloseAsk(symbol=symbol, quantity=quantity):
            if quantity is not None and quantity <= 0:
                raise AskError("quantity: contracts to close, above 0; leave it out to close all")
            return Close(accounts=accounts, symbol=_contract(symbol, accounts, state), quantity=quantity)
        case FlattenAsk(reason=reason):
            return Flatten(accounts=accounts, reason=reason)
        case SyncAsk(adopt=adopt, close=close):
            return _sync(accounts, adopt=adopt, close=close)
        case ApartAsk():
            return Apart(accounts=accounts)
        case RepairAsk():
            return Repair(accounts=accounts)
        case UnlockAsk(is_reset=is_reset):
            return Unlock(accounts=accounts, is_reset=is_reset)
        case LimitAsk(kind=kind, figure=figure):
            return _relimit(kind, figure, accounts, state)
        case PayoutAsk(amount=amount):
            return _payout(amount, accounts, ask.scope)
        case TakeAsk(offer=name, quantity=quantity):
            account, offer = offered(name, accounts, state)
            if quantity is not None and not 0 < quantity <= abs(offer.left):
                raise AskError(f"quantity: {offer.id} offers {abs(offer.left)}; write 1 to {abs(offer.left)}")
            return Take(accounts=(account,), offer=offer.id, quantity=quantity)
        case ApproveAsk() | RefuseAsk():
            return decided(ask, accounts, state, now)
        case LeaveAsk(offer=name):
            account, offer = offered(name, accounts, state)
            return Leave(accounts=(account,), offer=offer.id)
        case SkipAsk(symbol=symbol, is_over=is_over):
            return Skip(accounts=accounts, symbol=Symbol(symbol) if symbol else None, is_over=is_over)
        case DisconnectAsk(symbol=symbol):
            return Disconnect(accounts=accounts, symbol=_contract(symbol, accounts, state) or Symbol(symbol))
        case OffAsk(close=is_closing, reason=reason):
            return Off(accounts=accounts, close=is_closing, reason=reason)
        case OnAsk():
            return On(accounts=accounts)
        case NewsPauseAsk():
            raise AskError("newspause: it needs the news calendar")
        case PlanAsk():
            return plan_of(ask, accounts)
        case UnplanAsk(plan=plan):
            return DropPause(accounts=accounts, plan=plan)


def _relimit(kind: LimitKind, figure: Decimal | None, accounts: tuple[AccountId, ...], state: DeskState) -> Relimit:
    wrong = [f"{account}: {why}" for account in accounts if (why := refusal(state.copiers[account], kind, figure))]
    if wrong:
        raise AskError("; ".join(wrong[:3]))
    return Relimit(accounts=accounts, kind=kind, figure=figure)


def _payout(amount: Decimal, accounts: tuple[AccountId, ...], scope: str) -> Payout:
    if not amount.is_finite() or not 0 < amount <= LARGEST_AMOUNT:
        raise AskError(f"amount: what was withdrawn, above 0 and at most {LARGEST_AMOUNT}")
    if len(accounts) != 1:
        raise AskError(f"scope {scope}: a payout is for one account; name it")
    return Payout(accounts=accounts, amount=amount)


def offered(name: str, accounts: tuple[AccountId, ...], state: DeskState) -> tuple[AccountId, Offer]:
    """The open offer of this name.

    Raises: AskError where there is none.
    """
    found = [(account, offer) for account in accounts for offer in state.copiers[account].offers.values() if offer.id]
    for account, offer in found:
        if offer.id == name.upper():
            return account, offer
    what = f"on offer now: {', '.join(offer.id for _, offer in found)}" if found else "nothing is on offer now"
    raise AskError(f"offer {name[:12]}: {what}")


def _sync(accounts: tuple[AccountId, ...], *, adopt: bool, close: bool) -> Sync:
    if adopt and close:
        raise AskError("sync: either adopt or close, not both")
    return Sync(accounts=accounts, adopt=adopt, close=close)


def _contract(symbol: str | None, accounts: tuple[AccountId, ...], state: DeskState) -> Symbol | None:
    """The contract that is meant: a product names the one month of it that is held."""
    if symbol is None or month_of(Symbol(symbol)):
        return None if symbol is None else Symbol(symbol)
    lanes = [lane for account in accounts for lane in state.copiers[account].lanes.values() if lane.net]
    held = sorted({lane.symbol for lane in lanes if root_of(lane.symbol) == symbol})
    if len(held) != 1:
        what = f"{', '.join(held)} are held; name one" if held else f"nobody in the scope holds {symbol}"
        raise AskError(f"symbol {symbol}: {what}")
    return held[0]


def preview(
    ask: ActAsk, command: Command, state: DeskState, quotes: Quotes, version: int, now: datetime
) -> PreviewView:
    """What the command would do now."""
    if isinstance(command, Approve | Refuse):
        return held_preview(command, state, quotes, version, now)
    copiers = [state.copiers[account] for account in command.accounts]
    live = {account.id for account in state.plan.accounts if account.live}
    lines, traded, cancelled, profit = [], 0, 0, Decimal(0)
    for copier in copiers:
        before, after, orders = _change(copier, command, quotes, now)
        contracts = _contracts(copier, command)
        traded += sum(abs(quantity) for _, quantity in contracts)
        cancelled += orders
        touched = [(lane.symbol, lane.net, lane.cost.average) for lane, _ in contracts]
        profit += open_profit(touched, quotes)
        notes = (_offline(copier), "real money" if copier.account in live else "")
        note = ", ".join(filter(None, notes))
        leaving = tuple(f"{lots(quantity, lane)} at market" for lane, quantity in contracts)
        line = PreviewLine(account=copier.account, before=before, after=after, note=note, orders=leaving)
        lines.append(line)
    trades = isinstance(command, Close | Flatten) or traded > 0
    return PreviewView(
        kind=str(ask.__struct_config__.tag),
        version=version,
        accounts=len(copiers),
        contracts=traded,
        orders=cancelled,
        open_profit=profit.quantize(Decimal("0.01")) if trades else None,
        adds_risk=any(_adds_risk(copier, command) for copier in copiers),
        live=any(copier.account in live for copier in copiers),
        lines=tuple(lines),
        excluded=tuple(f"{c.account}: {_offline(c)}" for c in copiers if trades and _offline(c)),
        remarks=remarks(command, copiers, quotes),
    )


def _offline(copier: Copier) -> str:
    return "OFFLINE" if not copier.is_line_up else "" if copier.is_synced else "not compared yet"


def _contracts(copier: Copier, command: Command) -> list[tuple[Lane, int]]:
    """Lanes that would trade, with signed contracts."""
    lanes = list(copier.lanes.values())
    match command:
        case Close(symbol=symbol, quantity=quantity):
            held = [lane for lane in lanes if lane.net and symbol in (None, lane.symbol)]
            sizes = [min(abs(lane.net), quantity or abs(lane.net)) for lane in held]
            return [(lane, -size if lane.net > 0 else size) for lane, size in zip(held, sizes, strict=True)]
        case Flatten() | Off(close=True):
            return [(lane, -lane.net) for lane in lanes if lane.net]
        case Sync(close=True):
            return [(lane, size) for lane in lanes if (size := unexplained(lane)[1])]
        case Resize(factor=factor, now=True):
            return resized(copier, factor)
        case Resume(rejoin=Rejoin.JOIN) if _unresumed(copier):
            return []
        case Resume(rejoin=Rejoin.JOIN) | Sync(adopt=False):
            return [(lane, lane.target - lane.held) for lane in lanes if lane.target != lane.held]
        case Take(offer=name, quantity=quantity):
            offer = next(offer for offer in copier.offers.values() if offer.id == name)
            size = offer.left if quantity is None else (quantity if offer.left > 0 else -quantity)
            return [(copier.lanes[offer.symbol], size)]
        case _:
            return []


def _change(copier: Copier, command: Command, quotes: Quotes, at: datetime) -> tuple[str, str, int]:
    """Before, after, and how many working orders would be cancelled."""
    state, why = state_of(copier)
    now = why or state.value
    moves = {lane.symbol: quantity for lane, quantity in _contracts(copier, command)}
    held = {lane.symbol: lane.net for lane in copier.lanes.values()}
    before = _positions(held)
    after = _positions({symbol: net + moves.get(symbol, 0) for symbol, net in held.items()})
    match command:
        case Pause(until=until):
            return now, "paused" + (f" until {until:%H:%M} UTC" if until else " until resumed"), 0
        case PlanPause(begins=begins, until=until, reason=reason):
            return now, f"pauses {begins:%Y-%m-%d %H:%M} UTC to {until:%Y-%m-%d %H:%M} UTC: {reason}", 0
        case PlanWindow(is_weekly=is_weekly):
            return now, f"pauses {told(*first_of(command, at), is_weekly=is_weekly)}", 0
        case DropPause(plan=plan):
            return now, dropped(copier, plan), 0
        case Resume(rejoin=rejoin) if rejoin is Rejoin.FLAT or _unresumed(copier):
            return now, _let_go(copier, command, quotes), 0
        case Resize(factor=factor, now=True) if moves:
            sizes = size_text(copier.plan, copier.factor), size_text(copier.plan, factor)
            return f"{sizes[0]} {before}", f"{sizes[1]} {after}", 0
        case Resize(factor=factor):
            return size_text(copier.plan, copier.factor), size_text(copier.plan, factor), 0
        case Flatten():
            return before, f"{after}, paused", len(copier.working)
        case Close(symbol=symbol):
            gone = {name for name in moves if held[name] + moves[name] == 0}
            return before, after, sum(w.symbol in gone and symbol in (None, w.symbol) for w in copier.working.values())
        case Sync(close=True):
            gone = {lane.symbol for lane in copier.lanes.values() if not unexplained(lane)[0]}
            return before, after, sum(order.symbol in gone for order in copier.working.values())
        case Skip(is_over=False):
            return now, f"skips {skipped(copier, command.symbol)}, exits still copy", 0
        case Skip():
            return now, "skips nothing, copies from the leader's next entry", 0
        case Disconnect(symbol=symbol):
            lane = copier.lanes.get(symbol)
            return before, f"{lane.held:+d} {symbol} stays, apart" if lane and lane.held else f"{before}, unchanged", 0
        case Off(close=is_closing):
            return (before, f"{after}, off", len(copier.working)) if is_closing else (now, "off until turned on", 0)
        case On():
            return now, "copies from the leader's next entry", 0
        case Sync(adopt=True):
            return before, f"{before}, kept as the new base", 0
        case Apart():
            return before, _kept_apart(copier), 0
        case Repair():
            return now, "compared with the broker, then copies", 0
        case Relimit(kind=kind, figure=figure):
            then = planned(copier, kind) if figure is None else figure
            return f"{kind} {plain(in_force(copier, kind))}", plain(then), 0
        case Payout(amount=amount):
            return (*_after_payout(copier, amount), 0)
        case Unlock():
            return now, _let_go(copier, command, quotes), 0
        case _:
            return before, after, 0


def _let_go(copier: Copier, command: Resume | Unlock, quotes: Quotes) -> str:
    """What becomes of an account that a person lets go on."""
    match command:
        case Resume() if why := _unresumed(copier):
            return f"{why}; the pause beside it is lifted" if _is_paused(copier) else why
        case Resume(over_news=over_news) if why := stays(copier, over_news=over_news):
            return f"stays stopped: {why}"
        case Unlock(is_reset=True):
            return "a new ledger, copies"
        case Unlock() if why := _spent(copier, quotes):
            return f"locked again at once: {why}"
        case _:
            return "copies from the leader's next entry"


def _unresumed(copier: Copier) -> str:
    """Why no resume lets it copy again, and what does; empty where one would."""
    if lock := lock_of(copier):
        return f"stays locked {locked_until(lock)}: /unlock {copier.account}"
    return f"stays off: /on {copier.account}" if off_of(copier) else ""


def _spent(copier: Copier, quotes: Quotes) -> str:
    """Limits of the firm's that are used up still: whoever is unlocked runs into them with the next mark."""
    hard = {Limit.MAX_LOSS.value, Limit.DAILY_LOSS.value}
    views = [view for view in limit_views(copier, quotes) if view.limit in hard and view.equity <= view.line]
    return ", ".join(f"{WORDS[Limit(view.limit)]} {view.used * 100:.0f} % used" for view in views)


def _is_paused(copier: Copier) -> bool:
    """Say whether a resume would lift something."""
    return any(hold.kind not in KEPT_HOLDS for hold in copier.holds)


def _after_payout(copier: Copier, amount: Decimal) -> tuple[str, str]:
    """Balance and floor before and after a payout."""
    if copier.kept is None or copier.kept.ledger is None:
        return "no limits", "no limits"
    after = deepcopy(copier.kept)
    after.pay_out(amount)
    return stand(copier.kept), stand(after)


def _kept_apart(copier: Copier) -> str:
    """What a follower would hold of its own and beside it; as it is where the leader's position explains all."""
    lanes = list(copier.lanes.values())
    beside = {lane.symbol: lane.beside + beyond(lane) for lane in lanes}
    if not any(beyond(lane) for lane in lanes):
        return _positions({lane.symbol: lane.net for lane in lanes})
    own = _positions({lane.symbol: lane.held - beyond(lane) for lane in lanes})
    return f"{own} copied, {_positions(beside)} kept apart"


def _positions(held: dict[Symbol, int]) -> str:
    return ", ".join(f"{net:+d} {symbol}" for symbol, net in held.items() if net) or "flat"


def _adds_risk(copier: Copier, command: Command) -> bool:
    match command:
        case Resize(factor=factor):
            return factor > copier.factor
        case Resume() if _unresumed(copier):
            return _is_paused(copier)
        case Resume() | Repair() | Unlock() | Apart() | Take() | Disconnect() | On() | Payout() | Skip(is_over=True):
            return True
        case DropPause():
            return True
        case Relimit(kind=kind, figure=figure):
            return is_looser(copier, kind, figure)
        case Sync(close=True):
            return False
        case Sync(adopt=adopt):
            moves = _contracts(copier, command)
            return adopt or any(lane.held * quantity >= 0 or abs(quantity) > abs(lane.held) for lane, quantity in moves)
        case _:
            return False

"""The face of the venue that speaks Tradovate: every call comes in and every event leaves through here."""

from collections.abc import Callable
from urllib.parse import parse_qsl

import msgspec

from engine.ports import Clock
from engine.sim.desk import LoginPlan
from engine.sim.fault import LoseAnswer, Oddities, Penalty, Refuse, RefuseUpgrade, SlowAnswer
from engine.sim.tradovate import access, query, stream, trading, wire
from engine.sim.tradovate.books import Books
from engine.sim.tradovate.call import Call
from engine.sim.tradovate.ledger import Entity
from engine.sim.tradovate.limit import Gate
from engine.sim.tradovate.line import Line, Role, Wire
from engine.sim.tradovate.session import Session, Sessions
from engine.sim.tradovate.wire import Answer
from engine.sim.venue import Venue

Handler = Callable[["Face", Call], Answer]
OPEN_CALLS: dict[str, Handler] = {
    "auth/accesstokenrequest": access.request_token,
    "auth/oauthtoken": access.oauth_token,
}
CALLS: dict[str, Handler] = {
    "auth/renewaccesstoken": access.renew_token,
    "auth/me": access.who_am_i,
    "order/placeorder": trading.place_order,
    "order/placeoco": trading.place_oco,
    "order/placeoso": trading.place_oso,
    "order/modifyorder": trading.modify_order,
    "order/cancelorder": trading.cancel_order,
    "order/liquidateposition": trading.liquidate_position,
    "order/liquidatepositions": trading.liquidate_positions,
    "contract/find": query.find_contract,
    "contract/suggest": query.suggest_contract,
    "contract/rollcontract": query.roll_contract,
    "product/find": query.find_product,
    "cashbalance/getcashbalancesnapshot": query.cash_snapshot,
    "user/syncrequest": stream.sync,
}
MARKET_CALLS: dict[str, Handler] = {
    "md/subscribequote": stream.subscribe_quote,
    "md/unsubscribequote": stream.unsubscribe_quote,
}


class Face:
    """Sessions, lines, limits and books around one venue."""

    def __init__(
        self,
        venue: Venue,
        *,
        later: Callable[[float, Callable[[], None]], None],
        soon: Callable[[Callable[[], None]], None],
    ) -> None:
        self.venue = venue
        self.clock: Clock = venue.clock
        self.faults = venue.faults
        self.later = later
        self.soon = soon
        self.sessions = Sessions(venue.clock, venue.desk.token_s)
        self.codes: dict[str, LoginPlan] = {login.code: login for login in venue.desk.logins if login.code}
        self.lines: list[Line] = []
        self.calls = 0
        self._synced: dict[int, list[Line]] = {}  # lines that follow an account, by its id
        self._gate = Gate(venue.clock, venue.desk.limits)
        self.books = Books(venue, self._publish, self._quote)
        venue.join(self.books)

    # --- lines

    def connect(self, role: Role, under: Wire) -> Line:
        """Take a new socket in."""
        line = Line(self, role, under)
        self.lines.append(line)
        return line

    def refuse_upgrade(self) -> int | None:
        """Return the status that refuses a new socket, if a fault asks for it."""
        fault = self.faults.take(RefuseUpgrade) if self.faults.armed else None
        return fault.status if fault else None

    def forget(self, line: Line) -> None:
        """Let a closed socket go."""
        if line in self.lines:
            self.lines.remove(line)
        for account in line.accounts or ():
            self._synced[account].remove(line)
        line.accounts = None

    def follow(self, line: Line, accounts: set[int]) -> None:
        """Let a line have the events of these accounts from now on."""
        line.accounts = accounts
        for account in accounts:
            self._synced.setdefault(account, []).append(line)

    def pulse(self) -> None:
        """Send heartbeats and drop silent clients."""
        for line in list(self.lines):
            line.pulse()

    def open_session(self, login: LoginPlan) -> Session:
        """Open a session of a login; the user's oldest one beyond the limit is closed."""
        accounts = {account.id for account in self.venue.accounts.values() if account.login == login.user}
        session, _closed = self.sessions.open(login, self.books.users[login.user], accounts)
        return session

    def settle_quota(self, line: Line) -> None:
        """Close the oldest sockets of a login that has too many."""
        assert line.session is not None
        mine = [other for other in self.lines if other.user == line.user and other.role == line.role]
        for old in mine[: -line.session.login.sockets]:
            old.tell(wire.event("shutdown", {"reasonCode": "ConnectionQuotaReached"}))
            old.end(3000, "ConnectionQuotaReached")

    def issue_code(self, user: str) -> str:
        """Return a fresh single-use OAuth code for a login."""
        code = f"code-{user}-{len(self.codes) + 1}-{self.calls}"
        self.codes[code] = self.venue.logins[user]
        return code

    # --- calls

    def answer_line(self, line: Line, endpoint: str, query_text: str, body: str) -> Answer:
        """Answer a request that came over a socket."""
        name = _plain(endpoint)
        if name == "authorize":
            return stream.authorize(self, line, body)
        if line.session is None:
            return Answer(status=401, body="Access is denied")
        if line.session.is_closed:
            return Answer(status=408)
        call = Call(name, parse_query(query_text), body.encode(), line.session, line)
        if line.role == "market" and name not in MARKET_CALLS:
            return Answer(status=404, body=f"Not found: {name}")
        return self.answer(call)

    def answer_rest(
        self, endpoint: str, query_text: str, body: bytes, token: str | None, basic: tuple[str, str] | None
    ) -> Answer:
        """Answer a request that came by REST."""
        name = _plain(endpoint)
        session: Session | None = None
        if name not in OPEN_CALLS:
            found = self.sessions.find(token or "")
            if not isinstance(found, Session):
                return Answer(status=found, body="Access is denied" if found == 401 else None)
            session = found
        return self.answer(Call(name, parse_query(query_text), body, session, basic=basic))

    def answer(self, call: Call) -> Answer:
        """Answer a call, with limits and faults around it."""
        self.calls += 1
        if self._gate.is_over(call.user or "nobody"):
            return Answer(status=429)
        held = self._held(call)
        if held is not None:
            return held
        if not self.faults.armed:
            return self._carry_out(call)
        address = self._address(call)
        refuse = self.faults.take(Refuse, **address)
        if refuse is not None:
            return _refusal(refuse)
        lose = self.faults.take(LoseAnswer, **address)
        if lose is not None and not lose.executed:
            return Answer(lost=not lose.cut, cut=lose.cut)
        slow = self.faults.take(SlowAnswer, **address)
        answer = self._carry_out(call)
        if lose is not None:
            return Answer(lost=not lose.cut, cut=lose.cut)
        return msgspec.structs.replace(answer, delay_s=slow.wait_s) if slow is not None else answer

    def _held(self, call: Call) -> Answer | None:
        """Hold a call back with a penalty, or let the bearer of a ticket through."""
        if b'"p-ticket"' in call.body:
            ticket = call.addressed().p_ticket
            penalty = self._gate.redeem(ticket) if ticket is not None else None
            return None if penalty is None else Answer(body=penalty)
        penalty = self._gate.penalty(call.endpoint)
        if penalty is None and self.faults.armed:
            fault = self.faults.take(Penalty, **self._address(call))
            penalty = self._gate.issue(fault.wait_s, captcha=fault.captcha) if fault is not None else None
        return None if penalty is None else Answer(body=penalty)

    def _address(self, call: Call) -> dict[str, str | None]:
        """Say whom a call is about, for faults that are addressed."""
        asked = call.addressed()
        account = asked.account_spec
        if account is None and asked.account_id in self.venue.by_id:
            account = self.venue.by_id[asked.account_id].name
        order = self.venue.exchange.orders.get(asked.order_id) if asked.order_id is not None else None
        account = order.account if order is not None else account
        return {"login": call.user or asked.name, "account": account, "endpoint": call.endpoint}

    def _carry_out(self, call: Call) -> Answer:
        handler = CALLS.get(call.endpoint) or OPEN_CALLS.get(call.endpoint) or MARKET_CALLS.get(call.endpoint)
        try:
            answer = handler(self, call) if handler is not None else query.entity_query(self, call)
        except msgspec.ValidationError as error:
            return Answer(body=wire.violation("Valid", None, str(error)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Answer(status=400, body=str(error))
        if answer is None:
            return Answer(status=404, body=f"Not found: {call.endpoint}")
        failed = answer.status != 200 or (isinstance(answer.body, dict) and "errorText" in answer.body)
        self._gate.count(call.endpoint, failed=failed)
        return answer

    # --- events

    def _publish(self, kind: str, event: str, row: Entity, account: int) -> None:
        lines = [line for line in self._synced.get(account, ()) if not line.kinds or kind in line.kinds]
        if lines:
            for message in self._messages(kind, {"entityType": kind, "eventType": event, "entity": row}, row, account):
                for line in lines:
                    line.tell(message)

    def _messages(self, kind: str, body: Entity, row: Entity, account: int) -> list[bytes]:
        owner = self.venue.by_id[account]
        odd = self.faults.take(Oddities, login=owner.login, account=owner.name) if self.faults.armed else None
        if odd is None:
            return [wire.event("props", body)]
        messages: list[bytes] = []
        if odd.types:
            stranger = {
                "entityType": "auditUserAction",
                "eventType": "Created",
                "entity": {"id": 1, "accountId": account},
            }
            signal = {"adminAlertSignal": {"id": 2, "text": "Hello"}}
            messages += [wire.event("props", stranger), wire.event("OtherEnvAdminAlertSignal", signal)]
        if odd.values and kind == "order":
            messages.append(wire.event("props", {**body, "entity": {**row, "ordStatus": "HeldForReview"}}))
        shown = {**row, "futureField": {"nested": [1, 2]}, "archived": False} if odd.fields else row
        return [*messages, wire.event("props", {**body, "entity": shown})]

    def publish_again(self, kind: str, event: str, row: Entity, account: int) -> None:
        """Send an entity event that changes nothing in the books, as a replay does."""
        self._publish(kind, event, row, account)

    def _quote(self, contract_id: int, row: Entity) -> None:
        message: bytes | None = None
        for line in self.lines:
            if contract_id in line.quotes:
                message = message or wire.event("md", {"quotes": [row]})
                line.tell(message)


def _refusal(fault: Refuse) -> Answer:
    match fault.shape:
        case "failure":
            return Answer(body=wire.refusal(fault.reason, fault.text))
        case "error_text":
            return Answer(body={"errorText": fault.text})
        case "violations":
            return Answer(body=wire.violation(fault.reason, None, fault.text))
        case "status":
            return Answer(status=fault.status, body=fault.text or None)


def _plain(endpoint: str) -> str:
    return endpoint.strip().strip("/").lower().removeprefix("v1/")


def parse_query(text: str) -> dict[str, str]:
    """Split a URL query; each name also in lower case, as letter case varies among clients."""
    pairs = parse_qsl(text)
    return dict(pairs) | {name.lower(): value for name, value in pairs}

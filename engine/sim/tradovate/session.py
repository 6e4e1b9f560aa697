"""Sessions and tokens of the logins: at most so many a user, the oldest closed by the next."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.ports import Clock
from engine.sim.desk import LoginPlan
from engine.sim.tradovate.entity import stamp
from engine.sim.tradovate.ledger import Entity

UNAUTHORIZED, SLOT_LOST = 401, 408


@dataclass(slots=True, eq=False)
class Session:
    """One tracked session of a login."""

    login: LoginPlan
    user_id: int
    accounts: set[int]
    token: str = ""
    market_token: str = ""
    expires: datetime = field(default_factory=lambda: datetime.min)  # noqa: DTZ901  set by the first token
    is_closed: bool = False


class Sessions:
    """Every session and every token that was handed out."""

    def __init__(self, clock: Clock, lifetime_s: float) -> None:
        self._clock = clock
        self._lifetime = timedelta(seconds=lifetime_s)
        self._open: dict[str, list[Session]] = {}
        self._tokens: dict[str, tuple[Session, datetime]] = {}
        self._count = 0

    def open(self, login: LoginPlan, user_id: int, accounts: set[int]) -> tuple[Session, list[Session]]:
        """Open a session; also return those that it closes."""
        sessions = self._open.setdefault(login.user, [])
        session = Session(login, user_id, accounts)
        sessions.append(session)
        self.renew(session)
        closed = sessions[: -login.sessions]
        for old in closed:
            old.is_closed = True
            sessions.remove(old)
        return session, closed

    def renew(self, session: Session) -> None:
        """Give a session new tokens; the old ones live on until their own end."""
        self._count += 1
        session.token = f"tok-{session.login.user}-{self._count}"
        session.market_token = f"md-{session.login.user}-{self._count}"
        session.expires = self._clock.now() + self._lifetime
        for token in (session.token, session.market_token):
            self._tokens[token] = (session, session.expires)

    def find(self, token: str) -> Session | int:
        """Return the session of a token, or the status that refuses it."""
        known = self._tokens.get(token)
        if known is None:
            return UNAUTHORIZED
        session, expires = known
        if session.is_closed:
            return SLOT_LOST
        return session if self._clock.now() < expires else UNAUTHORIZED

    def expire(self, user: str | None) -> None:
        """End the life of every token of a login now, or of all."""
        now = self._clock.now()
        for token, (session, _) in self._tokens.items():
            if user in (None, session.login.user):
                self._tokens[token] = (session, now)

    def answer(self, session: Session) -> Entity:
        """Return the body of a token answer."""
        return {
            "accessToken": session.token,
            "mdAccessToken": session.market_token,
            "expirationTime": stamp(session.expires),
            "userStatus": "Active",
            "userId": session.user_id,
            "name": session.login.user,
            "hasLive": False,
            "hasMarketData": True,
            "outdatedTaC": False,
        }

"""The demo's cast: one leader, nine followers on three logins, each sized another way, and what each should hold."""

from collections.abc import Mapping
from decimal import Decimal

from engine.domain.value import Value

LEADER = "LEAD"
LEADER_NAME = "LEAD-1"
GROUP = "NQ-MAIN"
PASSWORD = "made-up"  # noqa: S105  of a made-up venue
MICROS = '{ NQ = "MNQ", ES = "MES" }'


class Part(Value, frozen=True):
    """One follower. ``least`` and ``most`` are contracts for each of the leader's; ``flat`` a size that never changes.

    They are worked out by hand from the figures beside them, not by the engine: they are what it is judged by.
    """

    alias: str
    name: str  # the venue's name of the account
    login: str
    balance: Decimal
    sizing: str
    micro: bool = False
    least: Decimal = Decimal(1)
    most: Decimal = Decimal(1)
    flat: int = 0

    def should(self, net: int, factor: Decimal = Decimal(1)) -> tuple[int, int]:
        """Least and most contracts, signed, for the leader's ``net``; ``factor`` is a resize by hand."""
        if net == 0:
            return 0, 0
        if self.flat:
            low = high = int(self.flat * factor)
        else:
            low, high = (int(abs(net) * each * factor) for each in (self.least, self.most))
        return (low, high) if net > 0 else (-high, -low)


def _part(
    alias: str,
    name: str,
    login: str,
    balance: int,
    sizing: str,
    *,
    micro: bool = False,
    size: tuple[str, str] = ("1", "1"),
    flat: int = 0,
) -> Part:
    least, most = map(Decimal, size)
    return Part(
        alias=alias,
        name=name,
        login=login,
        balance=Decimal(balance),
        sizing=sizing,
        micro=micro,
        least=least,
        most=most,
        flat=flat,
    )


CAST: tuple[Part, ...] = (
    _part("ALPHA", "APX-1", "apex", 50_000, '"exact"'),
    _part("BRAVO", "APX-2", "apex", 50_000, '"0.5x"', size=("0.5", "0.5")),
    _part("CHARLIE", "APX-3", "apex", 100_000, '"0.5x"', micro=True, size=("5", "5")),
    _part("DELTA", "TST-1", "topstep", 50_000, '{ mode = "fixed", contracts = 1 }', flat=1),
    # 90 of the leader's 150 thousand are 0.6: 6 micros for each mini; profit moves it a little either way
    _part("ECHO", "TST-2", "topstep", 90_000, '{ mode = "percentage" }', micro=True, size=("5.5", "6.5")),
    _part("FOXTROT", "TST-3", "topstep", 75_000, '{ mode = "balance-scaled" }', micro=True, size=("4.5", "5.5")),
    # never more than the leader, less with each dollar of room that is lost
    _part("GOLF", "BLX-1", "bulenox", 25_000, '{ mode = "room-scaled", room = 4000 }', micro=True, size=("1", "10")),
    _part("HOTEL", "BLX-2", "bulenox", 75_000, '{ mode = "pooled", share = 3 }', micro=True, size=("6", "6")),
    _part("INDIA", "BLX-3", "bulenox", 50_000, '{ mode = "pooled", share = 2 }', micro=True, size=("4", "4")),
)
LOGINS = ("lead", *dict.fromkeys(part.login for part in CAST))


def venue_toml(walks: bool) -> str:
    """Set-up of the simulated venue."""
    lines = [f"walk_every_s = {0.5 if walks else 0.0}", "seed = 7"]
    for login in LOGINS:
        accounts = [(part.name, part.balance) for part in CAST if part.login == login] or [
            (LEADER_NAME, Decimal(150_000))
        ]
        lines += ["[[logins]]", f'user = "{login}"', f'password = "{PASSWORD}"']
        lines += [f'[[logins.accounts]]\nname = "{name}"\nbalance = {balance}' for name, balance in accounts]
    return "\n".join(lines) + "\n"


def desk_toml(urls: Mapping[str, str], colour: str, phones: str = "") -> str:
    """The desk that copies at that venue: the same file that a trader would write, with the venue's addresses.

    ``phones`` are the tables of the platforms.
    """
    lines = ["[engine]", "api_port = 0", "[console]", f'colour = "{colour}"']
    for login in LOGINS:
        lines += ["[[connection]]", f'id = "{login}"', 'broker = "tradovate"', f'user = "{login}"']
        lines += ['password = "env:DEMO_PASSWORD"']
        lines += [f'{key} = "{urls[key]}"' for key in ("rest_url", "socket_url", "market_url", "oauth_url")]
    lines += ["[[account]]", f'id = "{LEADER}"', 'connection = "lead"', f'name = "{LEADER_NAME}"']
    for part in CAST:
        lines += ["[[account]]", f'id = "{part.alias}"', f'connection = "{part.login}"', f'name = "{part.name}"']
    lines += ["[[group]]", f'id = "{GROUP}"', f'leader = "{LEADER}"']
    for part in CAST:
        lines += ["[[group.follower]]", f'account = "{part.alias}"', f"sizing = {part.sizing}"]
        lines += [f"symbols = {MICROS}"] if part.micro else []
    return "\n".join(lines) + "\n" + phones

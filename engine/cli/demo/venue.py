"""The demo's hand on the simulated venue: what its control port can do, and what its books say."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from engine.cli.demo.cast import CAST, LEADER_NAME
from engine.domain.value import Value
from engine.errors import LockstepError, TransientError

TIMEOUT_S = 5.0


class Book(Value, frozen=True):
    """One account as the venue has it. ``nets`` leaves flat contracts out."""

    nets: Mapping[str, int]
    working: int


Books = dict[str, Book]


class Venue:
    """The control port."""

    def __init__(self, url: str, token: str) -> None:
        """Talk to ``url`` with its token."""
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_S, trust_env=False)

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def trade(self, symbol: str, quantity: int) -> None:
        """Trade on the leader's account, as its own platform would."""
        await self._call("POST", "/sim/trade", {"account": LEADER_NAME, "symbol": symbol, "quantity": quantity})

    async def flat(self) -> None:
        """Close all that the leader holds."""
        await self._call("POST", "/sim/flat", {"account": LEADER_NAME})

    async def fault(self, fault: Mapping[str, object]) -> None:
        """Let something go wrong."""
        await self._call("POST", "/sim/fault", fault)

    async def books(self) -> Books:
        """Every account by its venue name."""
        state = await self._call("GET", "/sim/state", None)
        return {
            account["name"]: Book(
                nets={symbol: at["net"] for symbol, at in account["positions"].items() if at["net"]},
                working=len(account["working"]),
            )
            for account in state["accounts"]
        }

    async def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> Any:
        try:
            response = await self._http.request(
                method, path, content=None if body is None else msgspec.json.encode(body)
            )
            answer = msgspec.json.decode(response.content)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise TransientError(f"the demo's venue does not answer ({type(error).__name__})") from None
        if not response.is_success:
            raise LockstepError(f"the demo's venue refused: {answer.get('error', response.status_code)}")
        return answer


def wrong(books: Books, symbol: str, net: int, factors: Mapping[str, Decimal], leader: int | None = None) -> list[str]:
    """Who does not hold what it should for the leader's ``net``; one line each, empty when all do.

    ``leader`` is what the leader itself holds where that is something else, as while the followers are paused.
    """
    found = []
    own_net = net if leader is None else leader
    if books[LEADER_NAME].nets.get(symbol, 0) != own_net:
        found.append(f"LEAD {LEADER_NAME} holds {_held(books[LEADER_NAME].nets)}, should hold {own_net:+d} {symbol}")
    for part in CAST:
        book, own = books[part.name], ("M" if part.micro else "") + symbol
        least, most = part.should(net, factors.get(part.alias, Decimal(1)))
        others = {symbol for symbol, held in book.nets.items() if held and symbol != own}
        if others or not least <= book.nets.get(own, 0) <= most:
            should = f"{least:+d}" if least == most else f"{least:+d} to {most:+d}"
            found.append(
                f"{part.alias} {part.name} holds {_held(book.nets)}, should "
                + (f"hold {should} {own}" if least or most else "be flat")
            )
        if book.working:
            found.append(f"{part.alias} {part.name} has {book.working} orders still working")
    return found


def _held(nets: Mapping[str, int]) -> str:
    return ", ".join(f"{net:+d} {symbol}" for symbol, net in nets.items() if net) or "nothing"


def table(books: Books) -> Iterable[str]:
    """What the venue's books say, a line for each account."""
    yield f"LEAD     {LEADER_NAME:<7} {_stands(books[LEADER_NAME])}"
    for part in CAST:
        yield f"{part.alias:<8} {part.name:<7} {_stands(books[part.name])}"


def _stands(book: Book) -> str:
    return _held(book.nets) if any(book.nets.values()) else "flat"

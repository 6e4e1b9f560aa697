"""The demo venue's control port over HTTP: the leader's own platform, for a desk without a broker."""

import re
from typing import Any

import httpx
import msgspec

from engine.api import LockstepError

TIMEOUT_S = 5.0
_CONTRACT = re.compile(r"[A-Z0-9]{1,5}[FGHJKMNQUVXZ]\d{1,2}")


class VenueError(LockstepError):
    """The demo venue said no or is not there, in one line."""


class VenueClient:
    """Trades as the leader's own platform would."""

    def __init__(self, url: str, token: str = "") -> None:
        """Talk to the control port at ``url``."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=TIMEOUT_S, headers=headers, trust_env=False)

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def trade(self, account: str, symbol: str, quantity: int) -> None:
        """Trade signed contracts at market."""
        await self._call("POST", "/sim/trade", {"account": account, "symbol": symbol, "quantity": quantity})

    async def flat(self, account: str) -> None:
        """Close everything that the account holds."""
        await self._call("POST", "/sim/flat", {"account": account})

    async def contracts(self) -> tuple[str, ...]:
        """Every contract that the venue's state names, in its order."""
        state = await self._call("GET", "/sim/state", None)
        return tuple(dict.fromkeys(_contracts(state)))

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        try:
            response = await self._http.request(
                method, path, content=None if body is None else msgspec.json.encode(body)
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise VenueError(f"The demo venue is not answering ({type(error).__name__}).") from None
        try:
            answer = msgspec.json.decode(response.content) if response.content else {}
        except msgspec.DecodeError:
            answer = {}
        if not response.is_success:
            reason = answer.get("error") if isinstance(answer, dict) else None
            raise VenueError(f"The demo venue refused: {reason or response.status_code}")
        return answer


def _contracts(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node] if _CONTRACT.fullmatch(node) else []
    if isinstance(node, dict):
        quotes = [name for name in node.get("quotes", ()) if isinstance(name, str)]
        return [*quotes, *(name for key, value in node.items() for name in _contracts(key) + _contracts(value))]
    return [name for value in node for name in _contracts(value)] if isinstance(node, list) else []

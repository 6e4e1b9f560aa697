"""A plain client of the protocol, written from its description alone."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import websockets

PATIENCE_S = 5.0


class Client:
    """One socket: requests by number, and every event as it came."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.frames: list[str] = []
        self.answers: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self._count = 0
        self._news = asyncio.Condition()
        self.closed = False
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def connect(cls, url: str) -> "Client":
        client = cls(await websockets.connect(url, compression=None, ping_interval=None))
        await client.until(lambda: client.frames[:1] == ["o"])
        return client

    @classmethod
    async def login(cls, server: Any, user: str = "apex", *, sync: bool = True, url: str | None = None) -> "Client":
        token = await sign_in(server, user)
        client = await cls.connect(url or server.socket_url)
        answer = await client.request("authorize", token["accessToken"])
        assert answer == {"i": 0, "s": 200}
        if sync:
            await client.request("user/syncrequest", {"users": [token["userId"]]})
        return client

    async def _read(self) -> None:
        try:
            async for frame in self.socket:
                await self._take(str(frame))
        except websockets.ConnectionClosed:
            pass
        self.closed = True
        async with self._news:
            self._news.notify_all()

    async def _take(self, frame: str) -> None:
        self.frames.append(frame)
        for message in json.loads(frame[1:]) if frame.startswith("a") else []:
            (self.answers if "i" in message else self.events).append(message)
        async with self._news:
            self._news.notify_all()

    async def until(self, ready: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(ready)
        return ready()

    async def send(self, endpoint: str, body: Any = None, query: str = "") -> int:
        number = self._count
        self._count += 1
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body, indent=2)
        await self.socket.send(f"{endpoint}\n{number}\n{query}\n{text}")
        return number

    async def request(self, endpoint: str, body: Any = None, query: str = "") -> dict[str, Any]:
        number = await self.send(endpoint, body, query)
        return await self.until(lambda: next((a for a in self.answers if a["i"] == number), None))

    async def order(self, action: str = "Buy", qty: int = 1, **more: Any) -> Any:
        body = {"accountSpec": "APX-1", "symbol": "NQZ6", "action": action, "orderQty": qty, "orderType": "Market"}
        answer = await self.request(more.pop("endpoint", "order/placeorder"), body | {"isAutomated": True} | more)
        return answer["d"]

    def entities(self, kind: str) -> list[dict[str, Any]]:
        props = (event["d"] for event in self.events if event["e"] == "props")
        return [prop["entity"] for prop in props if prop["entityType"] == kind]

    async def state(self, order_id: int, state: str) -> dict[str, Any]:
        return await self.until(
            lambda: next((o for o in self.entities("order") if o["id"] == order_id and o["ordStatus"] == state), None)
        )

    async def gone(self) -> None:
        await self.until(lambda: self.closed)

    async def close(self) -> None:
        await self.socket.close()
        await self._reader


async def post(url: str, body: Any, token: str = "") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, json=body, headers={"Authorization": f"Bearer {token or 'none'}"})


async def get(url: str, token: str = "") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url, headers={"Authorization": f"Bearer {token or 'none'}"})


async def sign_in(server: Any, user: str = "apex") -> dict[str, Any]:
    body = {"name": user, "password": f"{user}-pass", "appId": "test", "cid": 7, "sec": "key"}
    return (await post(f"{server.rest_url}/auth/accesstokenrequest", body)).json()

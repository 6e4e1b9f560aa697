"""A local HTTP server that answers what a test tells it to, and keeps what it was asked."""

import asyncio
from contextlib import asynccontextmanager


class Feed:
    """Answers in turn; the last one stays."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []

    def answer(self, status=200, body=b"", **headers):
        self.answers = [(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)]

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        self.asked.append((head[0].split()[1], {name.lower(): value for name, value in headers.items()}))
        status, own, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        own = dict(own)
        if status:
            length = own.pop("Content-Length", str(len(body)))
            lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {length}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in own.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def serving():
    feed = Feed(0)
    server = await asyncio.start_server(feed.serve, "127.0.0.1", 0)
    feed.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield feed
    finally:
        server.close()
        await server.wait_closed()

"""Routes for monitoring: metrics in Prometheus' text format, and one question: is all well."""

import hmac
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from engine.service.clerk import Clerk
from engine.service.metric import exposition
from engine.service.trouble import troubles

HEALTHZ = "/healthz"  # answers without the token too, and then says no more than whether
PLAIN = "text/plain"
EXPOSITION = CONTENT_TYPE_PLAIN_0_0_4.partition("; charset")[0]  # the framework adds the character set


@get("/metrics")
async def metrics(state: State) -> Response[bytes]:
    """Metrics in Prometheus' text format."""
    clerk: Clerk = state["clerk"]
    return Response(await exposition(clerk), media_type=EXPOSITION)


@get(HEALTHZ, sync_to_thread=False)
def healthz(request: Request[Any, Any, State], state: State) -> Response[str]:
    """200 ``ok``, or 503 with one line for each trouble; without the token only how many there are."""
    clerk: Clerk = state["clerk"]
    found = troubles(clerk)
    if not found:
        return Response("ok\n", media_type=PLAIN)
    given = request.headers.get("authorization", "").encode("latin-1", "replace")
    if not hmac.compare_digest(given, f"Bearer {state['token']}".encode()):
        found = [f"{len(found)} troubles; ask with the token to read them"]
    return Response("".join(f"{line}\n" for line in found), status_code=503, media_type=PLAIN)

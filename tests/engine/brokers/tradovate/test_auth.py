"""Signing in: each shape of yes and no, and how long to stay away after it."""

import json
import logging

import httpx
import pytest

from engine.brokers.tradovate.auth import Access, Barred, Rest
from engine.brokers.tradovate.line import SlotLost
from engine.brokers.tradovate.options import Options
from engine.domain.ids import ConnectionId
from engine.errors import TransientError
from engine.ports import ConnectContext
from tests.clock import HandClock

SECRETS = {
    "password": "pass-word-1",
    "cid": "77",
    "sec": "key-secret",
    "client_secret": "oauth-secret",
    "refresh_token": "",
    "code": "one-time-code",
}
GOOD = {
    "accessToken": "token-aaaa",
    "mdAccessToken": "token-mdmd",
    "expirationTime": "2026-11-23T16:00:00.000Z",
    "userStatus": "Active",
    "userId": 9,
    "hasLive": False,
}


class Server:
    """Answers in turn, and keeps what was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, request):
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.url.path, body, request.headers.get("Authorization")))
        status, payload = self.answers.pop(0)
        if isinstance(payload, Exception):
            raise payload
        return httpx.Response(status, json=payload) if payload is not None else httpx.Response(status)


def made(*answers, **settings):
    options = Options(user="trader", app_id="Desk", **settings)
    server = Server(*answers)
    rest = Rest(options, lambda: None)
    rest._client = httpx.AsyncClient(transport=httpx.MockTransport(server))
    clock = HandClock()
    context = ConnectContext(
        connection=ConnectionId("firm"), accounts=(), options=options, secrets=SECRETS, device="machine-1"
    )
    return Access(context, options, rest, clock), server, clock


async def test_password_and_key():
    access, server, _ = made((200, GOOD))
    await access.ensure()
    path, body, _ = server.asked[0]
    assert path == "/v1/auth/accesstokenrequest"
    assert body == {
        "name": "trader",
        "password": "pass-word-1",
        "appId": "Desk",
        "appVersion": "1.0",
        "deviceId": "machine-1",
        "cid": "77",
        "sec": "key-secret",
    }
    assert (access.token, access.market_token) == ("token-aaaa", "token-mdmd")
    await access.ensure()
    assert len(server.asked) == 1, "the token is kept"


async def test_renewal_is_due_fifteen_minutes_before_the_end():
    access, server, clock = made((200, GOOD), (200, GOOD | {"accessToken": "token-bbbb"}))
    await access.ensure()
    assert access.renew_in_s == 75 * 60
    await clock.turn(75 * 60)
    await access.ensure()
    assert server.asked[1][0] == "/v1/auth/renewaccesstoken"
    assert server.asked[1][2] == "Bearer token-aaaa"
    assert access.token == "token-bbbb"


async def test_an_expired_token_is_not_renewed_but_replaced():
    access, server, clock = made((200, GOOD), (200, GOOD))
    await access.ensure()
    await clock.turn(91 * 60)
    await access.ensure()
    assert [path for path, _, _ in server.asked] == ["/v1/auth/accesstokenrequest"] * 2


async def test_a_refused_renewal_leads_to_a_new_sign_in():
    access, server, clock = made((200, GOOD), (401, "Expired Access Token"), (200, GOOD))
    await access.ensure()
    await clock.turn(80 * 60)
    await access.ensure()
    assert len(server.asked) == 3


async def test_a_wrong_clock_does_not_make_a_token_expired():
    access, _, _ = made((200, GOOD | {"expirationTime": "2026-11-23T09:00:00Z"}))
    await access.ensure()
    assert access.renew_in_s > 3_000


@pytest.mark.parametrize(
    ("answer", "wait_s", "words"),
    [
        ((200, {"errorText": "Incorrect password pass-word-1"}), 900, r"Incorrect password \*\*\*"),
        ((401, "nope"), 900, "401"),
        ((200, {**GOOD, "userStatus": "TemporaryLocked"}), 900, "TemporaryLocked"),
        ((200, {"p-ticket": "T1", "p-time": 15, "p-captcha": True}), 3_600, "captcha"),
        ((200, {"p-ticket": "T1", "p-time": 15}), 15, "penalty"),
        ((423, None), 3_600, "423"),
        ((429, None), 3_600, "429"),
        ((200, {}), 900, "no token"),
    ],
)
async def test_refusals(answer, wait_s, words, caplog):
    caplog.set_level(logging.DEBUG)
    access, _, _ = made(answer)
    with pytest.raises(Barred, match=words) as refused:
        await access.ensure()
    assert refused.value.wait_s == wait_s
    for secret in ("pass-word-1", "key-secret"):
        assert secret not in str(refused.value) + repr(access) + caplog.text


async def test_a_penalty_ticket_goes_with_the_next_try():
    access, server, _ = made((200, {"p-ticket": "T1", "p-time": 15}), (200, GOOD), (200, GOOD))
    with pytest.raises(Barred):
        await access.ensure()
    await access.ensure()
    assert server.asked[1][1] == server.asked[0][1] | {"p-ticket": "T1"}
    access.forget()
    await access.ensure()
    assert "p-ticket" not in server.asked[2][1]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, None), TransientError),
        ((408, None), SlotLost),
        ((200, "what"), TransientError),
        ((0, httpx.ConnectError("refused")), TransientError),
    ],
)
async def test_other_trouble_is_tried_again(answer, error):
    access, _, _ = made(answer)
    with pytest.raises(error):
        await access.ensure()


async def test_oauth_trades_the_code_once_and_then_the_refresh_token():
    tokens = {
        "access_token": "token-oooo",
        "refresh_token": "refresh-rrrr",
        "token_type": "bearer",
        "expires_in": 4_800,
    }
    access, server, clock = made(
        (200, tokens), (200, tokens), login="oauth", client_id="app-1", redirect_uri="http://localhost/cb"
    )
    await access.ensure()
    path, body, _ = server.asked[0]
    assert path == "/auth/oauthtoken"
    assert body == {
        "grant_type": "authorization_code",
        "code": "one-time-code",
        "redirect_uri": "http://localhost/cb",
        "client_id": "app-1",
        "client_secret": "oauth-secret",
    }
    assert access.market_token == "token-oooo"
    await clock.turn(5_000)
    await access.ensure()
    assert server.asked[1][1]["grant_type"] == "refresh_token"
    assert server.asked[1][1]["refresh_token"] == "refresh-rrrr"


async def test_oauth_errors_may_come_with_status_200():
    bad = {"error": "invalid_grant", "error_description": "code one-time-code is used up"}
    access, _, _ = made((200, bad), login="oauth", client_id="app-1")
    with pytest.raises(Barred, match=r"code \*\*\* is used up"):
        await access.ensure()


async def test_a_used_up_code_is_not_sent_again():
    access, server, _ = made((200, {"access_token": "token-oooo"}), login="oauth", client_id="app-1")
    await access.ensure()
    access.forget()
    with pytest.raises(Barred, match="used up"):
        await access.ensure()
    assert len(server.asked) == 1

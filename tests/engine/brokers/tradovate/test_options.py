"""Demo and live are never mixed, and a wrong setting is named."""

import msgspec
import pytest

from engine.brokers import load
from engine.brokers.tradovate.options import Options, faults
from engine.domain.group import AccountPlan
from engine.domain.ids import AccountId, ConnectionId
from engine.errors import ConfigError
from engine.ports import ConnectContext
from tests.clock import HandClock

PAPER = AccountPlan(id=AccountId("EVAL"), connection=ConnectionId("firm"), name="DEMO31")
MONEY = AccountPlan(id=AccountId("REAL"), connection=ConnectionId("firm"), name="31", live=True)


def test_hosts_follow_the_environment():
    demo, live = Options(user="u"), Options(user="u", environment="live")
    assert demo.rest == "https://demo.tradovateapi.com/v1"
    assert demo.socket == "wss://demo.tradovateapi.com/v1/websocket"
    assert live.rest == "https://live.tradovateapi.com/v1"
    assert live.socket == "wss://live.tradovateapi.com/v1/websocket"
    assert faults(demo, [PAPER]) == faults(live, [MONEY]) == []


@pytest.mark.parametrize(
    ("settings", "account", "words"),
    [
        ({}, MONEY, "environment is demo"),
        ({"environment": "live"}, PAPER, "set live = true"),
        ({"rest_url": "https://live.tradovateapi.com/v1"}, PAPER, "is a live host"),
        ({"environment": "live", "socket_url": "wss://demo.tradovateapi.com/v1/websocket"}, MONEY, "is a demo host"),
        ({"socket_url": "https://x"}, PAPER, "socket_url"),
        ({"user": ""}, PAPER, "user:"),
        ({"login": "oauth"}, PAPER, "client_id"),
        ({"exit_reserve": 1.0}, PAPER, "exit_reserve"),
        ({"requests_per_minute": 0}, PAPER, "requests_per_minute"),
    ],
)
def test_faults_are_one_line_each_and_stop_the_start(settings, account, words):
    options = Options(**({"user": "u"} | settings))
    (fault,) = faults(options, [account])
    assert words in fault
    context = ConnectContext(
        connection=ConnectionId("firm"), accounts=(account,), options=options, secrets={}, device="d"
    )
    with pytest.raises(ConfigError, match="connection firm: "):
        load("tradovate").connect(context, lambda _: None, HandClock())


def test_a_typo_is_an_error():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"user": "u", "requests_per_minuet": 3}, Options)

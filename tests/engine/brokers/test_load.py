"""Brokers are found by name."""

import pytest

from engine.brokers import load
from engine.errors import ConfigError


def test_a_broker_is_found_by_name():
    broker = load("tradovate")
    assert broker.name == "tradovate"
    assert broker.proven == "sim"
    assert broker.rules.known_symbol("MNQZ6")
    assert not any(broker.rules.known_symbol(name) for name in ("MNQ", "MNQZ26", "", "mnq z6"))


@pytest.mark.parametrize("name", ["nobody", "tradovate.session", "", "__init__", "../x"])
def test_an_unknown_broker_is_named_with_those_that_are_known(name):
    with pytest.raises(ConfigError, match=r"tradovate|BROKER"):
        load(name)

"""Tradovate, and the prop firms that run on it: orders over the user socket, sign-in and checks over REST."""

from engine.brokers.tradovate.options import SECRETS, Options, TradovateRules, faults
from engine.brokers.tradovate.session import TradovateSession
from engine.errors import ConfigError
from engine.ports import BrokerSpec, Clock, ConnectContext, Session, Sink


def connect(context: ConnectContext, sink: Sink, clock: Clock) -> Session:
    """Build the session of one login.

    Raises: ConfigError when the settings are wrong, above all when demo and live are mixed.
    """
    options = context.options
    if not isinstance(options, Options):
        raise ConfigError(f"connection {context.connection}: these are not Tradovate's options")
    found = faults(options, context.accounts)
    if found:
        raise ConfigError(f"connection {context.connection}: {'; '.join(found)}")
    return TradovateSession(context, sink, clock)


BROKER = BrokerSpec(
    name="tradovate", options=Options, secrets=SECRETS, rules=TradovateRules(), connect=connect, proven="sim"
)

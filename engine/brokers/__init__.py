"""Plug-ins to brokers: one package or module each, found by name."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from engine.errors import ConfigError
from engine.ports import BrokerSpec


def load(name: str) -> BrokerSpec:
    """Return the plug-in called ``name``: ``engine.brokers.<name>.BROKER``.

    Raises: ConfigError for a name that is no broker, with the names that are.
    """
    if not name.isidentifier() or find_spec(f"{__name__}.{name}") is None:
        known = ", ".join(sorted(module.name for module in iter_modules(__path__))) or "none"
        raise ConfigError(f'broker "{name}" is unknown; this build has: {known}')
    found = getattr(import_module(f"{__name__}.{name}"), "BROKER", None)
    if not isinstance(found, BrokerSpec):
        raise ConfigError(f"engine.brokers.{name} defines no BROKER")
    return found

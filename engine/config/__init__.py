"""Settings: desk.toml and .env become one checked value, or one line for each thing to edit."""

from engine.api.place import find, home
from engine.api.secret import Secret
from engine.config.device import device
from engine.config.settings import Connection, EngineTable, Settings, context, hidden, load, parse

__all__ = [
    "Connection",
    "EngineTable",
    "Secret",
    "Settings",
    "context",
    "device",
    "find",
    "hidden",
    "home",
    "load",
    "parse",
]

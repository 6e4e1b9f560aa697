"""The API's address: a loopback socket of our own, and the file that tells the desk's programs where it is."""

import contextlib
import errno
import ipaddress
import os
import secrets
import socket
from pathlib import Path

import msgspec

from engine.domain.value import Value
from engine.errors import ConfigError


class Address(Value, frozen=True):
    """What stands in ``api.json``."""

    url: str
    token: str


def listen(host: str, port: int) -> socket.socket:
    """Bound socket; port 0 takes any free one.

    Raises: ConfigError for an address that others could reach, or a port that is taken.
    """
    name = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ConfigError(f"engine.api_host: {host} is not this computer alone; use 127.0.0.1")
    found = socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET, socket.SOCK_STREAM)
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows: the other option would share the port
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1)
    try:
        found.bind((name, port))
        found.listen(128)
    except OSError as error:
        found.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise ConfigError(
                f"engine.api_port: port {port} is taken by another program; set another one in desk.toml"
            ) from error
        raise ConfigError(f"engine.api_port: port {port} cannot be used: {error.strerror}") from error
    return found


def publish(home: Path, bound: socket.socket) -> Address:
    """Write ``api.json``, readable by this user alone; the token of an earlier start is kept."""
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    path = home / "api.json"
    known = ""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        known = msgspec.json.decode(path.read_bytes(), type=Address).token
    address = Address(url=f"http://{shown}:{port}", token=known if len(known) >= 32 else secrets.token_urlsafe(32))
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(address))
    fresh.replace(path)
    return address

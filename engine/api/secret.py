"""Secrets by reference: ``env:NAME`` is looked up in the environment, then in .env files; its value is never shown."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import ConfigError

PREFIX = "env:"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_ESCAPE = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class Secret(str):
    """A text that does not show itself in a repr, so no log line and no traceback can show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Hide the value."""
        return "Secret(…)"


def parse_env(text: str, name: str) -> dict[str, str]:
    """Read ``NAME=value`` lines; quotes, ``export`` and comments as shells have them, no expansion.

    Raises: ConfigError that names the line, never its value.
    """
    found: dict[str, str] = {}
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigError(f"{name}, line {number}: write NAME=value")
        value = _value(match[2].strip())
        if value is None:
            raise ConfigError(f"{name}, line {number}: the quote of {match[1]} is not closed")
        found[match[1]] = value
    return found


def _value(text: str) -> str | None:
    if text[:1] not in ("'", '"'):
        return re.split(r"\s#", text, maxsplit=1)[0].rstrip() if not text.startswith("#") else ""
    quote = text[0]
    body, ended, position = [], False, 1
    while position < len(text):
        char = text[position]
        if char == quote:
            ended = True
            break
        if char == "\\" and quote == '"' and text[position + 1 : position + 2] in _ESCAPE:
            position += 1
            char = _ESCAPE[text[position]]
        body.append(char)
        position += 1
    rest = text[position + 1 :].strip()
    return "".join(body) if ended and (not rest or rest.startswith("#")) else None


class Vault:
    """What references mean: the environment first, then each .env file in turn."""

    def __init__(self, env: Mapping[str, str], files: Sequence[Path]) -> None:
        """Read the files that are there.

        Raises: ConfigError for a file that is not understood.
        """
        self._sources: list[Mapping[str, str]] = [env]
        self._files = files
        for file in files:
            try:
                text = file.read_text("utf-8")
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
                raise ConfigError(f"{file}: cannot be read: {reason}") from None
            self._sources.append(parse_env(text, str(file)))

    def read(self, reference: str) -> Secret:
        """Value of ``env:NAME``.

        Raises: ConfigError for a name that is nowhere, with the file to write it into.
        """
        name = reference.removeprefix(PREFIX)
        if not _NAME.fullmatch(name):
            raise ConfigError(
                "write env: and the NAME of a variable: letters, digits and _, such as env:TRADOVATE_PASSWORD"
            )
        for source in self._sources:
            if source.get(name):
                return Secret(source[name])
        raise ConfigError(f"{name} is not set; write {name}=… into {self._files[0] if self._files else '.env'}")


def is_reference(text: str) -> bool:
    """Say whether a setting refers to a secret instead of holding one."""
    return text.startswith(PREFIX)


def env_files(desk: Path, home: Path) -> list[Path]:
    """Files that may hold secrets: beside desk.toml, then in the data directory."""
    files = [desk.parent / ".env", home / ".env"]
    return files[:1] if os.path.abspath(files[0]) == os.path.abspath(files[1]) else files  # noqa: PTH100  no disk access

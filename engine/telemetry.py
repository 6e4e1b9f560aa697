"""Logs: JSON lines in the data directory, readable lines on the terminal, and no secret in either.

Shells alone write them, never between a leader's frame and the followers' orders.
"""

import logging
import logging.handlers
import re
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from engine.errors import ConfigError

REDACTED = "[redacted]"
FILE_BYTES = 5_000_000
FILES = 5
SHORTEST_SECRET = 4  # shorter ones would blot out ordinary words
_TALKATIVE = (
    "asyncio",
    "alembic",
    "httpcore",
    "httpx",
    "sqlalchemy",
    "uvicorn",
    "websockets",
)  # below warning they log frames
_NAME = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secret|token|bearer|api[_-]?key|authorization|cookie|credential|p[_-]?ticket|sec|cid|"
    r"(otp|totp|auth|oauth)?[_-]?code|private[_-]?key)"
)
_WORD = r"(?:pass(?:word|wd)?|secret|\w*token|api[_-]?key|authorization|p-ticket|sec)"
_PATTERNS = (
    (re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"), f"Bearer {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]+){0,2}"), REDACTED),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), REDACTED),
    (re.compile(rf"(?i)([\"']?\b{_WORD}[\"']?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&}}\]]+)"), rf"\1{REDACTED}"),
    (re.compile(r"(?m)^(authorize\n\d+\n\n).+$"), rf"\1{REDACTED}"),  # the frame that opens a Tradovate socket
)

Event = MutableMapping[str, Any]


class Redaction:
    """A processor that blots secrets out: by the name of a field, by their look, and those known by their value."""

    def __init__(self, hidden: Iterable[str] = ()) -> None:
        """``hidden`` are secret values that must show nowhere."""
        known = sorted({text for text in hidden if len(text) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        """Blot out one event."""
        return {name: self._field(name, value) for name, value in event.items()}

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def _field(self, name: str, value: object, depth: int = 0) -> object:
        if value is not None and not isinstance(value, bool) and _is_secret(name):
            return REDACTED
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth < 6 and isinstance(value, dict):
            return {key: self._field(str(key), item, depth + 1) for key, item in value.items()}
        if depth < 6 and isinstance(value, list | tuple | set | frozenset):
            return [self._field("", item, depth + 1) for item in value]
        return self.text(str(value))


def _is_secret(name: str) -> bool:
    return _NAME.fullmatch(name) is not None or re.search(r"(?i)(password|secret|token|api_?key)$", name) is not None


def configure(home: Path, level: str = "info", hidden: Iterable[str] = (), name: str = "engine") -> None:
    """Send this process's logs to ``home``/logs/NAME.log and, from warnings up, to the terminal.

    Raises: ConfigError where the data directory cannot be written.
    """
    redaction = Redaction(hidden)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # the journal names accounts and positions
        (home / "logs").mkdir(exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            home / "logs" / f"{name}.log", maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8"
        )
    except OSError as error:
        raise ConfigError(
            f"{home}: cannot be written: {error.strerror or error}; set LOCKSTEP_HOME to a directory of yours"
        ) from None
    file.setFormatter(_formatter(redaction, structlog.processors.JSONRenderer(default=str)))
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.WARNING)
    screen.setFormatter(_formatter(redaction, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())))
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.addHandler(file)
    root.addHandler(screen)
    root.setLevel(level.upper())
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a full disk must not print a traceback for each line
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_steps(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _steps() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]


def _formatter(redaction: Redaction, render: structlog.typing.Processor) -> logging.Formatter:
    """Redaction comes after tracebacks became text and right before anything is written."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_steps(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redaction,
            render,
        ],
    )

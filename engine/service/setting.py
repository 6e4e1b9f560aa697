"""What the clerk is started with: settings that the hot process hands over in its environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from engine.domain.value import Value
from engine.errors import ConfigError

PREFIX = "LOCKSTEP_"
KEEP_DAYS = 30  # how long a stored log segment stays on disk where nobody says otherwise


class ClerkSettings(Value, frozen=True):
    """Each field is the environment variable ``LOCKSTEP_`` + its name in capitals."""

    home: str  # the data directory
    link_port: int
    link_token: str
    database: str = "sqlite"  # or a URL
    api_host: str = "127.0.0.1"
    api_port: int = 7483
    keep_days: int = KEEP_DAYS
    log_level: str = "info"

    @property
    def journal(self) -> Path:
        """Directory of the log's segments."""
        return Path(self.home) / "journal"

    @property
    def database_url(self) -> str:
        """Address of the database."""
        return f"sqlite:///{Path(self.home) / 'journal.db'}" if self.database == "sqlite" else self.database

    @property
    def hidden(self) -> list[str]:
        """Every secret value, for logs to blot out."""
        found = urlsplit(self.database) if self.database != "sqlite" else None
        password = found.password if found is not None else None
        written = [self.database] if password else []
        return [self.link_token, *written, *([password, unquote(password)] if password else [])]

    def environment(self) -> dict[str, str]:
        """As variables for a child process."""
        return {PREFIX + name.upper(): str(value) for name, value in msgspec.structs.asdict(self).items()}


def from_environment(environment: Mapping[str, str]) -> ClerkSettings:
    """Settings from the environment.

    Raises: ConfigError that names the variable.
    """
    found: dict[str, Any] = {}
    for name in ClerkSettings.__struct_fields__:
        if PREFIX + name.upper() in environment:
            found[name] = environment[PREFIX + name.upper()]
    try:
        return msgspec.convert(found, ClerkSettings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"the clerk is started by the engine, with {PREFIX}… variables: {error}") from error

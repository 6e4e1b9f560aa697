"""The demo on a phone: which platforms ``lockstep up`` would serve from here, and their tokens."""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.api.place import find, home
from engine.api.secret import PREFIX, Vault, env_files, is_reference
from engine.domain.value import Value
from engine.errors import ConfigError

TOKENS = {"telegram": "TELEGRAM_TOKEN", "discord": "DISCORD_TOKEN"}
LEFT = (
    "What a phone was shown stays there, and nobody answers: cards, Telegram's menu and keyboard, Discord's slash "
    "commands. The next desk with this token sets its own; what is pinned in a group a person unpins."
)


class Phones(Value, frozen=True):
    """The platforms' tables of desk.toml, and the secrets that they name: for the bot's process alone."""

    tables: Mapping[str, Mapping[str, Any]]
    env: Mapping[str, str]
    beside: Path  # the data directory of a desk that may be running with the same tokens

    def toml(self) -> str:
        """The tables as the demo's own desk.toml has them; secrets are named there, too."""
        lines = []
        for name, table in self.tables.items():
            lines += [f"[{name}]"]
            lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
        return "\n".join(lines) + "\n"


def find_phones(only: str = "", environ: Mapping[str, str] = os.environ) -> Phones:
    """The platforms whose tokens are here, or that one; a desk.toml may say more about them, and need not be there.

    Raises: ConfigError with one line that says what to write where.
    """
    desk, where = find(environ), home(environ)
    written = _tables(desk)
    files = env_files(desk, where)
    vault = Vault(environ, files)
    tables: dict[str, Mapping[str, Any]] = {}
    env: dict[str, str] = {}
    wanted = [name for name in TOKENS if only in ("", name)]
    for name in wanted:
        variable = TOKENS[name]
        table = {"token": PREFIX + variable, **written.get(name, {})}
        token = str(table["token"])
        if not is_reference(token):
            raise ConfigError(
                f'{desk}: [{name}] token: never write a secret here; write "env:{variable}" and its value in .env'
            )
        try:
            env[token.removeprefix(PREFIX)] = vault.read(token)
        except ConfigError:
            if name in written:
                raise
            continue
        tables[name] = table
    if not tables:
        words = " or ".join(f"{TOKENS[name]}=… (docs/{name}.md says where it comes from)" for name in wanted)
        raise ConfigError(f"there is no bot's token: write {words} into {files[0]}")
    return Phones(tables=tables, env=env, beside=where)


def _tables(desk: Path) -> dict[str, dict[str, Any]]:
    """The platforms' own tables; what else stands in the file is no matter here."""
    try:
        written = tomllib.loads(desk.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{desk} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{desk} is not TOML: {error}") from None
    found = {name: table for name in TOKENS if isinstance(table := written.get(name), dict)}
    for name, table in found.items():
        for key, value in table.items():
            if not isinstance(value, str | int | float):
                raise ConfigError(f"{desk}: [{name}] {key}: write a text or a number")
    return found

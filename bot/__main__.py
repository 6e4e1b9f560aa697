"""The bot alone: serve the platforms, or do at the desk's own computer what must not be done from afar; exit code."""

import argparse
import asyncio
import logging
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.config import PLATFORMS, Settings, find_desk, plug, read_settings
from engine.api import ConfigError, LockstepError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bot; a wrong setting is one line and exit code 2."""
    given = _arguments().parse_args(argv)
    environ = dict(os.environ)
    wishes = (("LOCKSTEP_API", given.api), ("LOCKSTEP_VENUE", given.venue))
    environ.update({name: value for name, value in wishes if value})
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpcore", "websockets", "telegram", "discord", "alembic"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        settings = read_settings(given.desk or find_desk(environ), home=given.home, environ=environ)
        match given.word:
            case "pair":
                return pair(settings, given)
            case "audit":
                return audit(settings, given)
            case "doctor":
                return asyncio.run(doctor(settings))
            case _:
                return asyncio.run(serve(settings, given))
    except LockstepError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="The Lockstep bot: Telegram, Discord and the console."
    )
    parser.add_argument("--desk", type=Path, help="settings file; its [chat] and platform tables are read")
    parser.add_argument("--home", type=Path, help="data directory (default: LOCKSTEP_HOME or the system's place)")
    parser.add_argument("--api", help="URL of the engine (default: LOCKSTEP_API or api.json in the data directory)")
    parser.add_argument("--venue", help="control URL of a demo venue; gives the command lead")
    parser.add_argument("--script", metavar="FILE", help="run these lines and leave; - reads them from the input")
    parser.add_argument("--headless", action="store_true", help="serve Telegram and Discord without a console")
    parser.add_argument("--welcome", action="store_true", help="print a pairing code for each platform that answers")
    parser.add_argument("--beside", type=Path, metavar="DIR", help="with --welcome: not while a bot serves this one")
    words = parser.add_subparsers(dest="word", metavar="WORD")
    pairing = words.add_parser("pair", help="print a pairing code for a person")
    pairing.add_argument("name", help="how the person is called here; a name that is known adds a platform to it")
    pairing.add_argument("--role", default="owner", choices=["viewer", "trader", "risk", "admin", "owner"])
    pairing.add_argument("--scope", default="all", help="all, aliases joined by commas, a group, or #tag")
    auditing = words.add_parser("audit", help="check the record of what people asked, or write it as CSV")
    auditing.add_argument("--rows", type=int, metavar="N", help="show the head that stood when there were N rows")
    auditing.add_argument("--csv", type=Path, metavar="FILE", help="write every row there")
    words.add_parser("doctor", help="test the connection to each platform of desk.toml")
    return parser


async def serve(settings: Settings, given: argparse.Namespace) -> int:
    """Serve the platforms, those alone that answer where there is a welcome."""
    from bot.app import SystemClock, run

    script, clock, codes = _script(given.script), SystemClock(), None
    if given.welcome:
        from bot.welcome import welcome

        settings, codes = await welcome(settings, _tell, clock, is_headless=given.headless, beside=given.beside)
        sys.stdout.write("\n")
    return await run(settings, script=script, clock=clock, is_headless=given.headless, codes=codes)


def _tell(text: str) -> None:
    """Print a line, broken between words alone, so that a code or a link stays whole."""
    width = shutil.get_terminal_size().columns
    lines = textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def pair(settings: Settings, given: argparse.Namespace) -> int:
    """Print a pairing code: for a new person, or for a further platform of one who is known."""
    from bot.app import SystemClock
    from bot.core.access import Grant
    from bot.core.role import RoleWord, role_of
    from bot.runtime.controller import local_person
    from bot.runtime.people.people import PAIR_TTL, People
    from bot.storage.database import Database
    from bot.storage.people import PeopleStore

    people = People(PeopleStore(Database(settings.database)), SystemClock(), local_person("desk", "local"))
    known = next((one for one in people.everybody() if one.person.name.lower() == given.name.lower()), None)
    grant = Grant(role=role_of(RoleWord(given.role)), scope=given.scope)
    code = people.invite(given.name, grant, "local", known.person.id if known is not None else "")
    who = f"{given.name}, on a further platform" if known else f"{given.name}, {given.role} on {given.scope}"
    minutes = PAIR_TTL.seconds // 60
    sys.stdout.write(f"{code}\n")
    sys.stderr.write(f"For {who}: once, within {minutes} minutes. Write to the bot in private:  pair {code}\n")
    return 0


def audit(settings: Settings, given: argparse.Namespace) -> int:
    """Check the whole record; 1 where a row was changed or is missing."""
    from bot.storage.audit import AuditStore
    from bot.storage.database import Database

    store = AuditStore(Database(settings.database))
    if given.csv is not None:
        try:
            given.csv.write_text(store.csv(), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{given.csv} cannot be written: {error.strerror}") from None
        sys.stdout.write(f"{given.csv}\n")
    if given.rows is not None:
        sys.stdout.write(f"--  head of {given.rows} rows: {store.head_at(given.rows) or 'there are not so many'}\n")
    fault, (number, head) = store.fault(), store.head()
    today = datetime.now().astimezone()
    said = f"!!  {fault}" if fault else f"ok  {number} rows, unbroken"
    sys.stdout.write(f"{said}\n--  head {head} at {today:%Y-%m-%d %H:%M %Z}\n")
    return 1 if fault else 0


async def doctor(settings: Settings) -> int:
    """Try each platform that has a table; 1 where something must be mended."""
    _desktop(settings)
    is_well = await _heartbeat(settings)
    for name in PLATFORMS:
        if name not in settings.chats:
            sys.stdout.write(f"--  {name}: no [{name}] table in desk.toml; docs/{name}.md says how\n")
            continue
        try:
            spec, options = plug(settings, name)
            findings = await spec.probe(options) if spec.probe is not None else []
        except LockstepError as error:
            sys.stdout.write(f"!!  {name}: {error}\n")
            is_well = False
            continue
        for finding in findings:
            sys.stdout.write(f"{finding.mark}  {name}: {finding.text}\n")
            is_well &= finding.mark != "!!"
    return 0 if is_well else 1


def _desktop(settings: Settings) -> None:
    from bot.config import Noise
    from bot.runtime.vigil.desktop import probe

    if settings.has_desk and settings.chat.desktop is not Noise.OFF:
        found = probe()
        sys.stdout.write(f"{found.mark}  desktop: {found.text}\n")


async def _heartbeat(settings: Settings) -> bool:
    from bot.core.chat import Finding
    from bot.runtime.vigil.heartbeat import probe

    try:
        found = (
            await probe(settings.heartbeat)
            if settings.heartbeat
            else Finding(
                mark="--", text='no [chat] heartbeat = "env:…": nobody outside rings when this computer is dead'
            )
        )
    except ConfigError as error:
        found = Finding(mark="!!", text=str(error))
    sys.stdout.write(f"{found.mark}  heartbeat: {found.text}\n")
    return found.mark != "!!"


def _script(name: str | None) -> list[str] | None:
    if name is None:
        return None
    if name == "-":
        return sys.stdin.read().splitlines()
    try:
        return Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--script {name} cannot be read: {error}") from None


if __name__ == "__main__":
    sys.exit(main())

"""The terminal's settings: kept before a program takes them over, given back when it could not do so itself."""

import sys
from collections.abc import Callable
from contextlib import suppress


def kept(file: int = 0) -> Callable[[], None]:
    """Keep the settings of the terminal ``file``; the answer gives them back.

    A console that is killed leaves its terminal raw: no echo, and a Ctrl-C that reaches nobody. Where the system has no such
    settings, and where there is no terminal, nothing is kept and nothing given back.
    """
    if sys.platform == "win32":
        return _nothing
    import termios

    try:
        settings = termios.tcgetattr(file)
    except (termios.error, OSError):
        return _nothing

    def give_back() -> None:
        with suppress(termios.error, OSError):  # the terminal may be gone
            termios.tcsetattr(file, termios.TCSANOW, settings)

    return give_back


def _nothing() -> None:
    pass

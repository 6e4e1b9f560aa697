"""One line of a console script: a command as it is typed, a wait, or something to say."""

import re

from engine.api import LockstepError, Value

WAITS = ("proven", "copy", "flat", "engine", "copying")
WAIT_S = 20.0
_SECONDS = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)s")


class StepError(LockstepError):
    """A script line makes no sense; the line says why."""


class Step(Value, frozen=True):
    """What to do next; exactly one of the first four is set."""

    line: str = ""  # type this
    say: str = ""  # print this
    wait: str = ""  # wait until this is true
    seconds: float = 0.0  # let this much time pass
    timeout_s: float = WAIT_S


def read_step(text: str) -> Step | None:
    """Read one line; None for a blank line or a remark.

    ``wait proven``, ``wait copy 5s`` (the last word bounds the wait), ``wait 2s``, ``say words``, ``# remark``.
    """
    text = text.strip()
    if not text or text.startswith("#"):
        return None
    verb, _, rest = text.partition(" ")
    if verb == "say":
        return Step(say=rest.strip() or " ")
    if verb != "wait":
        return Step(line=text)
    words = rest.split()
    spans = [float(match.group(1)) for word in words if (match := _SECONDS.fullmatch(word))]
    names = [word for word in words if word in WAITS]
    if len(spans) + len(names) != len(words) or len(names) > 1 or len(spans) > 1 or not words:
        raise StepError(f"wait for what? {', '.join(WAITS)}, or a time like 2s")
    if not names:
        return Step(seconds=spans[0])
    return Step(wait=names[0], timeout_s=spans[0] if spans else WAIT_S)

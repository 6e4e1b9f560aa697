"""Answer: what a person means who answers an alert's card: a closed list of words, each the very line that they would type."""

import re
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from bot.core.alert import Ending, Labels
from bot.core.alertgroup import Group
from bot.core.command import Choice
from bot.core.taxonomy import ADOPT, FIX, kind_of
from engine.api import AccountView, Value

SHAPES = (
    *("ack 20", "on it", "mine", "half", "pause 30", "close", "flatten", "off today", "off", "on", "resume"),
    *("adopt", "fix", "accept", "ignore 1h", "snooze 30", "resolve why"),
)
ALWAYS = ("why", "note words")
SPOKEN = ("note words", "resolve why")  # stand for words of one's own
IGNORED = "1h"
MOST = 18  # accounts that are offered one by one

_NAME = re.compile(r"[aA]-?([1-9]\d{0,8})")
_MINUTES = re.compile(r"0*([1-9]\d{0,3})")
_SPAN = re.compile(r"\d{1,4}h(?:\d{1,5}m)?|\d{1,5}m|eod")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_ACCEPTS = {"rogue.leader": "/approve {}", "entry.offer": "/take {}"}
_IGNORES = {"rogue.leader": "/refuse {}", "entry.offer": "/leave {}"}


class Spot(Value, frozen=True):
    """Whom of an alert an act may concern: an account or a group, and the symbol that the alert names."""

    scope: str
    symbol: str = ""
    is_group: bool = False

    @property
    def label(self) -> str:
        """As a button shows it."""
        return f"{self.scope} {self.symbol}".strip()


class Topic(Value, frozen=True):
    """One alert, as far as words about it are concerned."""

    name: str
    code: str
    spots: tuple[Spot, ...] = ()
    ref: str = ""  # the offer or held trade that it names
    is_over: bool = False


def topic_of(group: Group, views: Sequence[AccountView], seen: frozenset[str] | None = None) -> Topic:
    """The alert with those of its accounts that somebody sees; ``seen`` is None for the whole desk."""
    members = group.live or group.members
    spots = [spot for member in members for spot in _spots(member.labels, group.code, views)]
    named = {view.id: view for view in views}
    shown = [spot for spot in spots if seen is None or spot.scope in seen or spot.scope not in named]
    return Topic(
        name=group.name,
        code=group.code,
        spots=tuple(dict.fromkeys(shown)),
        ref=group.labels.ref or next((member.labels.ref for member in members if member.labels.ref), ""),
        is_over=not group.is_open,
    )


def _spots(labels: Labels, code: str, views: Sequence[AccountView]) -> list[Spot]:
    """A follower is meant itself; a leader, or what the buttons name a group for, means the leader's group."""
    leads = any(view.id == labels.account and view.role == "leader" for view in views)
    by_group = any("{group}" in press.line for press in kind_of(code).presses)
    if labels.group and (leads or by_group):
        return [Spot(scope=labels.group, is_group=True)]
    if labels.account:
        return [Spot(scope=labels.account, symbol=labels.symbol)]
    on_line = [view.id for view in views if view.role == "follower" and view.connection == labels.connection != ""]
    return [Spot(scope=name) for name in on_line]


def split_name(text: str) -> tuple[str, str] | None:
    """``A-12 half`` as the alert's name and the words; None where a line begins with no alert."""
    first, _, rest = text.strip().partition(" ")
    match = _NAME.fullmatch(first)
    return (f"A-{match[1]}", rest.strip()) if match is not None else None


def meant(text: str, topic: Topic) -> tuple[Choice, ...]:
    """The lines that the words may stand for: one, one for each account, or none where no word of the list is meant."""
    words = text.split()
    if words[:2] and [word.lower() for word in words[:2]] == ["on", "it"]:
        return () if topic.is_over else _ack(words[2:], topic, "on it")
    verb = words[0].lower().rstrip(".!,") if words else ""
    if verb not in WORDS or (topic.is_over and verb not in ("why", "note")):
        return ()
    return WORDS[verb](words[1:], topic)


def fitting(topic: Topic) -> tuple[str, ...]:
    """Words that mean something for this alert, as they are typed."""
    if topic.is_over:
        return ALWAYS
    return (*(shape for shape in SHAPES if meant(shape, topic)), *ALWAYS)


# ---- one word each ------------------------------------------------------------------------------------------------


def _time(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The time at the beginning of words, as commands read it, and the rest; a bare number is minutes."""
    first = words[0].lower() if words else ""
    if match := _MINUTES.fullmatch(first):
        return f"{match[1]}m", words[1:]
    if _SPAN.fullmatch(first):
        return first, words[1:]
    if first == "until" and len(words) > 1 and _CLOCK.fullmatch(words[1]):
        return f"until {words[1]}", words[2:]
    return "", words


def _said(words: Sequence[str]) -> str:
    """Words as they stay; a lone question mark at the end would ask for the command's help."""
    return re.sub(r"\s+\?$", "?", " ".join(words)) if any(word != "?" for word in words) else ""


def _one(topic: Topic, *parts: str) -> tuple[Choice, ...]:
    return (Choice(label=topic.name, line=" ".join(filter(None, parts))),)


def _ack(words: Sequence[str], topic: Topic, note: str = "") -> tuple[Choice, ...]:
    is_all = not note and bool(words) and words[0].lower() == "all"
    time, rest = _time(words[1:] if is_all else words)
    said = " ".join(filter(None, (note, _said(rest))))
    return _one(topic, f"/ack {'all' if is_all else topic.name}", time, said)


def _mine(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    time, rest = _time(words)
    return () if rest else _one(topic, f"/ack {topic.name}", time)


def _snooze(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    time, rest = _time(words)
    return _one(topic, f"/snooze {topic.name}", time) if time and not rest else ()


def _ignore(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    if not words and topic.ref and topic.code in _IGNORES:
        return _one(topic, _IGNORES[topic.code].format(topic.ref))
    return _snooze(words or (IGNORED,), topic)


def _note(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    said = _said(words)
    return _one(topic, f"/note {topic.name}", said) if said else ()


def _resolve(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    said = _said(words)
    return _one(topic, f"/resolve {topic.name}", said) if said and kind_of(topic.code).ending is not Ending.DESK else ()


def _why(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    return () if words else _one(topic, f"/alert {topic.name}")


def _accept(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    if topic.code in _ACCEPTS:
        return _one(topic, _ACCEPTS[topic.code].format(topic.ref)) if topic.ref and not words else ()
    return _each(topic, "/sync {} adopt") if not words and ADOPT in kind_of(topic.code).presses else ()


def _pause(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    time, rest = _time(words)
    return () if rest else _each(topic, f"/pause {{}} {time}".rstrip())


def _close(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    return () if words else _each(topic, "/close {}", has_symbol=True)


def _off(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
    if [word.lower() for word in words] == ["today"]:
        return _each(topic, "/pause {} eod")
    return () if words else _each(topic, "/off {}")


def _plain(line: str, *, is_sync: bool = False) -> Callable[[Sequence[str], Topic], tuple[Choice, ...]]:
    """A word that stands alone."""

    def read(words: Sequence[str], topic: Topic) -> tuple[Choice, ...]:
        is_fit = not is_sync or {ADOPT, FIX} & set(kind_of(topic.code).presses)
        return _each(topic, line) if is_fit and not words else ()

    return read


def _each(topic: Topic, line: str, *, has_symbol: bool = False) -> tuple[Choice, ...]:
    """The line for each whom the alert concerns, and one for all of them together."""
    spots = tuple(dict.fromkeys(spot if has_symbol else replace(spot, symbol="") for spot in topic.spots))
    found = [Choice(label=spot.label, line=f"{line.format(spot.scope)} {spot.symbol}".rstrip()) for spot in spots]
    if len({spot.symbol for spot in spots}) == 1 < len(spots) and not any(spot.is_group for spot in spots):
        together = ",".join(spot.scope for spot in spots)
        all_of_them = f"{line.format(together)} {spots[0].symbol}".rstrip()
        return (*found[:MOST], Choice(label=f"all {len(spots)}", line=all_of_them))
    return tuple(found[:MOST])


WORDS: dict[str, Callable[[Sequence[str], Topic], tuple[Choice, ...]]] = {
    "ack": _ack,
    "mine": _mine,
    "half": _plain("/size {} half"),
    "close": _close,
    "flatten": _plain("/flatten {}"),
    "pause": _pause,
    "resume": _plain("/resume {}"),
    "off": _off,
    "on": _plain("/on {}"),
    "why": _why,
    "adopt": _plain("/sync {} adopt", is_sync=True),
    "fix": _plain("/sync {} copy", is_sync=True),
    "snooze": _snooze,
    "note": _note,
    "resolve": _resolve,
    "accept": _accept,
    "ignore": _ignore,
}

"""A card's words as Discord markdown, within what one message takes, and one way out for every outsider's word.

What does not fit is never cut inside a code block: it goes into a file, and the message says so.
"""

import re
from collections.abc import Iterable

from bot.core.card import Card, ages, body_lines, one_line, table_lines
from engine.api import Value

TEXT = 4000
MOST_RINGS = 20
MORE = "-# … the rest is in card.txt"
_SIGNS = re.compile(r"([\\*_~`|<>#\[\]()@:])")
_START = re.compile(r"^(\s*)([-+]|\d+(?=\.))")


def escape(text: str) -> str:
    """``text`` as words only: nothing in it is markup, a mention or a time. The one way by which text gets in."""
    clean = "".join(sign if sign.isprintable() else " " for sign in text).rstrip()
    marked = _SIGNS.sub(r"\\\1", clean).replace("@", "@\u200b")
    return _START.sub(_at_start, marked)


def _at_start(found: re.Match[str]) -> str:
    """No list: a bullet is escaped before it, a number after it, before its dot."""
    lead, sign = found.groups()
    return f"{lead}\\{sign}" if sign in "-+" else f"{lead}{sign}\u200b"


def code(lines: Iterable[str]) -> str:
    """Lines of a table, inside of which nothing is markup; they cannot end the block."""
    return "\n".join(lines).replace("`", "`\u200b").replace("@", "@\u200b")


def units(text: str) -> int:
    """Length, counted the longer way."""
    return len(text) + sum(sign > "\uffff" for sign in text)


class Block(Value, frozen=True):
    """Lines that stand together in one text of the message."""

    lines: tuple[str, ...]
    before: str = ""
    after: str = ""

    @property
    def content(self) -> str:
        """As it is sent."""
        return self.before + "\n".join(self.lines) + self.after


class Words(Value, frozen=True):
    """The texts of a message in their order, and all of it plain where it was too long."""

    texts: tuple[str, ...]
    overflow: str = ""


def words(card: Card, rings: Iterable[str] = (), note: str = "", limit: int = TEXT) -> Words:
    """The card's texts in at most ``limit`` units; ``rings`` are user ids to be called, ``note`` a last line of ours."""
    blocks = list(_blocks(card))
    tail = _tail(card, rings, note)
    room = limit - sum(units(text) for text in tail)
    if sum(units(block.content) for block in blocks) <= room:
        return Words(texts=(*(block.content for block in blocks), *tail))
    kept = _fit(blocks, room - units(MORE))
    whole = "\n".join([one_line(card.title), *body_lines(card)])
    return Words(texts=(*(block.content for block in kept), MORE, *tail), overflow=whole)


def _blocks(card: Card) -> Iterable[Block]:
    yield Block(lines=(escape(one_line(card.title)) or "·",), before="### ")
    lines = tuple(map(escape, card.lines))
    if any(lines):
        yield Block(lines=lines)
    if card.table is not None:
        yield Block(lines=tuple(map(_code_line, table_lines(card.table))), before="```\n", after="\n```")
    if card.fields:
        yield Block(
            lines=tuple(f"{escape(one_line(label))}: {escape(one_line(value))}" for label, value in card.fields)
        )
    if card.footer:
        yield Block(lines=(escape(one_line(card.footer)),), before="-# ")


def _code_line(line: str) -> str:
    return code((line,))


def _tail(card: Card, rings: Iterable[str], note: str) -> tuple[str, ...]:
    """What is never left out: how old it is, growing by itself, who is called, and our own remark."""
    stamp = (f"-# {ages(card)} <t:{int(card.stamp.timestamp())}:R>",) if card.stamp is not None else ()
    called = " ".join(f"<@{user}>" for user in ring_ids(rings))
    return tuple(filter(None, (*stamp, called, f"-# {note}" if note else "")))


def ring_ids(rings: Iterable[str]) -> list[int]:
    """Users that may be called: numbers, and not too many."""
    return [int(user) for user in rings if user.isascii() and user.isdigit()][:MOST_RINGS]


def _fit(blocks: Iterable[Block], room: int) -> list[Block]:
    """As much from the beginning as has room, cut between lines; a first line longer than everything is cut itself."""
    kept: list[Block] = []
    for block in blocks:
        room -= units(block.before) + units(block.after)
        lines: list[str] = []
        for line in block.lines:
            if units(line) + 1 > room:
                room = -1
                break
            lines.append(line)
            room -= units(line) + 1
        if lines:
            kept.append(Block(lines=tuple(lines), before=block.before, after=block.after))
        if room <= 0:
            break
    return kept or [Block(lines=("·",))]

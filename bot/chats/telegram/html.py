"""A card as Telegram HTML: whole blocks within the length that one message takes, and one way out for every outsider's word.

Lengths count as Telegram does: after the markup was read, in UTF-16 units. What does not fit is never cut inside a tag: it
goes into a file, and the message says so.
"""

from collections.abc import Iterable
from datetime import UTC

from bot.core.card import Card, ages, one_line, table_lines
from engine.api import Value

TEXT = 4096
CAPTION = 1024
ENTITIES = 100
TALL = 24  # lines beyond these are folded away
MORE = "… the rest is in the file"
_TAIL = len(MORE) + 1


def escape(text: str) -> str:
    """``text`` as words only: nothing in it can be markup. The one way by which text gets into a message."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text) + sum(sign > "\uffff" for sign in text)


class Block(Value, frozen=True):
    """Lines that stand together, inside one tag or none."""

    lines: tuple[str, ...]
    tag: str = ""
    is_folded: bool = False

    def html(self) -> str:
        """With markup."""
        text = escape("\n".join(self.lines))
        if self.is_folded:
            return f"<blockquote expandable>{text}</blockquote>"
        return f"<{self.tag}>{text}</{self.tag}>" if self.tag else text

    def words(self) -> str:
        """Without."""
        return "\n".join(self.lines)


class Layout(Value, frozen=True):
    """A card as it is sent: with markup, without, and whole as a file where it is too long for one message."""

    html: str
    words: str
    overflow: str = ""


def layout(card: Card, limit: int = TEXT, rings: Iterable[str] = (), lead: str = "") -> Layout:
    """The card in at most ``limit`` units; ``rings`` are user ids to be called, ``lead`` is said before everything."""
    blocks = list(_blocks(card, lead))
    tail_html, tail_words = _tail(card, tuple(rings))
    room = limit - units(tail_words)
    whole = "\n".join(block.words() for block in blocks)
    if units(whole) <= room:
        kept, overflow = blocks, ""
    else:
        kept, overflow = _fit(blocks, room - _TAIL), whole
        kept.append(Block(lines=(MORE,), tag="i"))
    return Layout(
        html="\n".join(block.html() for block in kept) + tail_html,
        words="\n".join(block.words() for block in kept) + tail_words,
        overflow=overflow,
    )


def _blocks(card: Card, lead: str) -> Iterable[Block]:
    if lead:
        yield Block(lines=(lead,), tag="i")
    yield Block(lines=(_clean(card.title) or "·",), tag="b")
    lines = [_clean(line) for line in card.lines]
    if lines[:TALL]:
        yield Block(lines=tuple(lines[:TALL]))
    if lines[TALL:]:
        yield Block(lines=tuple(lines[TALL:]), is_folded=True)
    if card.table is not None:
        yield Block(lines=tuple(table_lines(card.table)), tag="pre")
    if card.fields:
        yield Block(lines=tuple(_clean(f"{one_line(label)}: {one_line(value)}") for label, value in card.fields))
    if card.footer:
        yield Block(lines=(_clean(card.footer),), tag="i")


def _clean(text: str) -> str:
    """Printable signs alone, and nobody called: no outsider turns the direction of writing or rings at somebody's."""
    return "".join(sign if sign.isprintable() else " " for sign in text).rstrip().replace("@", "@\u200b")


def _fit(blocks: Iterable[Block], room: int) -> list[Block]:
    """As much from the beginning as has room, cut between lines; a line longer than everything is cut itself."""
    kept: list[Block] = []
    for block in blocks:
        lines: list[str] = []
        for line in block.lines:
            if units(line) + 1 > room:
                if not kept and not lines:
                    lines.append(_cut(line, room - 1))
                room = -1
                break
            lines.append(line)
            room -= units(line) + 1
        if lines:
            kept.append(Block(lines=tuple(lines), tag=block.tag, is_folded=block.is_folded))
        if room < 0:
            break
    return kept


def _cut(line: str, room: int) -> str:
    while units(line) > room - 1:
        line = line[: len(line) - max(1, (units(line) - room + 1) // 2)]
    return line + "…"


def _tail(card: Card, rings: tuple[str, ...]) -> tuple[str, str]:
    """How old it is, growing by itself, and who is called: the tags with values of their own."""
    html, words, stamp = "", "", card.stamp
    if stamp is not None:
        said = f"{stamp.astimezone(UTC):%H:%M:%S} UTC"
        html += f'\n{ages(card)} <tg-time unix="{int(stamp.timestamp())}" format="r">{said}</tg-time>'
        words += f"\n{ages(card)} {said}"
    called = [user for user in rings if user.isascii() and user.isdigit()][: ENTITIES // 2]
    if called:
        html += "\n" + " ".join(f'<a href="tg://user?id={user}">🔔</a>' for user in called)
        words += "\n" + " ".join("🔔" for _ in called)
    return html, words

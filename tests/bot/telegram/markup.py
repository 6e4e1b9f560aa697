"""Telegram's reading of HTML, as strict as the service: what it does not know is refused, not shown."""

import re

TAGS = {
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "code",
    "pre",
    "a",
    "tg-spoiler",
    "tg-time",
    "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TAG = re.compile(r'<(/?)([a-z-]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>')
_ENTITY = re.compile(r"&(?:#(\d+)|([a-z]+));")
NEEDED = {"a": "href=", "tg-time": "unix="}


class MarkupError(Exception):
    """What the service would say."""


def read(html: str) -> tuple[str, int]:
    """The words, and how many entities mark them."""
    text, stack, count, place = "", [], 0, 0
    while place < len(html):
        sign = html[place]
        if sign == "<":
            match = _TAG.match(html, place)
            if match is None:
                raise MarkupError(f"unexpected start tag at byte offset {place}")
            closing, name, rest = match.groups()
            if name not in TAGS:
                raise MarkupError(f'unsupported start tag "{name}" at byte offset {place}')
            if closing:
                if not stack or stack.pop() != name:
                    raise MarkupError(f"unexpected end tag at byte offset {place}")
            else:
                if NEEDED.get(name, "") not in rest:
                    raise MarkupError(f"tag {name} lacks {NEEDED[name]}")
                if {"pre", "code"} & set(stack):
                    raise MarkupError(f"nothing nests inside pre and code at byte offset {place}")
                if name == "blockquote" and name in stack:
                    raise MarkupError("blockquotes do not nest")
                stack.append(name)
                count += 1
            place = match.end()
        elif sign == "&":
            match = _ENTITY.match(html, place)
            if match is None or (match[2] and match[2] not in NAMED):
                raise MarkupError(f"bad entity at byte offset {place}")
            text += chr(int(match[1])) if match[1] else NAMED[match[2]]
            place = match.end()
        elif sign == ">":
            raise MarkupError(f"bare > at byte offset {place}")
        else:
            text, place = text + sign, place + 1
    if stack:
        raise MarkupError(f'can\'t find end tag corresponding to start tag "{stack[-1]}"')
    return text, count

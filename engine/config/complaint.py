"""What a wrong setting is told: msgspec's complaint becomes a line that says what to write instead."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

_AT = re.compile(r"(?s)(.*?)(?: - at `(key in )?\$(.*)`)?")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "str": 'text in "quotes"',
    "bool": "true or false",
    "array": "a list [ … ]",
    "object": "a table { … }",
    "null": "nothing",
    "datetime": "a date",
}


def complain(error: msgspec.ValidationError, type_: Any, raw: object) -> tuple[str, str]:
    """Key and fault of a value that does not fit ``type_``: ("sizing.mode", 'unknown "x"; write one of …')."""
    match = _AT.fullmatch(str(error))
    text, path = (match[1], match[3] or "") if match else (str(error), "")
    key = path.lstrip(".").replace("[...]", "")
    here, value = _walk(type_, raw, path)
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", text, re.DOTALL):
        return key, unknown(found[1], sorted(_fields(here, value)))
    if found := re.fullmatch(r"Object missing required field `(.*)`", text):
        choice = _tags(here)
        return key, f'the key "{found[1]}" is missing' + (f"; write one of: {', '.join(choice)}" if choice else "")
    if found := re.fullmatch(r"Invalid (?:enum )?value (.*)", text, re.DOTALL):
        choice = _choices(type_, raw, path) or sorted(str(word) for word in _words_of(here))
        return key, f"unknown value {found[1].strip()}" + (f"; write one of: {', '.join(choice)}" if choice else "")
    if found := re.fullmatch(r"Expected `(.*)`, got `(.*)`", text):
        wanted = " or ".join(_WORDS.get(word.strip(), word.strip()) for word in found[1].split("|"))
        return key, f"write {wanted}, not {_WORDS.get(found[2], found[2])}"
    return key, "write a number" if text == "Invalid decimal string" else text[:1].lower() + text[1:]


def unknown(name: str, known: list[str]) -> str:
    """Complaint about a key that is none of ``known``."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f'did you mean "{close[0]}"?' if close else f"known here: {', '.join(known)}"
    return f'the key "{name[:40]}" is unknown; {hint}'


def _walk(type_: Any, raw: object, path: str) -> tuple[Any, object]:
    """Follow ``path`` through the type and the raw value side by side."""
    for step, index in re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", path):
        type_ = _member(type_, raw)
        if step:
            type_ = get_type_hints(type_).get(step, Any) if isinstance(type_, type) else Any
            raw = raw.get(step) if isinstance(raw, dict) else None
        else:
            arguments = get_args(type_)
            type_ = arguments[-1 if get_origin(type_) is dict else 0] if arguments else Any
            raw = raw[int(index)] if isinstance(raw, list) and index != "..." and int(index) < len(raw) else None
    return type_, raw


def _members(type_: Any) -> tuple[Any, ...]:
    return get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)


def _structs(type_: Any) -> list[type[msgspec.Struct]]:
    return [kind for kind in _members(type_) if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]


def _member(type_: Any, raw: object) -> Any:
    """The one struct of a union that the raw table's tag picks."""
    structs = _structs(type_)
    if not structs:
        return type_
    for struct in structs:
        config = struct.__struct_config__
        if isinstance(raw, dict) and config.tag_field is not None and raw.get(config.tag_field) == config.tag:
            return struct
    return structs[0]


def _fields(type_: Any, raw: object) -> set[str]:
    struct = _member(type_, raw)
    if not (isinstance(struct, type) and issubclass(struct, msgspec.Struct)):
        return set()
    return set(struct.__struct_fields__) | ({struct.__struct_config__.tag_field or ""} - {""})


def _tags(type_: Any) -> list[str]:
    return [str(kind.__struct_config__.tag) for kind in _structs(type_) if kind.__struct_config__.tag is not None]


def _choices(type_: Any, raw: object, path: str) -> list[str]:
    """Tags of the union whose tag field the path's last step names."""
    above, _, last = path.rpartition(".")
    here, _ = _walk(type_, raw, above)
    return _tags(here) if any(kind.__struct_config__.tag_field == last for kind in _structs(here)) else []


def _words_of(type_: Any) -> Iterator[object]:
    for kind in _members(type_):
        if get_origin(kind) is Literal:
            yield from get_args(kind)
        elif isinstance(kind, type) and issubclass(kind, Enum):
            yield from (word.value for word in kind)

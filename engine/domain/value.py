"""Value: what is stored or sent and never changes; Setting: one that a person writes; Stamped: one with the time of seeing."""

from datetime import datetime
from typing import Any, dataclass_transform

import msgspec


class _KeywordOnly(msgspec.StructMeta):
    """Fields by keyword in every subclass: msgspec itself asks for ``kw_only`` anew in each."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, kw_only: bool = True, **config: Any
    ) -> type:
        return super().__new__(cls, name, bases, namespace, kw_only=kw_only, **config)


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Value(msgspec.Struct, frozen=True, metaclass=_KeywordOnly):
    """A fact, wish or measure."""


class Setting(Value, frozen=True, forbid_unknown_fields=True):
    """A Value that a person writes: an unknown key is an error, so that a typo cannot pass."""


class Stamped(Value, frozen=True, tag=True, array_like=True):
    """A Value of the journal. Arrays on the wire: fields are only ever added at the end, with a default."""

    at: datetime  # aware UTC, when a shell saw it

"""Value: what is stored or sent, and never changes after it is built."""

from typing import dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, wish or measure."""

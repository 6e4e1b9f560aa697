"""Value: what is stored or sent and never changes; Stamped: a Value with the time at which a shell saw it."""

from datetime import datetime
from typing import dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, wish or measure."""


class Stamped(Value, frozen=True, tag=True, array_like=True):
    """A Value of the journal. Arrays on the wire: fields are only ever added at the end, with a default."""

    at: datetime  # aware UTC, when a shell saw it

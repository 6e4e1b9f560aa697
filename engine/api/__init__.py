"""The public face of the engine: all that the bot may import. The client stands in ``engine.api.client``."""

from engine.api.notices import ActTold, CopyTold, Message, Notice, Snapshot, StatusTold, Told
from engine.api.requests import ActAsk, Ask, CloseAsk, FlattenAsk, PauseAsk, RepairAsk, ResumeAsk, SizeAsk, SyncAsk
from engine.api.views import (
    AccountState,
    AccountView,
    ActLine,
    ActState,
    ActView,
    CopyLine,
    CopyView,
    HealthView,
    HoldView,
    LegView,
    LineView,
    OrderView,
    PreviewLine,
    PreviewView,
    Refusal,
    StatusView,
)
from engine.domain.command import Rejoin
from engine.domain.contract import PRODUCTS, month_of, root_of
from engine.domain.decision import Severity
from engine.domain.ids import AccountId, GroupId, Root, Symbol
from engine.domain.value import Value
from engine.errors import ConfigError, LockstepError

__all__ = [
    "PRODUCTS",
    "AccountId",
    "AccountState",
    "AccountView",
    "ActAsk",
    "ActLine",
    "ActState",
    "ActTold",
    "ActView",
    "Ask",
    "CloseAsk",
    "ConfigError",
    "CopyLine",
    "CopyTold",
    "CopyView",
    "FlattenAsk",
    "GroupId",
    "HealthView",
    "HoldView",
    "LegView",
    "LineView",
    "LockstepError",
    "Message",
    "Notice",
    "OrderView",
    "PauseAsk",
    "PreviewLine",
    "PreviewView",
    "Refusal",
    "Rejoin",
    "RepairAsk",
    "ResumeAsk",
    "Root",
    "Severity",
    "SizeAsk",
    "Snapshot",
    "StatusTold",
    "StatusView",
    "Symbol",
    "SyncAsk",
    "Told",
    "Value",
    "month_of",
    "root_of",
]

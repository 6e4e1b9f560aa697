"""One row a copy, as CSV: columns keep their names and places; new ones come at the end."""

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from engine.report.evidence import CopyRow, Report
from engine.report.shortfall import Cause

COLUMNS = (
    *("trade_date", "at", "copy", "group", "leader", "leader_symbol", "leader_contracts", "leader_price"),
    *("account", "login", "symbol", "mode", "status", "wanted", "sent", "filled", "price", "place", "places"),
    *("decide_ms", "hand_ms", "answer_ms", "fill_ms", "slip_ticks"),
    *("diff_price", "diff_rounding", "diff_cap", "diff_skipped", "diff_refused", "diff_unfilled", "diff_missed"),
    *("diff_bracket", "diff_hand", "diff_settings", "diff_carried", "reason"),
)
_EXACT = Decimal("0.0001")  # account currency; exact parts may be thirds


def write(report: Report, file: Path) -> int:
    """Write the rows; say how many.

    Raises: OSError.
    """
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(_cells(report, row) for row in report.rows)
    return len(report.rows)


def _cells(report: Report, row: CopyRow) -> dict[str, object]:
    return {
        "trade_date": report.day.isoformat(),
        "at": row.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "copy": row.copy,
        "group": row.group,
        "leader": row.leader,
        "leader_symbol": row.leader_symbol,
        "leader_contracts": row.leader_contracts or "",
        "leader_price": _plain(row.leader_price),
        "account": row.account,
        "login": row.login,
        "symbol": row.symbol,
        "mode": row.mode,
        "status": row.status,
        "wanted": row.wanted,
        "sent": row.sent,
        "filled": row.filled,
        "price": _plain(row.price),
        "place": row.place or "",
        "places": row.places or "",
        **{f"{stage}_ms": f"{span:.3f}" for stage, span in row.stages.items()},
        "slip_ticks": _plain(row.slip_ticks),
        **{f"diff_{cause}": _money(part) for cause, part in row.parts.items() if cause is not Cause.FEES},
        "reason": row.reason,
    }


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _money(value: Fraction) -> str:
    exact = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_EXACT)
    return f"{exact.normalize():f}" if exact else "0"

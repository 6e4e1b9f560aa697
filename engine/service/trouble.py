"""Trouble: what is wrong with the engine now, one line each, for a monitor that asks only whether somebody must look."""

import shutil
from pathlib import Path

from engine.service.clerk import Clerk
from engine.storage.tail import segments

STALL_S = 5.0  # the hot process speaks twice a second
LOOP_MS = 1000.0
BEHIND = 5_000  # entries that the views or the database may lack while much happens
LEAST_FREE = 512 * 2**20  # bytes; what the doctor asks for is twice that, and the journal itself needs one more file


def troubles(clerk: Clerk) -> list[str]:
    """What is wrong, the gravest first; empty when all is well."""
    health, folded = clerk.health(), clerk.projection.seq
    pulse, age_s = clerk.projection.pulse, beat_s(clerk)
    found: list[str] = []
    if not clerk.link.is_up:
        found.append("engine: the hot process is away; it is being restarted")
    elif age_s >= STALL_S:
        found.append(f"engine: it has said nothing for {age_s:.0f} s")
    elif health.loop_ms >= LOOP_MS:
        found.append(f"engine: its loop stood still for {health.loop_ms / 1000:.1f} s")
    found += [f"leader: {name} cannot be heard" for name in health.silent]
    found += [f"broker: {one.connection} ({one.broker}) is down: {one.text}" for one in health.lines if not one.up]
    found += [f"account: {name} is set aside after a fault" for name in health.quarantined]
    if pulse is not None and pulse.journal:
        found.append(f"journal: {pulse.journal}")
    if (behind := health.journal_seq - folded) > BEHIND:
        found.append(f"journal: the views are {behind} entries behind")
    if clerk.drain.fault:
        found.append(f"database: {clerk.drain.fault}")
    elif (unstored := health.journal_seq - health.stored_seq) > BEHIND:
        found.append(f"database: it is {unstored} entries behind the journal")
    if (free := shutil.disk_usage(clerk.settings.home).free) < LEAST_FREE:
        found.append(f"disk: {free / 2**20:.0f} MB free; without room for the journal there are no entries, only exits")
    return [" ".join(line.split()) for line in found]


def beat_s(clerk: Clerk) -> float:
    """Seconds since the hot process was heard."""
    return max(0.0, clerk.clock.monotonic() - clerk.beat_at)


def journal_bytes(directory: Path) -> int:
    """Size of the journal's files; one that was pruned meanwhile counts nothing."""
    total = 0
    for _, path in segments(directory):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total

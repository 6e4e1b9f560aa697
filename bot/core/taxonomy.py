"""Taxonomy: one row for every code that may be raised: its group, its waits, its buttons, and what ends it."""

from bot.core.alert import Ending, Kind, Press
from bot.core.card import Look
from engine.api import Value

DESK, HUMAN, FADES, ONCE = Ending.DESK, Ending.HUMAN, Ending.FADES, Ending.ONCE
WHO, POSITION, LINE = ("account",), ("account", "symbol"), ("connection",)
DAY_S = 86_400
ALL = "*"

PAUSE = Press(label="⏸ 15m", line="/pause {account} 15m")
PAUSE_GROUP = Press(label="⏸ Group 15m", line="/pause {group} 15m")
STATUS = Press(label="Status", line="/status")
HEALTH = Press(label="Health", line="/health")
DESYNC = Press(label="Desync", line="/desync")
CLOSE = Press(label="Close it…", line="/close {account} {symbol}", look=Look.DANGER)
FLATTEN = Press(label="Flatten…", line="/flatten {account}", look=Look.DANGER)
FLATTEN_GROUP = Press(label="Flatten…", line="/flatten {group}", look=Look.DANGER)
HALF = Press(label="Half size", line="/size {account} half")
ADOPT = Press(label="Adopt", line="/sync {account} adopt")
FIX = Press(label="Fix…", line="/sync {account} copy")
RESUME = Press(label="Resume…", line="/resume {account}")
RESUME_ALL = Press(label="Resume…", line="/resume all")
OFF = Press(label="Off", line="/off {account}")
COPIES = Press(label="Copies", line="/copies")
ORDERS = Press(label="Orders", line="/orders {account}")
RISK = Press(label="Risk", line="/risk {account}")
REVOKE = Press(label="Revoke", line="/revoke {person}", look=Look.DANGER)
LOCKDOWN = Press(label="Lockdown", line="/lockdown", look=Look.DANGER)
PEOPLE = Press(label="Who may", line="/who")
AUDIT = Press(label="Audit", line="/audit")
OFF_STAYS = Press(label="Keep off", line="/off {account}")
OFF_LINE = Press(label="Off", line="/off {line}")
PAUSE_LINE = Press(label="Pause broker", line="/pause {line} 15m")
ACCOUNTS_LINE = Press(label="List", line="/accounts {line}")
CLOSE_DIFF = Press(label="Close diff…", line="/sync {account} close")
REENTER = Press(label="Re-enter…", line="/sync {account} copy")
RETRY = Press(label="Retry…", line="/sync {account} copy")
ACCEPT = Press(label="Accept", line="/sync {account} adopt")
AGAIN = Press(label="Flatten again…", line="/flatten {account}", look=Look.DANGER)
CALL_LIST = Press(label="Call list", line="/who")
IGNORE = Press(label="Ignore 1h", line="/snooze {alert} 1h", is_calm=True)
FREEZE = Press(label="Freeze", line="/freeze {group} 1h")
AROUND = Press(label="Pause -/+15m", line="/newspause {group}")
RESUME_GROUP = Press(label="Resume…", line="/resume {group}")
NEWS = Press(label="News", line="/news")
UNDO = Press(label="Undo", line="/size {scope} {was}")


def _kind(code: str, word: str, keys: tuple[str, ...], ending: Ending, *presses: Press, **more: object) -> Kind:
    return Kind(code=code, word=word, keys=keys, ending=ending, presses=presses, **more)  # type: ignore[arg-type]  # fields are Kind's own


_ROWS = (
    # limits
    _kind("dd.hard", "DRAWDOWN STOP", WHO, HUMAN, OFF_STAYS, RESUME, RISK, wait_s=2, repeat_s=300, is_mass=True),
    _kind("dd.fail", "NOT PROVEN FLAT", WHO, DESK, CALL_LIST, AGAIN, repeat_s=60),
    _kind(
        "dd.flat", "PROVEN FLAT", WHO, ONCE,
        ends=("dd.fail", "leader.fail"), proves=("dd.hard", "rel.loss", "acct.rule", "news.begin"),
    ),
    _kind("dd.warn", "NEAR A LIMIT", WHO, FADES, HALF, PAUSE, RISK, wait_s=5, fade_s=6 * 3600),
    _kind("dd.blind", "LIMIT NOT MARKED", WHO, FADES, RISK, PAUSE, repeat_s=1800),
    _kind("dd.lifted", "LIMIT LIFTED", WHO, ONCE, ends=("dd.hard", "dd.warn")),
    # what nobody's leader explains
    _kind("rogue.open", "ROGUE TRADE", POSITION, HUMAN, CLOSE, ADOPT, IGNORE, PAUSE, wait_s=3, repeat_s=600),
    _kind("rogue.close", "CLOSED BY OTHERS", POSITION, HUMAN, REENTER, ACCEPT, PAUSE, wait_s=3, repeat_s=600),
    _kind("rogue.order", "ROGUE ORDER", POSITION, FADES, ORDERS, PAUSE, wait_s=3, repeat_s=600),
    _kind("rogue.closed", "ROGUE CLOSED", POSITION, ONCE, ends=("rogue.open", "rogue.stuck")),
    _kind("rogue.stuck", "NOT CLOSED", POSITION, HUMAN, CLOSE, FLATTEN, repeat_s=300),
    _kind("rogue.copier", "ANOTHER COPIER", WHO, HUMAN, STATUS, RESUME, OFF, repeat_s=600),
    _kind(
        "rogue.leader", "LEADER'S ODD TRADE", ("account", "ref"), FADES,
        Press(label="Approve…", line="/approve {ref}"), Press(label="Refuse", line="/refuse {ref}", look=Look.DANGER),
        Press(label="Held", line="/held"), fade_s=1800,
    ),
    _kind("rogue.ended", "HELD TRADE OVER", ("account", "ref"), ONCE, ends=("rogue.leader",)),
    # not as the leader
    _kind("desync.qty", "OUT OF SYNC", ("leader", "symbol"), DESK, FIX, CLOSE_DIFF, DESYNC, PAUSE, wait_s=10, repeat_s=600),
    _kind("desync.orders", "STOP MISSING", WHO, DESK, DESYNC, FLATTEN, wait_s=3, repeat_s=120),
    _kind("desync.over", "IN SYNC AGAIN", POSITION, ONCE, ends=("desync.qty", "desync.orders", "leader.tighten")),
    _kind("copy.reject", "ORDER REFUSED", ("account", "reason"), FADES, RETRY, COPIES, PAUSE, wait_s=5, repeat_s=1800),
    _kind("copy.stopped", "ENTRIES STOPPED", WHO, HUMAN, STATUS, RESUME, OFF, repeat_s=1800),
    _kind("copy.slow", "SLOW COPIES", LINE, FADES, COPIES, HALF, wait_s=30, repeat_s=3600),
    _kind("copy.unmapped", "NOT COPIED", ("symbol",), FADES, COPIES, IGNORE, wait_s=5, repeat_s=3600, fade_s=DAY_S),
    _kind("exit.refused", "EXIT NOT FILLED", POSITION, HUMAN, CLOSE, FLATTEN, repeat_s=120),
    _kind("exit.filled", "EXIT FILLED", POSITION, ONCE, ends=("exit.refused",)),
    _kind("exec.slip", "MORE SLIPPAGE", WHO, FADES, COPIES, wait_s=30),
    _kind("exec.slow", "SLOWER", WHO, FADES, COPIES, wait_s=30),
    _kind("bracket.filled", "BRACKET FILLED", POSITION, FADES, COPIES, wait_s=2),
    _kind("fill.busted", "FILL TAKEN BACK", POSITION, HUMAN, DESYNC, repeat_s=300),
    # leader and lines
    _kind("leader.lost", "LEADER LOST", ("leader",), DESK, FREEZE, PAUSE_GROUP, FLATTEN_GROUP, wait_s=5, repeat_s=300),
    _kind("leader.back", "LEADER BACK", ("leader",), ONCE, ends=("leader.lost",)),
    _kind("leader.flatten", "FLATTENING", ("leader",), FADES, STATUS, wait_s=2, repeat_s=300),
    _kind("leader.flat", "PROVEN FLAT", WHO, ONCE, ends=("leader.fail", "leader.flatten"), proves=("leader.flatten",)),
    _kind("leader.fail", "NOT PROVEN FLAT", WHO, DESK, CALL_LIST, AGAIN, repeat_s=60),
    _kind("leader.tighten", "STOPS PLACED", ("leader",), FADES, STATUS, wait_s=2),
    _kind("broker.down", "BROKER DOWN", LINE, DESK, PAUSE_LINE, ACCOUNTS_LINE, DESYNC, wait_s=5, repeat_s=300),
    _kind("broker.up", "BROKER BACK", LINE, ONCE, ends=("broker.down", "leader.lost", "acct.auth")),
    # accounts
    _kind("acct.auth", "LOGIN REFUSED", LINE, DESK, OFF_LINE, HEALTH, repeat_s=1800),
    _kind("acct.rule", "ACCOUNT RULE", WHO, FADES, PAUSE, FLATTEN, fade_s=6 * 3600),
    _kind("acct.balance", "BALANCE MOVED", WHO, HUMAN, RISK, PAUSE, repeat_s=1800),
    _kind("acct.left", "ACCOUNT TAKEN OUT", WHO, HUMAN, STATUS, repeat_s=300),
    _kind("acct.lock", "BROKER'S LOCK", WHO, HUMAN, STATUS, OFF, repeat_s=1800),
    _kind("acct.free", "NO LOCK ANY MORE", WHO, ONCE, ends=("acct.lock",)),
    _kind("apart.left", "LEFT ALONE", POSITION, HUMAN, CLOSE, repeat_s=600),
    _kind("apart.over", "CONNECTED AGAIN", POSITION, ONCE, ends=("apart.left",)),
    _kind("rel.warn", "COPIES LOSE", WHO, FADES, HALF, PAUSE, fade_s=6 * 3600),
    _kind("rel.loss", "COPIES HAVE LOST", WHO, HUMAN, RISK, STATUS, wait_s=2, repeat_s=600, is_mass=True),
    _kind("entry.missed", "ENTRY MISSED", POSITION, FADES, FIX, DESYNC, wait_s=5, repeat_s=1800),
    _kind(
        "entry.offer", "ENTRY ON OFFER", ("ref",), FADES,
        Press(label="Take", line="/take {ref}"), Press(label="Leave", line="/leave {ref}"), fade_s=900,
    ),
    _kind("entry.over", "OFFER OVER", ("ref",), ONCE, ends=("entry.offer",)),
    _kind("signal", "SIGNAL", POSITION, ONCE),
    # times
    _kind("hours.closed", "HOURS END", WHO, ONCE),
    _kind("hours.opened", "HOURS BEGIN", WHO, ONCE, ends=("acct.rule",)),
    _kind("news.soon", "NEWS SOON", ("group",), FADES, AROUND, IGNORE, NEWS, fade_s=1800),
    _kind("news.begin", "NEWS PAUSE", ("group",), FADES, NEWS, fade_s=3600, wait_s=2),
    _kind("news.end", "NEWS OVER", ("group",), FADES, RESUME_GROUP, ends=("news.soon", "news.begin"), wait_s=2),
    _kind("pause.ending", "PAUSE ENDS SOON", WHO, FADES, PAUSE, RESUME, fade_s=900),
    _kind("pause.ended", "PAUSE OVER", WHO, ONCE, ends=("pause.ending",)),
    # acts, as far as nobody follows them to their proof
    _kind("act.acked", "ACT TAKEN", WHO, ONCE),
    _kind("act.failed", "ACT FAILED", WHO, FADES, STATUS, wait_s=2),
    _kind("act.proven", "ACT PROVEN", WHO, ONCE),
    # people
    _kind("sec.denied", "REFUSED AGAIN", ("who",), FADES, PEOPLE, REVOKE, LOCKDOWN, repeat_s=900, is_mass=True),
    _kind("sec.grant", "RIGHTS CHANGED", ("who", "reason"), FADES, PEOPLE, REVOKE, fade_s=6 * 3600),
    _kind("sec.armed", "NO CODES NEEDED", ("who",), FADES, REVOKE, LOCKDOWN, fade_s=600),
    _kind("sec.breakglass", "BREAK-GLASS", ("ref",), HUMAN, AUDIT, STATUS, REVOKE, is_siren=True),
    _kind("sec.flatten", "FLATTEN WITHOUT A CODE", ("ref",), HUMAN, AUDIT, STATUS, REVOKE, is_siren=True),
    _kind("sec.lockdown", "LOCKDOWN", ("ref",), DESK, PEOPLE, AUDIT, ends=("sec.lockdown",)),
    _kind("ctl.change", "MORE RISK", ("scope",), ONCE, UNDO, STATUS, wait_s=2, fade_s=900),
    # the engine itself
    _kind("eng.crash", "ENGINE NOT ANSWERING", (), DESK, STATUS, HEALTH, wait_s=10, must_last=True, repeat_s=300),
    _kind("eng.deadman", "LEFT ALONE: PAUSED", (), HUMAN, RESUME_ALL, STATUS, repeat_s=1800),
    _kind("eng.back", "ENGINE ANSWERS", (), ONCE, ends=("eng.crash",)),
    _kind("eng.restart", "ENGINE RESTARTED", (), FADES, STATUS, DESYNC, fade_s=1800),
    _kind(
        "eng.slow", "ENGINE SLOW", (), DESK, HEALTH, wait_s=30, must_last=True, repeat_s=3600, ends=("eng.slow",)
    ),
    _kind("eng.clock", "CLOCK MOVED", (), FADES, HEALTH),
    _kind("eng.disk", "JOURNAL NOT WRITTEN", (), DESK, HEALTH, repeat_s=300, ends=("eng.disk",)),
    _kind("eng.guard", "GUARD FAILED", WHO, HUMAN, STATUS, repeat_s=300),
    _kind("eng.quarantine", "QUARANTINE", WHO, HUMAN, FLATTEN, OFF, repeat_s=300, is_mass=True),
    _kind("eng.replica", "VIEWS FAILED", (), FADES, HEALTH, repeat_s=3600),
    # the bot itself
    _kind("bridge.deaf", "PLATFORM DEAF", LINE, DESK, HEALTH, wait_s=5, repeat_s=900),
    _kind("bridge.conflict", "SOMEBODY HAS OUR TOKEN", LINE, DESK, LOCKDOWN, HEALTH, repeat_s=300),
    _kind("bridge.back", "HEARD AGAIN", LINE, ONCE, ends=("bridge.deaf", "bridge.conflict")),
    _kind("beat.failed", "HEARTBEAT NOT HEARD", (), FADES, HEALTH, repeat_s=3600),
    _kind("beat.back", "HEARTBEAT HEARD", (), ONCE, ends=("beat.failed",)),
    _kind("outbox.dead", "NOT DELIVERED", ("reason",), FADES, HEALTH, repeat_s=300),
    _kind("chat.right", "RIGHT MISSING", ("reason",), FADES, HEALTH, fade_s=DAY_S),
    _kind("chat.topic", "TOPIC MADE ANEW", ("reason",), ONCE),
    _kind("storm", "TOO MUCH AT ONCE", ("reason",), FADES, HEALTH, fade_s=600),
    _kind("drill", "DRILL", (), HUMAN, repeat_s=300),
)  # fmt: skip
KINDS = {kind.code: kind for kind in _ROWS}


def kind_of(code: str) -> Kind:
    """The row of a code; a code that is new here is a group of its account that a person ends."""
    return KINDS.get(code) or Kind(code=code, word=code.upper(), keys=("account", "symbol"), ending=HUMAN, repeat_s=600)


class Inhibition(Value, frozen=True):
    """While ``source`` fires, what it explains is held: counted on its card, told where it outlives it.

    A muted code that ends in a dot stands for all that begin so, ``ALL`` for every one; ``spared`` ones are never held.
    The label must be the same, and not empty; a rule without one holds the whole desk. What seems over goes on holding until
    that has proven steady, unless the rule ``lets_go`` at once.
    """

    source: str
    muted: tuple[str, ...]
    label: str
    spared: tuple[str, ...] = ()
    lets_go: bool = False

    def covers(self, code: str) -> bool:
        """Say whether a code is held by it."""
        return _is_one_of(code, self.muted) and not _is_one_of(code, (self.source, *self.spared))


def is_cause(code: str) -> bool:
    """Say whether a code explains others."""
    return code in _CAUSES


def _is_one_of(code: str, words: tuple[str, ...]) -> bool:
    return any(word in (code, ALL) or (word.endswith(".") and code.startswith(word)) for word in words)


INHIBITIONS = (
    Inhibition(
        source="eng.crash", muted=(ALL,), label="", spared=("bridge.", "sec.", "outbox.dead", "drill"), lets_go=True
    ),
    Inhibition(source="broker.down", muted=("desync.", "copy.", "acct.auth"), label="connection"),
    Inhibition(source="leader.lost", muted=("desync.", "copy.", "acct.auth"), label="connection"),
    Inhibition(source="leader.lost", muted=("desync.qty", "copy."), label="leader"),
    Inhibition(source="dd.hard", muted=("dd.warn", "rogue.close"), label="account"),
)
_CAUSES = frozenset(rule.source for rule in INHIBITIONS)

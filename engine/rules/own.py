"""Own: a plan without a firm, whose every value an account gives itself; and the one door to whatever plan an account names."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.domain.terms import Compare
from engine.errors import ConfigError
from engine.rules.pack import overridden, plan_named, rules_of
from engine.rules.plan import Automation, Bracket, Copying, Fact, Grade, News, Permission, Plan, Stage

OWN = "own"
NEVER = date.min  # nobody checked it against a firm's pages
NEEDED = {
    "start_balance": "the balance that it began with, such as 50000",
    "drawdown": "what it may lose in all, such as 2500",
    "mode": 'how the floor follows: "static", "eod_balance", "intraday_equity", ...',
    "dll": 'what it may lose in a day, such as 1000, or "none"',
    "daily_target": 'a profit that ends the day, such as 1500, or "none"',
    "minis": 'most contracts at once, in minis, such as 5, or "none"',
    "zone": 'the zone of its times, such as "America/New_York"',
    "day_start": "when its day begins, such as 18:00:00",
}
"""Values that nobody else can know, with what to write."""
EXAMPLE = (
    'overrides = { start_balance = 50000, drawdown = 2500, mode = "static", dll = 1000, daily_target = "none", '
    'minis = 5, zone = "America/New_York", day_start = 18:00:00 }'
)
_GIVEN: dict[str, Any] = {
    "compare": Compare.TOUCH,  # the stricter reading
    "automation": Automation.ALLOWED,
    "server": Permission.ALLOWED,
    "copying": Copying.ALLOWED,
    "hedging": Permission.ALLOWED,
    "vpn": Permission.ALLOWED,
    "bot_elsewhere": Permission.ALLOWED,
    "bracket": Bracket.FREE,
    "news": News.FREE,
}


def planned(name: str, overrides: Mapping[str, Any], today: date | None = None) -> Plan:
    """The plan that an account names, with its own values.

    Raises: ConfigError, one line for each value that is missing or not right.
    """
    if name != OWN:
        plan = plan_named(name)
        return overridden(plan, overrides, today or plan.checked)
    missing = [f"overrides: {key} is missing: {what}" for key, what in NEEDED.items() if key not in overrides]
    if missing:
        raise ConfigError("\n".join(missing))
    cut_off = overrides.get("cut_off", overrides["day_start"])
    values = {**_GIVEN, "cut_off": cut_off, "flat_by": cut_off, **overrides}
    checked = today or NEVER
    fact = Fact(grade=Grade.OWN, source="overrides in desk.toml", date=checked)
    usual = Fact(grade=Grade.OWN, source="not written", date=checked)
    facts = {key: fact if key in overrides else usual for key in values}
    title, rules = "your own figures", rules_of(values)
    return Plan(name=OWN, firm=OWN, title=title, stage=Stage.FUNDED, checked=checked, rules=rules, facts=facts)

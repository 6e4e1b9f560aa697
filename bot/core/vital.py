"""Vital signs of the bot: its lines to the platforms, its queues, the engine as it hears it; and what of that is trouble."""

from engine.api import Value

DEAF_S = 90.0  # a platform that was not heard for longer brings no commands
UNSENT_S = 30.0  # an urgent card that waits for longer


class PlatformVital(Value, frozen=True):
    """How one platform is reached, and what waits for it."""

    name: str
    heard_s: float | None  # since something was heard from it
    trouble: str = ""  # in its own words
    out: str = ""  # why the newest message did not leave; empty when it did
    waiting: int = 0
    oldest_s: float = 0.0
    urgent_s: float = 0.0  # since when the oldest urgent one waits
    dead: int = 0  # given up since the bot started


class Vitals(Value, frozen=True):
    """Everything at one moment."""

    up_s: float
    is_connected: bool  # the engine's event stream is there
    engine_s: float | None  # since the engine was heard
    platforms: tuple[PlatformVital, ...] = ()

    @property
    def oldest_s(self) -> float:
        """Since when the oldest message waits."""
        return max((one.oldest_s for one in self.platforms), default=0.0)

    @property
    def dead(self) -> int:
        """Messages that were given up."""
        return sum(one.dead for one in self.platforms)

    def is_deaf(self, platform: PlatformVital) -> bool:
        """Say whether nothing comes from a platform for too long; one that never spoke has as long."""
        return (self.up_s if platform.heard_s is None else platform.heard_s) > DEAF_S


def troubles(vitals: Vitals) -> list[str]:
    """What is wrong, one line each, the gravest first; empty when all is well."""
    found: list[str] = []
    if not vitals.is_connected:
        heard = "no answer yet" if vitals.engine_s is None else f"last answer {vitals.engine_s:.0f} s ago"
        found.append(f"engine: it is silent; {heard}")
    for one in vitals.platforms:
        if one.urgent_s > UNSENT_S:
            why = f": {one.out}" if one.out else ""
            found.append(f"{one.name}: an urgent card waits for {one.urgent_s:.0f} s{why}")
    for one in vitals.platforms:
        if vitals.is_deaf(one):
            heard = "never heard" if one.heard_s is None else f"heard {one.heard_s:.0f} s ago"
            found.append(f"{one.name}: {heard}{f'; {one.trouble}' if one.trouble else ''}")
    return [" ".join(line.split()) for line in found]

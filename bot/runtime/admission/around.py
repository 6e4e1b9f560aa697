"""Around: what every part of the controller works with, handed in once."""

from dataclasses import dataclass
from datetime import tzinfo

from bot.core.chat import Clock, Show
from bot.core.command import Engine
from bot.core.dialogue import Dialogue
from bot.runtime.admission.gate import Gate
from bot.runtime.alerting.sentry import Sentry
from bot.runtime.desk.directory import Directory
from bot.runtime.outgoing.fader import Fader
from bot.runtime.people.people import People


@dataclass(frozen=True)
class Around:
    """The engine, the people, the buttons that are out, and the ways to say something."""

    engine: Engine
    people: People
    directory: Directory
    dialogue: Dialogue
    gate: Gate
    show: Show
    fader: Fader
    sentry: Sentry
    clock: Clock
    zone: tzinfo

    def zone_of(self, person: str) -> tzinfo:
        """The zone in which somebody reads times: their own, or the desk's."""
        return self.people.zone_of(person) or self.zone

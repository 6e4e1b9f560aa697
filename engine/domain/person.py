"""Person: one door for every command to one follower, and what is looked after because a person was asked or has spoken."""

from engine.domain.act import act
from engine.domain.command import Apart, Disconnect, Leave, Off, On, Skip, Take
from engine.domain.copier import Copier
from engine.domain.decision import Decision
from engine.domain.event import Event, PersonActed
from engine.domain.parting import heard
from engine.domain.relation import relate, watch
from engine.domain.risk import Opposed
from engine.domain.rogue import keep_apart, reach
from engine.domain.state import DeskState
from engine.domain.taking import answer, tend


def carry_out(state: DeskState, copier: Copier, event: PersonActed, opposed: Opposed, out: list[Decision]) -> None:
    """Carry a command out on one follower."""
    reach(copier, event.command)
    match event.command:
        case Take() | Leave():
            answer(state, copier, event, opposed, out)
        case Skip() | Disconnect() | Off() | On():
            relate(copier, event, out)
        case Apart():
            keep_apart(copier, event.key, out)
        case _:
            act(copier, event, opposed, out)
    heard(copier, event, state.fresh_quotes())


def look_after(state: DeskState, copier: Copier, event: Event, out: list[Decision]) -> None:
    """Offers that shrink or end, signals to tell, positions that are apart; after every fact while there are any."""
    tend(state, copier, event, out)
    watch(copier, event.at, out)

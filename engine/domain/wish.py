"""Wish: a person's command on its way to the followers that it names, once for each key."""

from functools import partial

from engine.domain import release
from engine.domain.command import Approve, Refuse, Resize
from engine.domain.copier import Copier, remember
from engine.domain.decision import Decision, Raised, Severity
from engine.domain.event import PersonActed
from engine.domain.fanout import rivals
from engine.domain.gate import Gate
from engine.domain.person import carry_out
from engine.domain.ranks import Ranks
from engine.domain.relation import scale, targets
from engine.domain.release import With
from engine.domain.risk import Opposed
from engine.domain.sizes import Sizes, leader_of
from engine.domain.state import DeskState


class Wishes:
    """Carries commands out over the parts of one desk."""

    def __init__(self, state: DeskState, ranks: Ranks, sizes: Sizes, gate: Gate, run: With) -> None:
        """``run`` runs one follower's step; a fault of ours there stops no other."""
        self._state = state
        self._ranks = ranks
        self._sizes = sizes
        self._gate = gate
        self._run = run

    def hear(self, event: PersonActed, out: list[Decision]) -> None:
        """Carry one out, unless its key is known."""
        state, at = self._state, event.at
        if event.key in state.acts:
            return
        remember(state.acts, event.key)
        state.version += 1
        if isinstance(event.command, Approve | Refuse):
            release.decide(state, self._gate, self._ranks, event, self._run, out)
            return
        for account in event.command.accounts:
            if account not in state.copiers:
                said, severity = f"{account} is no follower of this desk", Severity.P4
                failed = Raised(code="act.failed", severity=severity, text=said, account=account, key=event.key)
                out.append(failed)
                continue
            known = state.copiers[account]
            before, opposed = targets(known), self.opposed(known)
            self._run(account, at, out, partial(carry_out, state, event=event, opposed=opposed, out=out))
            if isinstance(event.command, Resize):
                rearm_now = partial(self._sizes.rearm, at=at, is_forced=True)
                self._run(account, at, out, rearm_now)  # the leader's next fill may be the next fact
                resize = partial(scale, event=event, before=before, opposed=opposed, out=out)
                self._run(account, at, out, resize)

    def opposed(self, copier: Copier) -> Opposed:
        """Who stands against an entry of this follower."""
        book = leader_of(self._state, copier)
        return lambda quantity: rivals(self._state, book.account, quantity) if book else frozenset()

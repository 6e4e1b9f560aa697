"""Entries that wait for a person: size, price run, room left, and how long they still wait."""

from collections.abc import Sequence

from bot.core.card import Card
from bot.core.render.look import age, plain_money, price
from engine.api import OfferView


def offers_card(views: Sequence[OfferView]) -> Card:
    """All open offers, the next to expire first."""
    if not views:
        return Card(title="OFFERS · none open", ref="offers")
    lines = [line for view in views for line in offer_lines(view)]
    return Card(
        title=f"OFFERS · {len(views)} open",
        lines=tuple(lines),
        footer="/take E1 · /take E1 2 · /leave E1",
        ref="offers",
        settled=False,
    )


def offer_lines(view: OfferView) -> list[str]:
    """One offer in three short lines."""
    verb = "BUY" if view.quantity > 0 else "SELL"
    money = "  LIVE" if view.live else ""
    run = "not known" if view.run_ticks is None else f"{view.run_ticks:+d}t" if view.run_ticks else "0t"
    room = f"{view.room_contracts} contracts" if view.room is None else plain_money(view.room)
    lines = [
        f"{view.id} {view.account} {verb} {abs(view.quantity)} {view.symbol}{money}",
        f" leader {price(view.price)} now {price(view.mark)} run {run}",
        f" room {room} · {age(view.left_s)} left",
    ]
    return [*lines, f" not now: {view.barred}"] if view.barred else lines

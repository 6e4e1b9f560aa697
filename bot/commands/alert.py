"""One alert: how it stands and what happened to it."""

import msgspec

from bot.core.command import Command, Desk, Reply, reply
from bot.core.dialogue import Button, Fill
from bot.core.render.alert import group_buttons, group_card, history_card
from bot.core.words import AlertId
from engine.api import Value


class Args(Value, frozen=True):
    """Which one."""

    alert: AlertId


async def run(args: Args, desk: Desk) -> Reply:
    """S11: its card, and its history below."""
    group = desk.alerts.group(args.alert)
    card = msgspec.structs.replace(group_card(group, desk.now, desk.zone), ref="")
    note = Button(label="Note…", key="w", payload=Fill(line=f"/note {group.name}", kind="reason"), form="reason")
    return reply(
        card, history_card(group, desk.alerts.history(group), desk.zone), buttons=(*group_buttons(group), note)
    )


COMMAND = Command(
    name="alert",
    summary="One alert and its history",
    args=Args,
    run=run,
    examples=("/alert A-12", "/alert 12", "alert a12"),
)

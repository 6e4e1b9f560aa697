"""The secret of one-time codes, as a card and as the picture that an authenticator app reads; shown once."""

import io

import segno

from bot.core.card import Card
from bot.core.chat import File


def secret_card(title: str, address: str) -> Card:
    """What to do with it."""
    lines = (
        "Scan it with an authenticator app,",
        "or type this secret into it:",
        address.partition("secret=")[2].partition("&")[0],
        "Shown once. Then write me the code that the app shows: that turns them on.",
    )
    return Card(title=title, lines=lines)


def secret_file(address: str) -> File:
    """The picture."""
    picture = io.BytesIO()
    segno.make(address, error="m").save(picture, kind="png", scale=6, border=3)
    return File(name="codes.png", body=picture.getvalue())

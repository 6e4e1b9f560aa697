"""Pads: number pads for a code that must not stand in a chat where others read; a restart forgets what was tapped."""

import secrets

import msgspec

from bot.core.card import Action, Card, Look
from bot.core.chat import Clock
from bot.core.dialogue import Button, Dialogue, Key
from bot.core.render.people import keypad_card
from bot.core.render.word import refusal_card
from bot.runtime.acting.hand import Hand
from bot.runtime.admission.gate import Place
from engine.api import Value

DIGITS = 6
OVER = "This number pad is over. Ask again."


class _Pad(Value, frozen=True):
    """A number pad that is out."""

    word: str
    actions: tuple[Action, ...]
    digits: str = ""


class Pads:
    """Every number pad that is out."""

    def __init__(self, hand: Hand, dialogue: Dialogue, clock: Clock, ttl_s: float) -> None:
        """``hand`` shows them."""
        self._hand = hand
        self._dialogue = dialogue
        self._clock = clock
        self._ttl_s = ttl_s
        self._pads: dict[str, _Pad] = {}

    async def put(self, place: Place, word: str) -> None:
        """Put one out; ``word`` does as well as a code."""
        name = secrets.token_urlsafe(6)
        keys = [Button(label=digit, key=digit, payload=Key(pad=name, digit=digit)) for digit in "1234567890"]
        keys += [
            Button(label="⌫", key="b", payload=Key(pad=name, digit="<")),
            Button(label="OK", key="o", payload=Key(pad=name, digit="ok"), look=Look.GOOD),
        ]
        actions = self._dialogue.offer(place.seat, keys, now=self._clock.now(), ttl_s=self._ttl_s)
        await self._show(name, _Pad(word=word, actions=actions), place)

    async def tapped(self, key: Key, place: Place) -> str | None:
        """A key: the card shows how many digits stand there, never which.

        Returns: the code that was confirmed; None where it is not.
        """
        pad = self._pads.get(key.pad)
        if pad is None:
            await self._hand.say(place, refusal_card(OVER))
            return None
        if key.digit == "ok":
            return pad.digits
        digits = pad.digits[:-1] if key.digit == "<" else (pad.digits + key.digit)[:DIGITS]
        await self._show(key.pad, msgspec.structs.replace(pad, digits=digits), place)
        return None

    async def clear(self, name: str, place: Place) -> None:
        """The code was wrong: the next one is tapped on the same pad."""
        await self._show(name, msgspec.structs.replace(self._pads[name], digits=""), place)

    async def end(self, name: str, place: Place, said: str) -> None:
        """It is needed no more; its keys go."""
        pad = self._pads.pop(name)
        self._dialogue.close(pad.actions[0].handle)
        await self._hand.say(place, Card(title=said, ref=_ref(name)), is_pad=True)

    async def _show(self, name: str, pad: _Pad, place: Place) -> None:
        self._pads[name] = pad
        card = keypad_card(_ref(name), len(pad.digits), pad.word)
        await self._hand.say(place, msgspec.structs.replace(card, actions=pad.actions), is_pad=True)


def _ref(name: str) -> str:
    return f"pad:{name}"

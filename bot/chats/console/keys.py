"""What a typed key presses: the newest button on the screen that has it."""

from bot.core.card import Action, Card

KEPT = 60


class Keys:
    """Buttons by what a person types for them: the key, or the first word of the label."""

    def __init__(self) -> None:
        self._actions: list[Action] = []

    def learn(self, card: Card) -> None:
        """A card was shown; its buttons are the newest."""
        known = {action.handle for action in self._actions}
        fresh = [action for action in card.actions if action.handle not in known]
        if fresh:
            self._actions = [*self._actions, *fresh][-KEPT:]

    def handle(self, text: str) -> str:
        """The handle that ``text`` presses; empty when it is no key."""
        typed = text.strip().lower()
        for action in reversed(self._actions):
            if typed == action.key:
                return action.handle
        newest = self._newest()
        for action in newest:
            words = action.label.lower().split()
            if words and typed == words[0].strip("/…"):
                return action.handle
        return ""

    def _newest(self) -> list[Action]:
        """The buttons of the newest question: names count only there, so that a verb stays a verb."""
        numbered = [place for place, action in enumerate(self._actions) if action.key == "1"]
        picks = self._actions[numbered[-1] :] if numbered else []
        return [action for action in picks if action.key.isdigit() and not action.label.startswith("/")]

"""Cards as terminal text: the plain lines of a card, coloured where the terminal can."""

from io import StringIO

from rich.console import Console as RichConsole
from rich.text import Text

from bot.core.card import CARD_CELLS, Card, body_lines, button_lines, spread
from engine.api import Severity

TITLES = {Severity.P1: "bold red", Severity.P2: "bold yellow", Severity.P3: "yellow", Severity.P4: "dim"}
SIGNS = {"🟢": "bold green", "🔴": "bold red", "🟠": "bold yellow", "🟡": "bold yellow", "🟥": "bold red", "✔": "green"}
ALARMING = ("REFUSED", "UNCLEAR", "DESYNC", "OFFLINE", "WANT", "PART", "FAILED", "ROGUE", "QUARANTINED", "DOWN")


class Painter:
    """Knows the width and whether there are colours; remembers what was shown, so that an edit prints only the news."""

    def __init__(self, width: int = CARD_CELLS, colour: bool = False) -> None:
        """``width`` is the terminal's; a card never takes more than 40 columns."""
        self.width = width
        self._colour = colour
        self._shown: dict[str, tuple[str, ...]] = {}

    def paint(self, card: Card, *, anew: bool = False) -> str:
        """The card, or what is new in it since it was last shown under its ``ref``; empty for no news without ``anew``."""
        width = min(CARD_CELLS, max(self.width, 20))
        title, body = spread(card.title, width), body_lines(card, width)
        buttons = button_lines(card, width)
        key = (*title, *body)
        if card.ref.startswith(("act:", "copy:", "alert:")):
            before = self._shown.get(card.ref, ())
            self._shown[card.ref] = (*key, *buttons)
            for old in list(self._shown)[:-500]:
                del self._shown[old]
            if before == self._shown[card.ref] and not anew:
                return ""
            if before and not card.ref.startswith("alert:"):
                body = [line for line in body if line not in before]
                buttons = [line for line in buttons if line not in before]
        lines = [self._style(line, self._title_style(card)) for line in title]
        lines += [self._style(line, self._line_style(line)) for line in body]
        lines += [self._style(line, "cyan") for line in buttons]
        text = "\n".join(lines)
        return text if card.brief else text + "\n"

    def say(self, text: str, style: str = "bold") -> str:
        """A line that is no card."""
        return self._style(text, style)

    def _title_style(self, card: Card) -> str:
        if card.severity is not None:
            return TITLES.get(card.severity, "bold")
        return SIGNS.get(card.title[:1], "bold")

    @staticmethod
    def _line_style(line: str) -> str:
        return "yellow" if any(word in line for word in ALARMING) else ""

    def _style(self, line: str, style: str) -> str:
        if not self._colour or not style:
            return line
        out = StringIO()
        rich = RichConsole(file=out, force_terminal=True, color_system="standard", width=400, legacy_windows=False)
        rich.print(Text(line, style=style), end="", soft_wrap=True)
        return out.getvalue()

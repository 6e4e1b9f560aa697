"""A picture of a told story, for the README: some of its chapters as the terminal showed them."""

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 66
CHAPTERS = ("1", "7", "The end")
_HEAD = re.compile(r"── (?:(\d+)\.|(The end))")
_FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)


def picture(lines: Sequence[str], path: Path) -> None:
    """Write the chapters that say most as an SVG that loads nothing from anywhere."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="standard")
    console.print(Text("$ make demo", style="bold"))
    for line in _chosen(lines):
        console.print(Text.from_ansi(line), soft_wrap=True)
    drawn = console.export_svg(title="Lockstep demo")
    path.write_text(_FONT.sub("", drawn).replace("Fira Code", "Menlo, Consolas, DejaVu Sans Mono"), "utf-8")


def _chosen(lines: Sequence[str]) -> Iterator[str]:
    shown = True  # what stands before the first chapter
    for block in lines:
        for line in block.split("\n"):
            if match := _HEAD.match(line):
                shown = (match[1] or match[2]) in CHAPTERS
            if shown or line.startswith("Every follower"):
                yield line

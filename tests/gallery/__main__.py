"""``python -m tests.gallery DIR``: writes pages of sample cards on both platforms, from what the adapters would send.

The text, its markup and the rows of buttons are the adapters' own; the looks around them are drawn after the platforms' apps,
dark as most have them and light. The pictures in docs/img are pages that a browser has drawn 1216 pixels wide.
"""

import asyncio
import base64
import html
import json
import re
import sys
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bot.chats.discord.button import FORMS, Form
from bot.chats.discord.layout import sheet
from bot.chats.telegram.html import layout
from bot.chats.telegram.keyboard import rows
from bot.core.card import Action, Look
from bot.core.chat import Message
from bot.core.veil import bared
from tests.gallery.night import rung, told
from tests.gallery.sample import afternoon

PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 18px; background: {ground}; width: 1180px; columns: 3; column-gap: 18px;
  font: 15px/1.35 "DejaVu Sans", "Noto Color Emoji", sans-serif; color: {ink}; }}
img {{ width: 100%; border-radius: 8px; }} .file {{ font-size: 13px; opacity: .8; margin: 4px 0; }}
.card {{ break-inside: avoid; margin: 0 0 16px; }}
{rules}</style>{cards}"""
TELEGRAM = """
.bubble { background: #182533; border-radius: 12px; padding: 8px 11px; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { font: 13px/1.3 "DejaVu Sans Mono", "Noto Color Emoji", monospace; margin: 4px 0; color: #9fd0ff; }
blockquote { margin: 4px 0; padding-left: 8px; border-left: 3px solid #4fa3e0; color: #b9c7d5; }
.row { display: flex; gap: 5px; margin-top: 5px; }
.key { flex: 1; text-align: center; background: #2b3f55; border-radius: 8px; padding: 7px 4px; font-size: 14px; }
.success { background: #2f7d4f; } .danger { background: #a83b3b; }
"""
DISCORD = """
.box { background: #2b2d31; border-radius: 8px; border-left: 5px solid; padding: 10px 12px; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
h3 { margin: 0 0 4px; font-size: 17px; } .small { font-size: 12px; color: #a3a6aa; }
pre { font: 13px/1.3 "DejaVu Sans Mono", "Noto Color Emoji", monospace; background: #1e1f22; border-radius: 4px;
  padding: 7px; margin: 5px 0; }
hr { border: 0; border-top: 1px solid #45474d; margin: 9px 0; }
.row { display: flex; flex-wrap: wrap; gap: 7px; margin-top: 7px; }
.field { background: #1e1f22; border-radius: 4px; padding: 7px; margin: 4px 0 9px; color: #a3a6aa; min-height: 1.2em;
  flex: 1 1 100%; }
.key { background: #4e5058; border-radius: 8px; padding: 6px 14px; font-size: 14px; }
.s3 { background: #248046; } .s4 { background: #b4373b; } .s1 { background: #5865f2; }
"""
LIGHT = {
    "telegram": """
.bubble { background: #fff; } pre { color: #2b5f8f; } blockquote { color: #52606d; }
.key { background: #d5e3ee; } .success { background: #bfe3cb; } .danger { background: #f1c0c0; }
""",
    "discord": """
.box { background: #f2f3f5; } .field { background: #e3e5e8; color: #5c5e66; } hr { border-color: #d5d7db; }
pre { background: #e3e5e8; } .small { color: #5c5e66; }
.key { background: #d4d7dc; color: #2e3338; } .s3, .s4, .s1 { color: #fff; } .s3 { background: #248046; }
.s4 { background: #b4373b; } .s1 { background: #5865f2; }
""",
}
GROUNDS = {
    ("telegram", "dark"): ("#0e1621", "#f5f5f5"),
    ("telegram", "light"): ("#cfdbe4", "#111"),
    ("discord", "dark"): ("#313338", "#dbdee1"),
    ("discord", "light"): ("#ffffff", "#2e3338"),
}


def telegram(message: Message) -> str:
    """One card as Telegram shows it."""
    text = layout(message.card).html
    text = re.sub(r"<tg-time[^>]*>(.*?)</tg-time>", r"\1", text)
    keys = "".join(f'<div class="row">{"".join(map(_key, row))}</div>' for row in rows(message.card.actions))
    return f'<div class="card">{_files(message)}<div class="bubble">{text}</div>{keys}</div>'


def _files(message: Message) -> str:
    """The pictures that come with a card, and the names of its other files."""
    return "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(file.body).decode()}">'
        if file.body.startswith(b"\x89PNG")
        else f'<div class="file">📎 {html.escape(file.name)}</div>'
        for file in message.files
    )


def _key(action: Action) -> str:
    look = "success" if action.look is Look.GOOD else action.look.value
    return f'<div class="key {look}">{html.escape(action.label)}</div>'


def discord(message: Message) -> str:
    """One card as Discord shows it."""
    (box,) = sheet(message).view.to_components()
    colour = box.get("accent_color") or 0x2ECC71
    inside = "".join(_part(part) for part in box["components"])
    return (
        f'<div class="card"><div class="box" style="border-color: #{colour:06x}">{inside}</div>{_files(message)}</div>'
    )


def _is_discords(message: Message) -> bool:
    return any(action.form == "answer" for action in message.card.actions)


def form(name: str) -> str:
    """A question before a press counts, as Discord opens it."""
    shown: Any = Form("h", name).to_dict()
    fields = "".join(
        f'<div><b>{html.escape(one["label"])}</b></div><div class="field">{html.escape(_blank(one["component"]))}</div>'
        for one in shown["components"]
    )
    return f'<div class="card"><div class="box"><h3>{html.escape(shown["title"])}</h3>{fields}</div></div>'


def _blank(component: Any) -> str:
    return (
        component.get("placeholder") or " ○ ".join(["", *(one["label"] for one in component.get("options", ()))]) or " "
    )


def _part(part: Any) -> str:
    match part["type"]:
        case 10:
            return f'<div class="text">{_markdown(part["content"])}</div>'
        case 14:
            return "<hr>"
        case 1:
            return f'<div class="row">{"".join(map(_control, part["components"]))}</div>'
        case 12 | 13:
            return ""  # its files are drawn beside it
        case _:
            return f'<div class="small">{html.escape(json.dumps(part)[:60])}</div>'


def _control(part: Any) -> str:
    if part["type"] == 2:
        return f'<div class="key s{part["style"]}">{html.escape(part["label"])}</div>'
    words = " · ".join(one["label"] for one in part["options"])
    return f'<div class="field">{html.escape(part["placeholder"])} ▾<br><span class="small">{html.escape(words)}</span></div>'


def _markdown(text: str) -> str:
    found = []
    for place, piece in enumerate(text.split("```")):
        if place % 2:
            found.append(f"<pre>{html.escape(piece.strip(chr(10)))}</pre>")
            continue
        lines = []
        for line in piece.strip("\n").split("\n"):
            plain = re.sub(r"<t:\d+(:\w)?>", "2 seconds ago", line)
            plain = html.escape(re.sub(r"\\([^\w\s])", r"\1", plain))
            plain = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", plain)
            if plain.startswith("### "):
                lines.append(f"<h3>{plain[4:]}</h3>")
            elif plain.startswith("-# "):
                lines.append(f'<span class="small">{plain[3:]}</span>')
            else:
                lines.append(plain)
        found.append("\n".join(lines).replace("</h3>\n", "</h3>"))
    return "".join(found)


async def _main(where: Path) -> None:
    scenes = {"": await afternoon(), "-alerts": await rung(), "-digests": await told()}
    for scene, messages in scenes.items():
        bare = [replace(message, card=bared(message.card)) for message in messages]
        for (name, theme), (ground, ink) in GROUNDS.items():
            draw, rules = (telegram, TELEGRAM) if name == "telegram" else (discord, DISCORD)
            cards = "".join(draw(one) for one in bare if name == "discord" or not _is_discords(one))
            if name == "discord" and scene == "-digests":
                cards += "".join(map(form, FORMS))
            page = PAGE.format(
                ground=ground, ink=ink, rules=rules + (LIGHT[name] if theme == "light" else ""), cards=cards
            )
            (where / f"{name}{scene}{'' if theme == 'dark' else '-light'}.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    asyncio.run(_main(place))

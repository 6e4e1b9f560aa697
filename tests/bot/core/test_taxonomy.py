"""The alert table against the engine: every code that can be raised has its row, and every button is a command."""

import ast
import re
from pathlib import Path

import bot.commands
from bot.core.alert import Labels
from bot.core.command import find, find_commands, split_line
from bot.core.taxonomy import INHIBITIONS, KINDS

ROOT = Path(__file__).resolve().parents[3]
CODE = re.compile(r"[a-z]+\.[a-z]+")
NO_CODES = {  # files, settings, a wire's word
    "api.json", "attended.msgpack", "curve.msgpack", "engine.cli", "journal.db", "pace.msgpack", "recovery.tries",
    "websocket.close",
}  # fmt: skip
TELLERS = {"tell", "_tell", "Raised", "Notice"}


def raised() -> set[str]:
    """Every word in the engine that is a code: looks like one, or is handed to somebody who tells."""
    found: set[str] = set()
    families: set[str] = set()
    for place in ("engine/domain", "engine/service", "engine/report"):
        for path in sorted((ROOT / place).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                    found.add(node.value)
                elif isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if name in TELLERS and node.args and isinstance(node.args[0], ast.Constant):
                        found.add(node.args[0].value)
                    families |= {
                        word.value.value
                        for word in node.keywords
                        if word.arg == "family" and isinstance(word.value, ast.Constant)
                    }
                elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "family" and node.value:
                    families |= {node.value.value} if isinstance(node.value, ast.Constant) else set()
    found |= {f"{family}.{end}" for family in families for end in ("flat", "fail")}
    return {code for code in found if isinstance(code, str) and code not in NO_CODES and not code.startswith("caps.")}


def test_every_code_of_the_engine_has_a_row() -> None:
    codes = raised()
    assert {"dd.hard", "leader.fail", "signal", "desync.qty", "copy.slow", "rogue.leader"} <= codes
    assert not codes - set(KINDS)


def test_every_code_of_the_bot_has_a_row() -> None:
    families = {code.partition(".")[0] for code in KINDS if "." in code}
    found = {
        node.value
        for path in sorted((ROOT / "bot/runtime").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }
    codes = {code for code in found if code.partition(".")[0] in families}
    assert {"eng.crash", "bridge.deaf", "bridge.conflict", "beat.failed", "outbox.dead"} <= codes
    assert not codes - set(KINDS)


def test_every_row_names_codes_and_labels_that_there_are() -> None:
    labels = set(Labels.__struct_fields__)
    for kind in KINDS.values():
        assert set(kind.keys) <= labels
        assert set(kind.ends) <= set(KINDS)
    for rule in INHIBITIONS:
        assert rule.source in KINDS
        assert rule.label in labels | {""}
        assert all(any(rule.covers(code) for code in KINDS) for _ in rule.muted)


def test_whatever_only_the_desk_ends_is_ended_by_something() -> None:
    ended = {code for kind in KINDS.values() for code in kind.ends}
    assert {kind.code for kind in KINDS.values() if kind.ending == "desk"} - ended == set()


def test_every_button_is_a_command() -> None:
    commands = find_commands(bot.commands)
    for kind in KINDS.values():
        for press in kind.presses:
            verb, _ = split_line(press.line)
            assert find(commands, verb) is not None, press.line

"""How the source is written: small, said in words, and pure where it must be."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "bot")
DOMAIN = "engine/domain/"

MAX_MODULE = 400
MAX_FUNCTION = 60

BROAD = {  # where a fault of ours is caught whole; the domain's three: docs/adr/0003-quarantine-inside-the-domain.md
    "engine/runtime/supervisor.py",
    "bot/runtime/incoming/dispatcher.py",
    "bot/runtime/lasting.py",
    "engine/domain/fanout.py",
    "engine/domain/gate.py",
    "engine/runtime/executor.py",
    "engine/domain/desk.py",
}
PURE = {
    "bisect",
    "msgspec",
    "collections",
    "collections.abc",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "itertools",
    "math",
    "re",
    "typing",
    "zoneinfo",
}
FLOATS = {  # file: why a float may stand there; none of them is money, a price or a size
    "engine/domain/event.py": "seconds of a clock jump, which timedelta takes as float",
    "engine/domain/risk.py": "seconds in the words of a refusal",
    "engine/domain/copier.py": "seconds in the words of a refusal",
}
NOT_USED = re.compile(r"(Manager|Helper|Util|Utils|Common|Base|Impl|Data|Info)(?![a-z])|^(process|do)_")
NOT_OURS = {"process_event", "process_bind_param", "process_result_value"}  # names that a library calls
POSIX_ONLY = {"fcntl", "grp", "pwd", "pty", "resource", "termios", "tty", "uvloop", "curses", "readline", "syslog"}
UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pytest\.(skip|xfail)|mark\.(skip|xfail)")


@cache
def sources(*roots: str) -> tuple[Path, ...]:
    found = [path for root in roots for path in sorted((ROOT / root).rglob("*.py")) if "__pycache__" not in path.parts]
    return tuple(found)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def domain() -> tuple[Path, ...]:
    return sources(DOMAIN)


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module


def test_every_module_opens_with_one_sentence_that_says_its_job() -> None:
    wrong = []
    for path in sources(*PACKAGES, "tests"):
        if path.name == "__init__.py" and not path.read_text(encoding="utf-8").strip():
            continue
        first = (ast.get_docstring(tree(path)) or "").partition("\n\n")[0]
        if not first.rstrip().endswith((".", "?")):
            wrong.append(name(path))
    assert not wrong


def test_modules_and_functions_stay_small() -> None:
    wrong = []
    for path in sources(*PACKAGES):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > MAX_MODULE:
            wrong.append(f"{name(path)}: {count} lines")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION:
                    wrong.append(f"{name(path)}:{node.lineno} {node.name}: {length} lines")
    assert not wrong


def test_everything_is_caught_in_few_places_only() -> None:
    broad = set()
    for path in sources(*PACKAGES):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler):
                kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                is_reraised = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
                for kind in kinds:
                    word = kind.id if isinstance(kind, ast.Name) else ""
                    if kind is None or word == "Exception" or (word == "BaseException" and not is_reraised):
                        broad.add(name(path))
    assert broad <= BROAD, broad - BROAD


def test_the_domain_imports_itself_and_what_is_pure() -> None:
    wrong = {
        f"{name(path)}: {module}"
        for path in domain()
        for node in ast.walk(tree(path))
        for module in imported(node)
        if module not in PURE and not module.startswith("engine.domain")
    }
    assert not wrong


def test_the_domain_reads_no_clock_and_prints_nothing() -> None:
    wrong = []
    for path in domain():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                word = ast.unparse(node.func)
                if word.endswith((".now", ".utcnow", ".today")) or word in ("print", "open", "input", "id", "hash"):
                    wrong.append(f"{name(path)}:{node.lineno} {word}")
            elif isinstance(node, ast.AsyncFunctionDef | ast.Await):
                wrong.append(f"{name(path)}:{node.lineno} awaits")
    assert not wrong


def test_the_domain_walks_over_no_set() -> None:
    """The order of a set of words differs from process to process, and with it what is decided."""
    wrong = []
    for path in domain():
        for node in ast.walk(tree(path)):
            loops = [node.iter] if isinstance(node, ast.For | ast.comprehension) else []
            for loop in loops:
                called = loop.func.id if isinstance(loop, ast.Call) and isinstance(loop.func, ast.Name) else ""
                if isinstance(loop, ast.Set | ast.SetComp) or called in ("set", "frozenset"):
                    wrong.append(f"{name(path)}:{loop.lineno}")
    assert not wrong


def test_the_domain_counts_in_decimals_and_integers() -> None:
    wrong = set()
    for path in domain():
        for node in ast.walk(tree(path)):
            is_float = (isinstance(node, ast.Constant) and isinstance(node.value, float)) or (
                isinstance(node, ast.Name) and node.id == "float"
            )
            if is_float and name(path) not in FLOATS:
                wrong.add(f"{name(path)}:{node.lineno}")
    assert not wrong


def test_nothing_is_left_undone() -> None:
    texts = [path for path in sources(*PACKAGES, "tests") if path != Path(__file__).resolve()]
    wrong = [name(path) for path in texts if UNDONE.search(path.read_text(encoding="utf-8"))]
    assert not wrong


def test_names_say_something() -> None:
    wrong = []
    for path in sources(*PACKAGES):
        if NOT_USED.search(path.stem.title().replace("_", "")):
            wrong.append(name(path))
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and NOT_USED.search(node.name)
                and node.name not in NOT_OURS
            ):
                wrong.append(f"{name(path)}:{node.lineno} {node.name}")  # noqa: PERF401  the other rule stands beside it
    assert not wrong


def test_nothing_that_only_posix_has_is_imported_at_the_top() -> None:
    wrong = [
        f"{name(path)}: {module}"
        for path in sources(*PACKAGES)
        for node in tree(path).body
        for module in imported(node)
        if module.partition(".")[0] in POSIX_ONLY
    ]
    assert not wrong


def test_engine_and_bot_call_nothing_that_windows_lacks() -> None:
    lacking = re.compile(
        r"\bos\.(fork|getuid|geteuid|setsid|killpg|getpgid|mkfifo)\(|socket\.AF_UNIX|start_unix_server"
    )
    wrong = [name(path) for path in sources(*PACKAGES) if lacking.search(path.read_text(encoding="utf-8"))]
    assert not wrong


def test_decision_records_have_numbers_of_their_own_and_their_parts() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers)
    for record in records:
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record.name)
        text = record.read_text(encoding="utf-8")
        for part in ("## Context", "## Decision", "## Consequences", "## What we turned down"):
            assert part in text, f"{record.name}: {part}"


def test_what_the_source_cites_exists() -> None:
    cited = re.compile(r"docs/(?:adr/)?[a-z0-9-]+\.md")
    wrong = {
        f"{name(path)}: {link}"
        for path in sources(*PACKAGES, "tests")
        for link in cited.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / link).exists()
    }
    assert not wrong


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_is_a_package(package: str) -> None:
    folders = {path.parent for path in sources(package)}
    assert not [name(folder) for folder in folders if not (folder / "__init__.py").exists()]
    assert sys.version_info >= (3, 11)

"""What a scraper reads: samples by name and labels, and the names that docs/monitoring.md promises."""

import re
from collections.abc import Mapping
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

DOC = Path(__file__).resolve().parents[1] / "docs" / "monitoring.md"
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    """Every sample, parsed as Prometheus' own client parses it."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    """One sample."""
    return samples[name, frozenset(labels.items())]


def labelled(text: str) -> dict[str, set[str]]:
    """Labels of every metric that has samples."""
    return {
        one.name + ("_total" if one.type == "counter" else ""): {label for s in one.samples for label in s.labels}
        - {"le"}
        for one in text_string_to_metric_families(text)
        if one.samples and "process_" not in one.name
    }


def labels_of(heading: str) -> dict[str, set[str]]:
    """The same from the table."""
    found = re.findall(r"^\| `(\w+)`[^|]*\| \w+ \|([^|]*)\|", _table(heading), re.MULTILINE)
    return {name: set(labels.replace(",", " ").split()) for name, labels in found}


def exported(text: str) -> set[tuple[str, str]]:
    """Name and kind of every metric, those that any process has left out."""
    found = {
        (one.name + ("_total" if one.type == "counter" else ""), one.type)
        for one in text_string_to_metric_families(text)
    }
    return {(name, kind) for name, kind in found if "process_" not in name}


def tabled(heading: str) -> set[tuple[str, str]]:
    """The same from the table under a heading of the page."""
    found = re.findall(r"^\| `(\w+)`[^|]*\| (\w+) \|", _table(heading), re.MULTILINE)
    return {(name, kind) for name, kind in found}


def _table(heading: str) -> str:
    return DOC.read_text(encoding="utf-8").partition(f"\n### {heading}\n")[2].partition("\n#")[0]

"""Words about an alert: each is one line of a person's own, and nothing else is ever meant."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.commands
from bot.core.access import Level, Role
from bot.core.alert import Labels
from bot.core.alertgroup import Group, Member, Stage
from bot.core.answer import SHAPES, WORDS, Spot, Topic, fitting, meant, split_name, topic_of
from bot.core.command import find, find_commands, split_line
from bot.core.taxonomy import KINDS
from bot.core.words import Context, Lexicon, Missing, Wrong, parse
from engine.api import AccountView, Severity
from tests.bot.double import account

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
COMMANDS = find_commands(bot.commands)
VIEWS = (account("LEAD-1", "leader"), account("ALPHA"), account("BRAVO"))
LEXICON = Lexicon(accounts=("LEAD-1", "ALPHA", "BRAVO"), groups=("NQ-MAIN",), symbols=("NQZ6", "NQ"))
ROGUE = Topic(name="A-12", code="rogue.open", spots=(Spot(scope="ALPHA", symbol="NQZ6"),))


def lines(text: str, topic: Topic = ROGUE) -> list[str]:
    return [choice.line for choice in meant(text, topic)]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("ack", "/ack A-12"),
        ("Ack 20", "/ack A-12 20m"),
        ("ack 20 on it", "/ack A-12 20m on it"),
        ("ack until 14:45 call", "/ack A-12 until 14:45 call"),
        ("ack all 20", "/ack all 20m"),
        ("On it", "/ack A-12 on it"),
        ("on it 20", "/ack A-12 20m on it"),
        ("mine", "/ack A-12"),
        ("mine 1h", "/ack A-12 1h"),
        ("HALF", "/size ALPHA half"),
        ("half.", "/size ALPHA half"),
        ("close", "/close ALPHA NQZ6"),
        ("flatten", "/flatten ALPHA"),
        ("pause", "/pause ALPHA"),
        ("pause 30", "/pause ALPHA 30m"),
        ("pause 1h30m", "/pause ALPHA 1h30m"),
        ("pause eod", "/pause ALPHA eod"),
        ("resume", "/resume ALPHA"),
        ("off", "/off ALPHA"),
        ("off today", "/pause ALPHA eod"),
        ("on", "/on ALPHA"),
        ("why", "/alert A-12"),
        ("adopt", "/sync ALPHA adopt"),
        ("fix", "/sync ALPHA copy"),
        ("accept", "/sync ALPHA adopt"),
        ("snooze 30", "/snooze A-12 30m"),
        ("ignore", "/snooze A-12 1h"),
        ("ignore 2h", "/snooze A-12 2h"),
        ("note called the firm", "/note A-12 called the firm"),
        ("note is it flat ?", "/note A-12 is it flat?"),
        ("resolve closed by hand", "/resolve A-12 closed by hand"),
    ],
)
def test_a_word_is_the_line_that_a_person_would_type(said: str, line: str) -> None:
    assert lines(said) == [line]


@pytest.mark.parametrize(
    "said",
    [
        *("", "status", "/half", "half it", "half 2", "pause BRAVO", "pause 0", "pause 15 BRAVO", "off tomorrow", "👍"),
        *("close ES", "snooze", "snooze words", "ignore them", "note", "note ?", "resolve", "why not", "flatten all"),
        "on time",
    ],
)
def test_anything_else_is_no_word(said: str) -> None:
    assert lines(said) == []


def test_what_is_over_is_only_read_and_noted() -> None:
    over = Topic(name="A-12", code="rogue.open", spots=ROGUE.spots, is_over=True)
    assert [said for said in (*WORDS, *SHAPES, "note x") if meant(said, over)] == ["why", "note x"]
    assert fitting(over) == ("why", "note words")


def test_several_accounts_are_several_lines_and_one_for_all() -> None:
    mass = Topic(name="A-3", code="dd.hard", spots=(Spot(scope="ALPHA"), Spot(scope="BRAVO")))
    assert lines("pause 30", mass) == ["/pause ALPHA 30m", "/pause BRAVO 30m", "/pause ALPHA,BRAVO 30m"]
    assert lines("ack 20", mass) == ["/ack A-3 20m"]
    unlike = Topic(
        name="A-4", code="rogue.open", spots=(Spot(scope="ALPHA", symbol="NQZ6"), Spot(scope="ALPHA", symbol="ESZ6"))
    )
    assert lines("close", unlike) == ["/close ALPHA NQZ6", "/close ALPHA ESZ6"]
    assert lines("half", unlike) == ["/size ALPHA half"]


def test_offers_and_held_trades_are_taken_and_left_by_their_own_names() -> None:
    held = Topic(name="A-5", code="rogue.leader", ref="H3")
    assert (lines("accept", held), lines("ignore", held)) == (["/approve H3"], ["/refuse H3"])
    offer = Topic(name="A-6", code="entry.offer", ref="E2")
    assert (lines("accept", offer), lines("ignore", offer)) == (["/take E2"], ["/leave E2"])
    assert lines("ignore 1h", offer) == ["/snooze A-6 1h"]
    assert lines("half", offer) == []


def test_what_the_desk_ends_no_word_resolves() -> None:
    assert lines("resolve done", Topic(name="A-7", code="broker.down")) == []
    assert "resolve why" not in fitting(Topic(name="A-7", code="broker.down"))


def group(code: str, *labels: Labels, **more: object) -> Group:
    members = tuple(Member(name=one.account, text="", severity=Severity.P2, at=NOW, labels=one) for one in labels)
    fields = {"id": 12, "key": code, "code": code, "severity": Severity.P2, "opened_at": NOW, "last_at": NOW}
    return Group(**{**fields, "members": members, "labels": labels[0], "stage": Stage.FIRING, **more})  # type: ignore[arg-type]


def spots(one: Group, views: tuple[AccountView, ...] = VIEWS, seen: frozenset[str] | None = None) -> list[str]:
    return [spot.label for spot in topic_of(one, views, seen).spots]


def test_whom_an_alert_concerns_follows_from_its_labels() -> None:
    assert spots(group("rogue.open", Labels(account="ALPHA", symbol="NQZ6", group="NQ-MAIN"))) == ["ALPHA NQZ6"]
    assert spots(group("leader.lost", Labels(account="LEAD-1", leader="LEAD-1", group="NQ-MAIN"))) == ["NQ-MAIN"]
    assert spots(group("broker.down", Labels(connection="sim"))) == ["ALPHA", "BRAVO"]
    assert spots(group("eng.disk", Labels())) == []
    two = group("dd.hard", Labels(account="ALPHA", group="NQ-MAIN"), Labels(account="BRAVO", group="NQ-MAIN"))
    assert spots(two) == ["ALPHA", "BRAVO"]
    assert spots(two, seen=frozenset({"BRAVO"})) == ["BRAVO"]


def test_a_name_at_the_beginning_of_a_line() -> None:
    assert split_name("A-12 ack 20") == ("A-12", "ack 20")
    assert split_name("a12") == ("A-12", "")
    assert split_name("A-0 half") is None
    assert split_name("/A-12 half") is None
    assert split_name("ALPHA half") is None


VERBS = st.sampled_from((*WORDS, *SHAPES, "on it", "ack all", "status", "halt"))
TAILS = st.lists(
    st.sampled_from(("20", "30m", "eod", "until", "14:45", "today", "all", "ALPHA", "?", "/flatten", "x", "1h", "-1")),
    max_size=4,
)
TOPICS = st.builds(
    Topic,
    name=st.just("A-12"),
    code=st.sampled_from(sorted(KINDS)),
    spots=st.sampled_from(
        ((), ROGUE.spots, (Spot(scope="ALPHA"), Spot(scope="BRAVO")), (Spot(scope="NQ-MAIN", is_group=True),))
    ),
    ref=st.just(""),
    is_over=st.booleans(),
)
MINE = {"A-12", "ALPHA", "BRAVO", "ALPHA,BRAVO", "NQ-MAIN", "all"}


@given(st.one_of(VERBS, st.text(max_size=12)), TAILS, TOPICS)
def test_every_line_can_be_run_and_names_only_what_the_alert_names(verb: str, tail: list[str], topic: Topic) -> None:
    for line in lines(" ".join([verb, *tail]), topic):
        name, words = split_line(line)
        command = find(COMMANDS, name)
        assert command is not None
        assert words[-1:] != ["?"]
        assert words[0] in MINE
        if words[0] == "all":
            assert name == "ack"
        exact = command.level is not Level.C0
        read = parse(command.args, words, Context(lexicon=LEXICON, now=NOW, zone=UTC, exact=exact))
        assert not isinstance(read, Missing | Wrong), line
        if command.role > Role.VIEWER and name not in ("snooze", "resolve"):
            assert not topic.is_over
            assert read.scope == words[0]  # type: ignore[attr-defined]  # it acts on accounts


@given(TOPICS)
def test_the_words_that_are_listed_are_words(topic: Topic) -> None:
    for shape in fitting(topic):
        assert meant(shape, topic)

"""Cards as Discord's components: within every limit, whatever is in them, and no outsider's word is more than a word."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats.discord.layout import sheet
from bot.chats.discord.text import TEXT, escape, units, words
from bot.core.card import TABLE_CELLS, Action, Card, Column, Look, Table, cells
from bot.core.chat import Message
from bot.core.veil import bared
from tests.bot.core.test_render import CARDS
from tests.bot.discord.server import Server, walk
from tests.bot.discord.server import words as unmarked

SERVER = Server()


def sent(card: Card, **more: Any) -> dict[str, Any]:
    """As it goes over the wire, past the service's own checks."""
    made = sheet(Message(chat="discord:1", card=card, **more))
    body = {
        "components": made.view.to_components(),
        "attachments": [{"filename": file.name} for file in made.files],
    }
    SERVER.check(body)
    return body


@pytest.mark.parametrize("name", CARDS)
def test_every_card_is_within_the_limits(name: str) -> None:
    card = bared(CARDS[name])
    body = sent(card)
    said = unmarked("\n".join(one["content"] for one in walk(body["components"]) if one["type"] == 10))
    for line in (card.title, *card.lines):
        assert " ".join(line.split()) in " ".join(said.split())
    for text in (one["content"] for one in walk(body["components"]) if one["type"] == 10):
        if text.startswith("```"):
            assert max(map(cells, text.splitlines())) <= TABLE_CELLS
    labels = [one["label"] for one in walk(body["components"]) if one["type"] == 2]
    assert sorted(labels) == sorted(action.label for action in card.actions)


@given(st.text(max_size=300))
def test_no_outsiders_word_is_more_than_a_word(text: str) -> None:
    made = escape(text)
    left = made
    while "\\" in left:  # what is escaped is only a sign
        place = left.index("\\")
        left = left[:place] + left[place + 2 :]
    for sign in "*_~`|<>#[]()@:":
        assert sign not in left
    assert "\n" not in made
    assert not left.lstrip().startswith(("- ", "+ "))


@pytest.mark.parametrize(
    "text",
    ["@everyone", "<@5001>", "<t:1:R>", "||s||", "# big", "- item", "1. item", "> quote", "```", "[a](http://b)"],
)
def test_words_that_would_be_markup(text: str) -> None:
    assert not escape(text).startswith(text)
    assert unmarked(escape(text)) == text


def test_a_table_cannot_be_left() -> None:
    table = Table(columns=(Column(head="A"),), rows=(("```@everyone",),))
    body = sent(Card(title="t", table=table))
    text = next(one["content"] for one in walk(body["components"]) if one.get("content", "").startswith("```"))
    assert text.count("```") == 2
    assert "@everyone" not in text


lines = st.lists(st.text(max_size=400), max_size=60)


@given(lines, st.lists(st.tuples(st.text(max_size=60), st.text(max_size=200)), max_size=30), st.text(max_size=300))
def test_whatever_is_in_a_card_it_fits_and_nothing_is_lost(
    texts: list[str], fields: list[tuple[str, str]], footer: str
) -> None:
    card = Card(title=footer, lines=tuple(texts), fields=tuple(fields), footer=footer)
    made = words(card, rings=("5001",))
    assert sum(map(units, made.texts)) <= TEXT
    assert all(text.count("```") % 2 == 0 for text in made.texts)
    assert "<@5001>" in made.texts
    sent(card, rings=("5001",))
    if not made.overflow:
        said = unmarked("\n".join(made.texts))
        assert all(unmarked(escape(text)) in said for text in texts)


def test_a_card_that_is_too_long_goes_on_in_a_file() -> None:
    card = Card(title="AUDIT", lines=tuple(f"line {number} of many" for number in range(400)))
    body = sent(card)
    assert [one["filename"] for one in body["attachments"]] == ["card.txt"]
    assert "line 399" in words(card).overflow
    assert any("card.txt" in one.get("content", "") for one in walk(body["components"]))


def test_more_choices_than_a_list_holds_are_found_by_typing() -> None:
    actions = tuple(Action(label=f"ACCOUNT-{n}", handle=f"h{n}", key=f"{n}", is_choice=True) for n in range(30))
    body = sent(Card(title="Which?", actions=(*actions, Action(label="Cancel", handle="c", key="n"))))
    lists = [one for one in walk(body["components"]) if one["type"] == 3]
    assert [len(one["options"]) for one in lists] == [25]
    assert [one["label"] for one in walk(body["components"]) if one["type"] == 2] == ["Cancel"]
    assert any("5 more have no room in the list" in one.get("content", "") for one in walk(body["components"]))
    few = sent(Card(title="Which?", actions=actions[:5]))
    assert not any(one["type"] == 3 for one in walk(few["components"]))


def test_more_buttons_than_have_room_are_told() -> None:
    actions = tuple(Action(label=f"ACCOUNT-{n}", handle=f"h{n}", key=f"{n}") for n in range(30))
    body = sent(Card(title="Which?", actions=actions, lines=("a",), footer="f", fields=(("x", "y"),)))
    assert sum(one["type"] == 2 for one in walk(body["components"])) == 20
    assert any("10 more choices" in one.get("content", "") for one in walk(body["components"]))


def test_the_dangerous_one_stands_alone_at_the_end() -> None:
    looks = (Look.GOOD, Look.DANGER, Look.PLAIN, Look.PLAIN, Look.PLAIN)
    actions = tuple(Action(label=f"{n}", handle=f"h{n}", key=f"{n}", look=look) for n, look in enumerate(looks))
    rows = [
        [one["label"] for one in row["components"]]
        for row in walk(sent(Card(title="t", actions=actions))["components"])
        if row["type"] == 1
    ]
    assert rows == [["0", "2", "3"], ["4"], ["1"]]

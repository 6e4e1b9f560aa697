"""Cards as Telegram HTML: whatever is in them, the service reads the markup, and nothing is longer than it takes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats.telegram.html import CAPTION, ENTITIES, TEXT, escape, layout, units
from bot.chats.telegram.keyboard import BUTTONS, markup, rows
from bot.core.card import Action, Card, Column, Look, Table
from bot.core.chat import UnreachableError
from tests.bot.core.test_render import CARDS as CARDS_SHOWN
from tests.bot.telegram.markup import MarkupError, read

NAUGHTY = st.text(alphabet='<>&"_*`@#/\u202eab é🟢', max_size=60)
CARDS = st.builds(
    Card,
    title=NAUGHTY,
    lines=st.lists(NAUGHTY, max_size=40).map(tuple),
    table=st.none()
    | st.lists(st.tuples(NAUGHTY, NAUGHTY), max_size=200).map(
        lambda found: Table(columns=(Column(head="A", firm=False), Column(head="<B>")), rows=tuple(found))
    ),
    fields=st.lists(st.tuples(NAUGHTY, NAUGHTY), max_size=20).map(tuple),
    footer=NAUGHTY,
    stamp=st.none() | st.just(datetime(2026, 11, 23, tzinfo=UTC)),
)


@given(card=CARDS, limit=st.sampled_from([CAPTION, TEXT]))
def test_every_card_is_read_by_the_service_and_fits(card: Card, limit: int) -> None:
    made = layout(card, limit, rings=("77", "no number"))
    text, count = read(made.html)
    assert text == made.words
    assert 0 < units(text) <= limit
    assert count <= ENTITIES
    assert not made.overflow or units(made.overflow) > limit - 200


@given(text=st.text(max_size=200))
def test_escaped_words_come_back_as_they_were(text: str) -> None:
    assert read(escape(text)) == (text, 0)


@pytest.mark.parametrize(
    "wrong", ["<b>", "<x>a</x>", "a > b", "a & b", "&nbsp;", "<b><i>a</b></i>", "<pre><b>a</b></pre>"]
)
def test_the_server_reads_as_strictly_as_the_service(wrong: str) -> None:
    with pytest.raises(MarkupError):
        read(wrong)


def test_a_line_longer_than_a_message_is_cut_and_whole_in_the_file() -> None:
    made = layout(Card(title="T", lines=("🟢" * 5000,)))
    assert units(read(made.html)[0]) <= TEXT
    assert "the rest is in the file" in made.words
    assert made.overflow.count("🟢") == 5000


def test_nobody_is_called_by_what_an_outsider_wrote() -> None:
    assert "@everyone" not in layout(Card(title="@everyone", lines=("x @everyone",))).html


def test_a_dangerous_button_stands_alone_and_last() -> None:
    labels = (("⏸ 15m", Look.PLAIN), ("Flatten…", Look.DANGER), ("+15m", Look.PLAIN), ("Half size", Look.GOOD))
    actions = [Action(label=label, handle="h" * 16, key="k", look=look) for label, look in labels]
    found = [[action.label for action in row] for row in rows(actions)]
    assert found == [["⏸ 15m", "+15m", "Half size"], ["Flatten…"]]


def test_buttons_that_cannot_come_back_are_refused_and_too_many_are_left_out() -> None:
    with pytest.raises(UnreachableError):
        markup([Action(label="x", handle="h" * 63, key="k")])
    many = markup([Action(label="x", handle="h", key="k")] * 150)
    assert many is not None
    assert sum(len(row) for row in many.inline_keyboard) == BUTTONS


@pytest.mark.parametrize("name", CARDS_SHOWN)
def test_every_card_that_there_is_fits_one_message(name: str) -> None:
    made = layout(CARDS_SHOWN[name])
    assert read(made.html)[0] == made.words
    assert not made.overflow

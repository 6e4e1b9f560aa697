"""Cards stay inside a phone."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.card import (
    CARD_CELLS,
    TABLE_CELLS,
    Action,
    Card,
    Column,
    Table,
    cells,
    clip,
    pack,
    plain,
    table_lines,
    wrap,
)

NASTY = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=90)


@given(NASTY, st.integers(min_value=4, max_value=CARD_CELLS))
def test_wrapped_lines_fit(text: str, width: int) -> None:
    assert all(cells(line) <= width for line in wrap(text, width))


@given(NASTY, st.integers(min_value=1, max_value=CARD_CELLS))
def test_clipped_text_fits(text: str, width: int) -> None:
    assert cells(clip(text, width)) <= width


@given(NASTY, st.lists(NASTY, max_size=4), st.lists(NASTY, max_size=5), NASTY)
def test_every_line_of_a_card_fits(title: str, lines: list[str], items: list[str], label: str) -> None:
    action = Action(label=label, handle="h", key="y")
    card = Card(
        title=title, lines=(*lines, *pack(items)), actions=(action, action), footer=title, fields=((label, title),)
    )
    assert all(cells(line) <= CARD_CELLS for line in plain(card))


@given(
    st.lists(
        st.tuples(NASTY, st.sampled_from("LPSXD"), NASTY, st.from_regex(r"[+-]\d{1,9}k?", fullmatch=True)), max_size=5
    )
)
def test_a_table_fits_and_never_cuts_a_number(rows: list[tuple[str, str, str, str]]) -> None:
    columns = (
        Column(head="ACCT", firm=False, least=5),
        Column(head="S"),
        Column(head="SIZE", right=True, firm=False, least=4),
        Column(head="DAY", right=True),
    )
    lines = table_lines(Table(columns=columns, rows=tuple(rows)))
    assert all(cells(line) <= TABLE_CELLS for line in lines)
    for row in rows:
        assert any(row[3] in line for line in lines)


def test_wide_signs_count_two() -> None:
    assert (cells("🟢 OK"), cells("⏸"), cells("é"), cells("日本")) == (5, 2, 1, 4)


def test_buttons_are_choices_to_type_and_the_dangerous_one_stands_alone() -> None:
    from bot.core.card import Look, button_lines

    actions = (
        Action(label="⏸ 15m", handle="a", key="1"),
        Action(label="Size…", handle="b", key="2"),
        Action(label="Flatten…", handle="c", key="3", look=Look.DANGER),
    )
    assert button_lines(Card(title="", actions=actions)) == ["[1] ⏸ 15m  [2] Size…", "[3] Flatten…"]

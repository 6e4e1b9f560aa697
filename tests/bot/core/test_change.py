"""Risk that was added, in one line: what changed for whom, how far, and whether one word takes it back."""

from decimal import Decimal

from bot.core.change import Change, change_of, together
from bot.core.dialogue import Intent
from engine.api import PauseAsk, PreviewLine, PreviewView, ResumeAsk, Severity, SizeAsk

P3, P4 = Severity.P3, Severity.P4


def preview(*steps: tuple[str, str, str], adds_risk: bool = True) -> PreviewView:
    lines = tuple(PreviewLine(account=account, before=before, after=after) for account, before, after in steps)
    return PreviewView(
        kind="size", version=1, accounts=len(lines), contracts=0, orders=0, open_profit=None, adds_risk=adds_risk,
        live=True, lines=lines,
    )  # fmt: skip


def size(factor: str, scope: str = "all", *earlier: tuple[str, str]) -> Intent:
    undo = tuple(SizeAsk(key="u", by="Luis", scope=names, factor=Decimal(was)) for names, was in earlier)
    return Intent(ask=SizeAsk(key="k", by="Luis", scope=scope, factor=Decimal(factor)), undo=undo)


def test_a_size_names_each_step_once_and_the_word_back() -> None:
    steps = preview(("A", "0.5x", "1x"), ("B", "0.5x", "1x"), ("C", "1x", "1x"))
    change = change_of("Luis", size("1", "all", ("A,B", "0.5")), steps)
    assert change == Change(by="Luis", text="A, B 0.5x → 1x", scope="A,B", was="0.5x")


def test_two_earlier_sizes_have_no_word_back() -> None:
    change = change_of("Luis", size("1", "all", ("A", "0.5"), ("B", "0.25")), preview(("A", "0.5x", "1x")))
    assert change is not None
    assert (change.scope, change.was) == ("all", "")


def test_more_than_half_of_the_plan_is_worth_a_look() -> None:
    """The figures are of the plan's own ratio: 0.1x to 0.2x of a plan of 0.2x is half of it."""
    found = [
        change_of("Luis", size(factor), preview(("A", before, after)))
        for factor, before, after in (("1", "0.1x", "0.2x"), ("1", "0.08x", "0.2x"), ("2", "fixed 1", "fixed 2"))
    ]
    assert [one.severity if one else None for one in found] == [P4, P3, P3]


def test_what_adds_no_risk_is_nobody_elses_news() -> None:
    assert change_of("Luis", Intent(ask=PauseAsk(key="k", by="Luis")), None) is None
    assert change_of("Luis", size("0.5"), preview(("A", "1x", "0.5x"), adds_risk=False)) is None


def test_other_acts_are_called_as_on_their_cards_and_an_undo_is_said_to_be_one() -> None:
    intent = Intent(ask=ResumeAsk(key="k", by="Luis", scope="ALPHA"))
    assert [change_of("Luis", intent, None, is_undo=undo) for undo in (False, True)] == [
        Change(by="Luis", text="▶ RESUME ALPHA", scope="ALPHA"),
        Change(by="Luis", text="takes back, ▶ RESUME ALPHA", scope="ALPHA"),
    ]


def test_several_within_a_breath_are_one_line_without_a_word_back() -> None:
    one, two = Change(by="Luis", text="a", scope="A", was="1x"), Change(by="Luis", text="b", scope="B")
    assert together([one]) == one
    assert together([one, two]) == Change(by="Luis", text="a; b", scope="A,B")
    assert together([one, Change(by="Luis", text="c", scope="all")]).scope == "all"

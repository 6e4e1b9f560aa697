"""Acts as the API shows them: every wish of a person has a name there, and its reason."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from engine.domain.command import Command, Off
from engine.domain.event import PersonActed
from engine.service.act import KINDS, Act

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def view(command: Any) -> Any:
    return Act(PersonActed(at=AT, by="Luis", key="k", command=command), 1, 1, "all").view()


@pytest.mark.parametrize("wish", get_args(Command), ids=lambda wish: wish.__name__)
def test_every_wish_has_a_name(wish: type) -> None:
    assert KINDS[wish.__name__]


def test_no_two_wishes_that_are_asked_apart_are_called_alike() -> None:
    assert len(set(KINDS.values())) == len(KINDS) == len(get_args(Command))


def test_a_reason_stands_on_the_receipt() -> None:
    assert view(Off(accounts=("A",), reason="firm is slow")).reason == "firm is slow"

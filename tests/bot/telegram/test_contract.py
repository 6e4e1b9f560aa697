"""Telegram passes the whole contract of chats, with the true library over real sockets."""

from collections.abc import AsyncIterator

import pytest

from tests.bot.chats import contract
from tests.bot.telegram.stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as one:
        yield one


class TestShow(contract.ShowContract):
    """Cards are shown."""


class TestEdit(contract.EditContract):
    """Cards are changed."""


class TestThread(contract.ThreadContract):
    """Alerts have places of their own."""


class TestFault(contract.FaultContract):
    """Refusals are told apart."""


class TestPress(contract.PressContract):
    """Buttons come back, odd messages are marked."""


class TestAnswer(contract.AnswerContract):
    """Cards are answered."""


class TestFile(contract.FileContract):
    """Pictures and files."""

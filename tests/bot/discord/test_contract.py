"""Discord passes the chats' contract, on the true library before a server of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.bot.chats import contract
from tests.bot.discord.scene import Scene, stage_of


@pytest.fixture
async def stage() -> AsyncIterator[Scene]:
    async with stage_of(patience_s=0.5) as scene:
        yield scene
        allowed = [one for one in scene.server.broken if "already" not in one and "archived" not in one]
        assert not allowed


class TestShow(contract.ShowContract):
    """Cards are shown."""


class TestEdit(contract.EditContract):
    """Cards are changed in place."""


class TestThread(contract.ThreadContract):
    """Alerts have places of their own."""


class TestFault(contract.FaultContract):
    """Faults are told by what to do."""


class TestPress(contract.PressContract):
    """Buttons come back."""


class TestAnswer(contract.AnswerContract):
    """Cards are answered."""


class TestFile(contract.FileContract):
    """Files come beside."""

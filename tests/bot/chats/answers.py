"""What an answer to an alert's card comes to, end to end: the same words are the same lines on every platform."""

from typing import Any, Protocol

from bot.core.chat import ACK_SIGN
from engine.api import ActAsk, Notice, Severity
from tests.bot.double import AT, EngineDouble

LINES = {
    "Pause 30": "/pause ALPHA 30m",
    "half": "/size ALPHA half",
    "on it 20": "/ack A-1 20m on it",
    "close": "/close ALPHA NQZ6",
    "why": "/alert A-1",
}


class Desk(Protocol):
    """A whole bot before its server, with Luis who owns it and Eve who may only look."""

    engine: EngineDouble

    async def card(self, word: str) -> Any:
        """The newest message of the desk's chat that holds a word."""
        ...

    async def answer(self, post: Any, text: str, *, is_eve: bool = False, times: int = 1) -> None:
        """Answer a message, told ``times`` over."""
        ...

    async def thumb(self, post: Any, *, times: int = 1) -> None:
        """Luis puts a thumb up on a message."""
        ...

    async def shows(self, word: str) -> str:
        """The newest text of the desk's chat that holds a word, once there is one."""
        ...

    def audited(self) -> str:
        """The record as CSV."""
        ...


def stuck(engine: EngineDouble, severity: Severity = Severity.P2) -> None:
    """A trade that nobody explains and that did not close."""
    text = "ALPHA: NQZ6 +2 is not closed"
    notice = Notice(seq=0, at=AT, code="rogue.stuck", severity=severity, account="ALPHA", symbol="NQZ6", text=text)
    engine.tell(notice)


class AnswerDeskContract:
    """Cards are answered."""

    async def test_the_same_words_are_the_same_lines(self, desk: Desk) -> None:
        desk.engine.hold(2)
        stuck(desk.engine)
        post = await desk.card("NOT CLOSED")
        for said, line in LINES.items():
            await desk.answer(post, said)
            await desk.shows(f"understood: {line}")
        await desk.answer(post, "flatten all")
        assert "is no word for A-1" in await desk.shows("Nothing was done")
        assert [_told(ask) for ask in desk.engine.sent] == ["pause ALPHA", "size ALPHA"]

    async def test_who_may_not_is_refused_and_the_words_are_kept(self, desk: Desk) -> None:
        stuck(desk.engine)
        post = await desk.card("NOT CLOSED")
        await desk.answer(post, "Half", is_eve=True)
        await desk.shows("/size needs the role trader here")
        assert not desk.engine.sent
        assert any("Half" in row and "refused" in row and "eve" in row for row in desk.audited().splitlines())

    async def test_what_is_told_twice_counts_once(self, desk: Desk) -> None:
        stuck(desk.engine)
        post = await desk.card("NOT CLOSED")
        await desk.answer(post, "half", times=2)
        await desk.shows("understood: /size ALPHA half")
        await desk.answer(post, "why")
        await desk.shows("understood: /alert A-1")
        assert [_told(ask) for ask in desk.engine.sent] == ["size ALPHA"]

    async def test_a_thumb_up_acknowledges_once_and_no_p1(self, desk: Desk) -> None:
        stuck(desk.engine)
        post = await desk.card("NOT CLOSED")
        await desk.thumb(post, times=2)
        assert await desk.shows("Luis has it until")
        await desk.answer(post, "why")
        assert (await desk.shows("understood: /alert A-1")).count("ack until") <= 1
        assert desk.audited().count(ACK_SIGN) == 1
        stuck(desk.engine, Severity.P1)
        await desk.thumb(await desk.card("P1 NOT CLOSED"))
        await desk.shows("too little for A-1")


def _told(ask: ActAsk) -> str:
    return f"{ask.__struct_config__.tag} {ask.scope}"

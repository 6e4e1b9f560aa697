"""What every chat platform must do: one suite over the port, told by what a person sees and does.

A platform's test module takes the classes that hold for it, and gives a fixture ``stage``: the adapter, connected to a server
of its own, and a person in front of it.
"""

from typing import Protocol

import pytest

from bot.core.card import Action, Card, Look
from bot.core.chat import (
    THREAD_NAME,
    Chat,
    File,
    Incoming,
    LacksError,
    LaterError,
    LockstepError,
    Message,
    Thread,
    UnreachableError,
    UnsureError,
    VanishedError,
)

NAUGHTY = "<b>&amp; _x_ *y* `z` @everyone #tag [a](b) <script> ||s|| \u202e"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6300010000050001"
    "0d0a2db40000000049454e44ae426082"
)


class Seen(Protocol):
    """One message as a person sees it."""

    @property
    def id(self) -> str:
        """As the adapter named it."""
        ...

    @property
    def text(self) -> str:
        """Words without markup, the buttons' not among them."""
        ...

    @property
    def buttons(self) -> tuple[str, ...]:
        """Labels."""
        ...

    @property
    def files(self) -> tuple[str, ...]:
        """Names, as far as the platform keeps them."""
        ...


class Stage(Protocol):
    """A platform's adapter before its server, and a person who may write to it."""

    chat: Chat
    place: str  # the chat's address
    received: list[Incoming]  # what went through the door

    def seen(self) -> list[Seen]:
        """What stands in the chat, oldest first."""
        ...

    async def press(self, label: str) -> None:
        """Press the newest button with this label; return when the adapter has handed it on or refused it."""
        ...

    async def reply(self, post: str, text: str) -> None:
        """Answer a message in words."""
        ...

    async def react(self, post: str, emoji: str, *, is_bot: bool = False, is_back: bool = False) -> None:
        """Put a sign on a message, as nobody in particular where ``is_bot``, or take it away again."""
        ...

    async def hear(self, count: int = 1) -> list[Incoming]:
        """What came in, when it is so many in all."""
        ...

    async def odd(self) -> list[str]:
        """Write in every way that must not act, each with the text ``/flatten all``; a name for each."""
        ...

    async def forget(self, post: str) -> None:
        """Delete a message behind the adapter's back."""
        ...

    async def limit(self) -> None:
        """Let the next message be refused for being too many."""
        ...

    async def put_out(self) -> None:
        """Put the bot out of the chat."""
        ...

    room: str  # the address of a group or channel in which threads can be made

    def threads(self) -> dict[str, tuple[str, bool, list[str]]]:
        """Threads of the room by their address: name, whether closed, what stands there, oldest first."""
        ...

    async def drop(self, thread: str) -> None:
        """Delete a thread behind the adapter's back."""
        ...

    async def forbid(self) -> None:
        """Take the right to make threads."""
        ...

    async def swallow(self) -> None:
        """Take the next message and never answer it."""
        ...


def card(title: str = "⏸ PAUSED all", **more: object) -> Card:
    """A card as they come."""
    fields: dict[str, object] = {"lines": ("ALPHA ok", "BRAVO ok"), "ref": "act:1"}
    return Card(title=title, **{**fields, **more})  # type: ignore[arg-type]  # fields are Card's own


CHOICES = (
    *(Action(label=f"ACC-{n:02d}", handle=f"choice{n:02d}", key=f"{n}", is_choice=True) for n in range(1, 13)),
    Action(label="Cancel", handle="cancel", key="n"),
)
BUTTONS = (
    Action(label="Confirm", handle="AAAAAAAAAAAAAAAA", key="y", look=Look.GOOD),
    Action(label="Flatten all", handle="BBBBBBBBBBBBBBBB", key="f", look=Look.DANGER),
)


class ShowContract:
    """A card is shown."""

    async def test_a_card_is_shown_whole(self, stage: Stage) -> None:
        shown = card(fields=(("Stop", "-$500"),), footer="as of 14:30", actions=BUTTONS)
        await stage.chat.post(Message(chat=stage.place, card=shown), "", "1")
        newest = stage.seen()[-1]
        for words in ("PAUSED all", "ALPHA ok", "BRAVO ok", "Stop", "-$500", "as of 14:30"):
            assert words in newest.text
        assert [label for label in newest.buttons if label.endswith(("Confirm", "Flatten all"))] == list(newest.buttons)
        assert len(newest.buttons) == 2

    async def test_what_outsiders_wrote_draws_nothing(self, stage: Stage) -> None:
        await stage.chat.post(Message(chat=stage.place, card=card(lines=(f"Symbol {NAUGHTY}",))), "", "1")
        text = stage.seen()[-1].text.replace("\u200b", "")
        for words in ("<b>&amp;", "_x_ *y* `z`", "<script>"):
            assert words in text.replace("\\", "")

    async def test_it_says_how_the_line_is(self, stage: Stage) -> None:
        assert stage.chat.health().trouble == ""


class EditContract:
    """A card is shown in place of an older one."""

    async def test_a_card_takes_the_place_of_its_elder(self, stage: Stage) -> None:
        post = await stage.chat.post(Message(chat=stage.place, card=card(actions=BUTTONS)), "", "1")
        count = len(stage.seen())
        again = await stage.chat.post(Message(chat=stage.place, card=card("⏸ PAUSED all, proven")), post, "2")
        assert len(stage.seen()) == count
        newest = stage.seen()[-1]
        assert again == post == newest.id
        assert "proven" in newest.text
        assert not newest.buttons

    async def test_the_same_content_again_is_no_fault(self, stage: Stage) -> None:
        message = Message(chat=stage.place, card=card(actions=BUTTONS))
        post = await stage.chat.post(message, "", "1")
        assert await stage.chat.post(message, post, "2") == post

    async def test_a_message_that_is_gone_is_told(self, stage: Stage) -> None:
        post = await stage.chat.post(Message(chat=stage.place, card=card()), "", "1")
        await stage.forget(post)
        with pytest.raises(VanishedError):
            await stage.chat.post(Message(chat=stage.place, card=card("newer")), post, "2")


class ThreadContract:
    """An alert has a place of its own."""

    async def line(self, stage: Stage, place: str, text: str) -> None:
        beside = Thread(of="alert:1", name="A-1")
        await stage.chat.post(Message(chat=place, card=Card(title=text), thread=beside, silent=True), "", text)

    async def opened(self, stage: Stage, name: str = "A-1 DRAWDOWN STOP APX-3") -> str:
        post = await stage.chat.post(Message(chat=stage.room, card=card()), "", "1")
        return await stage.chat.open_thread(stage.room, post, name)

    async def test_it_is_made_written_to_closed_and_opened_again(self, stage: Stage) -> None:
        place = await self.opened(stage, "A" * THREAD_NAME)
        await self.line(stage, place, "fired P1")
        assert stage.threads() == {place: ("A" * THREAD_NAME, False, ["fired P1"])}
        await stage.chat.tend_thread(place, "A-1 over", is_shut=True)
        assert stage.threads()[place][:2] == ("A-1 over", True)
        await stage.chat.tend_thread(place, "", is_shut=False)
        await self.line(stage, place, "fired again")
        assert stage.threads()[place] == ("A-1 over", False, ["fired P1", "fired again"])

    async def test_what_is_so_already_is_no_fault(self, stage: Stage) -> None:
        place = await self.opened(stage)
        await stage.chat.tend_thread(place, "", is_shut=False)
        await stage.chat.tend_thread(place, "", is_shut=True)
        await stage.chat.tend_thread(place, "", is_shut=True)
        assert stage.threads()[place][1]

    async def test_one_that_was_deleted_is_told_and_a_new_one_is_made(self, stage: Stage) -> None:
        place = await self.opened(stage)
        await stage.drop(place)
        with pytest.raises(VanishedError):
            await self.line(stage, place, "lost?")
        with pytest.raises(VanishedError):
            await stage.chat.tend_thread(place, "", is_shut=True)
        again = await stage.chat.open_thread(stage.room, "", "A-1")
        await self.line(stage, again, "not lost")
        assert stage.threads() == {again: ("A-1", False, ["not lost"])}

    async def test_a_right_that_is_missing_is_named(self, stage: Stage) -> None:
        await stage.forbid()
        with pytest.raises(LacksError, match="right"):
            await self.opened(stage)

    async def test_a_private_chat_has_none(self, stage: Stage) -> None:
        platform = stage.room.partition(":")[0]
        assert await stage.chat.open_thread(f"{platform}:@77", "5", "A-1") == ""


class FaultContract:
    """What goes wrong is told by what to do about it."""

    async def test_too_many(self, stage: Stage) -> None:
        await stage.limit()
        with pytest.raises(LaterError) as told:
            await stage.chat.post(Message(chat=stage.place, card=card()), "", "1")
        assert told.value.after_s > 0

    async def test_put_out(self, stage: Stage) -> None:
        await stage.put_out()
        with pytest.raises(UnreachableError):
            await stage.chat.post(Message(chat=stage.place, card=card()), "", "1")

    async def test_not_answered(self, stage: Stage) -> None:
        await stage.swallow()
        with pytest.raises(UnsureError):
            await stage.chat.post(Message(chat=stage.place, card=card()), "", "1")

    async def test_every_fault_is_one_of_ours(self, stage: Stage) -> None:
        for known in ("no number", "987654321"):
            try:
                await stage.chat.post(Message(chat=stage.place, card=card()), known, "1")
            except LockstepError:
                continue
            assert "PAUSED all" in stage.seen()[-1].text  # shown anew is well, too


class PressContract:
    """Buttons come back as handles, and only what a person wrote himself may act."""

    async def test_a_button_comes_back_as_its_handle(self, stage: Stage) -> None:
        await stage.chat.post(Message(chat=stage.place, card=card(actions=BUTTONS)), "", "1")
        await stage.press("Confirm")
        pressed = stage.received[-1]
        assert (pressed.handle, pressed.text, pressed.chat) == ("AAAAAAAAAAAAAAAA", "", stage.place)
        assert not pressed.odd

    async def test_one_of_many_comes_back_as_its_handle(self, stage: Stage) -> None:
        await stage.chat.post(Message(chat=stage.place, card=card("FLATTEN which?", actions=CHOICES)), "", "1")
        assert stage.seen()[-1].buttons == tuple(action.label for action in CHOICES)
        for label, handle in (("ACC-09", "choice09"), ("Cancel", "cancel")):
            await stage.press(label)
            pressed = stage.received[-1]
            assert (pressed.handle, pressed.text, pressed.chat, pressed.odd) == (handle, "", stage.place, "")

    async def test_what_no_person_wrote_himself_is_marked(self, stage: Stage) -> None:
        before = len(stage.received)
        names = await stage.odd()
        told = stage.received[before:]
        assert names
        assert all(incoming.odd for incoming in told), [one for one in told if not one.odd]


class AnswerContract:
    """A card is answered, in words or with a sign."""

    async def test_words_come_with_the_message_that_they_answer(self, stage: Stage) -> None:
        post = await stage.chat.post(Message(chat=stage.place, card=card()), "", "1")
        await stage.reply(post, "half")
        (heard,) = await stage.hear(1)
        assert (heard.text, heard.replied, heard.chat) == ("half", post, stage.place)
        assert heard.post not in ("", post)
        assert (heard.sign, heard.handle, heard.odd) == ("", "", "")

    async def test_a_thumb_up_comes_with_its_message_and_nothing_else_does(self, stage: Stage) -> None:
        post = await stage.chat.post(Message(chat=stage.place, card=card()), "", "1")
        await stage.react(post, "👀")
        await stage.react(post, "👎")
        await stage.react(post, "👍", is_bot=True)
        await stage.react(post, "👍", is_back=True)
        await stage.react(post, "👍")
        (heard,) = await stage.hear(1)
        assert (heard.sign, heard.post, heard.chat) == ("👍", post, stage.place)
        assert (heard.text, heard.handle, heard.odd, heard.replied) == ("", "", "", "")
        assert not heard.is_summons
        assert heard.update
        await stage.reply(post, "why")
        assert len(await stage.hear(2)) == 2


class FileContract:
    """Pictures and files come beside a card."""

    async def test_a_picture_and_a_file(self, stage: Stage) -> None:
        files = (File(name="chart.png", body=PNG), File(name="copies.csv", body=b"a,b\n1,2\n"))
        await stage.chat.post(Message(chat=stage.place, card=card(), files=files), "", "1")
        assert "PAUSED all" in "\n".join(message.text for message in stage.seen())
        assert [name for message in stage.seen() for name in message.files] == ["chart.png", "copies.csv"]

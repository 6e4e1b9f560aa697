"""The demo on a phone: from tokens in .env to the first /status and a proven /flatten, as a newcomer does it."""

import sys
from pathlib import Path

from bot.storage.owner import Owner
from tests.bot.discord.server import TOKEN as DISCORD_TOKEN
from tests.bot.telegram.server import TOKEN
from tests.scenarios.newcomer import CTRL_D, Newcomer

NOWHERE = "http://127.0.0.1:9/api/v10"


async def test_from_two_tokens_to_a_proven_flatten_on_the_phone(tmp_path: Path) -> None:
    if sys.platform == "win32":
        return  # no terminal can be made there
    async with Newcomer(tmp_path).up() as lea, lea.terminal("--phone", "--quiet"):
        await lea.sees("discord: guild = 1000 is used here; `lockstep up` wants it in the [discord] table of desk.toml")
        await lea.sees("to @LockstepTestBot (https://t.me/LockstepTestBot)")
        await lea.sees("to lockstep (in the server Desk click its name, Message)")
        await lea.sees("lockstep> telegram: write pair")  # the reminder below the prompt
        await lea.telegrams("/start", "the word pair and the code")
        await lea.telegrams(f"pair {lea.code('telegram')}", "Paired with the desk", "You are lea, owner.")
        await lea.telegrams("/status", "COPYING · 9 of 9")
        await lea.telegrams("/lead buy 2 NQ", "BUY 2 NQZ6", "ALPHA +2 ok")
        await lea.discords(f"pair {lea.code('discord')}", "Paired with the desk", "You are lea, owner.")
        await lea.discords("positions", "ALPHA")
        asked = await lea.telegrams("/flatten all", "FLATTEN all", "ALPHA +2 NQZ6 → flat")
        await lea.press(asked, "Confirm")
        proof = await lea.reads("FLAT all", "proven flat ✔ 9/9", since=asked.number)
        assert "by lea" in proof.text
        await lea.discords("status", "PAUSED · 0 of 9", "flatten by lea")
        lea.type("/ack A-1\n")
        await lea.sees("lea has it until")
        lea.type(CTRL_D)
        await lea.sees("nobody answers: cards, Telegram's menu and keyboard")
        assert await lea.ended() == 0
        await lea.hung_up()
        assert lea.left() == []
        assert TOKEN not in lea.shown
        assert DISCORD_TOKEN not in lea.shown
        assert " you " not in proof.text


async def test_who_is_refused_and_who_is_not_there_is_a_line_each_and_the_console_goes_on(tmp_path: Path) -> None:
    if sys.platform == "win32":
        return  # as above
    async with Newcomer(tmp_path).up() as lea:
        lea.write(telegram="4242:wrong", discord_url=NOWHERE)
        async with lea.terminal("--phone", "--quiet"):
            await lea.sees(
                "telegram is left out: the token is not accepted: put what @BotFather gave into .env "
                "discord is left out: 127.0.0.1:9 does not answer (ClientConnectorError) Lockstep. help lists"
            )
            lea.type("/lead buy 2 NQ\n")
            await lea.sees("BUY 2 NQZ6")
            await lea.sees("LEAD now +2 NQZ6")
            assert "DEAF" not in lea.shown
            assert "pair" not in lea.shown
            lea.type("/invite me\n")
            await lea.sees("INVITE lea: owner on all")
            lea.stop()
            assert await lea.ended() == 130
            assert lea.left() == []


async def test_without_a_terminal_the_phone_is_served_until_somebody_ends_it(tmp_path: Path) -> None:
    async with Newcomer(tmp_path).up() as lea, lea.no_terminal("--phone", "telegram"):
        await lea.sees("When it is paired, write: /status")
        await lea.telegrams(f"pair {lea.code('telegram')}", "Paired with the desk")
        await lea.reads("ALPHA +", "ok", "LEAD now")  # the leader trades by itself
        assert not lea.discord.calls
        lea.stop()
        assert await lea.ended() == 130
        await lea.hung_up()
        assert lea.left() == []


async def test_beside_a_running_desk_no_phone_is_taken_from_it(tmp_path: Path) -> None:
    async with Newcomer(tmp_path).up() as lea:
        owner = Owner(lea.home)
        assert owner.take()
        async with lea.no_terminal("--phone"):
            await lea.sees("its bot must hear what you write: stop it first")
            assert await lea.ended() == 2
        owner.release()
        assert not lea.telegram.calls
        assert not lea.discord.calls

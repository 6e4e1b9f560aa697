"""What of the bot's vital signs is trouble, and how the health card shows them."""

from msgspec.structs import replace

from bot.core.card import CARD_CELLS, cells, plain
from bot.core.render.health import health_card, silent_card
from bot.core.vital import PlatformVital, Vitals, troubles
from engine.api import HealthView, LineView

WELL = Vitals(
    up_s=400,
    is_connected=True,
    engine_s=0.2,
    platforms=(
        PlatformVital(name="telegram", heard_s=3),
        PlatformVital(name="discord", heard_s=1, waiting=2, oldest_s=2),
    ),
)
VIEW = HealthView(
    run="r", version="0.1.0", up_s=273_840, loop_ms=21, journal_seq=9, stored_seq=9, database="ok",
    lines=(
        LineView(
            connection="main", broker="tradovate", up=True, text="ok", heard_s=0.4, round_trip_ms=88, budget_left=60,
            leads=("NT-MAIN",),
        ),
    ),
)  # fmt: skip


def with_telegram(**changed: object) -> Vitals:
    first, *rest = WELL.platforms
    return replace(WELL, platforms=(replace(first, **changed), *rest))


def test_what_is_trouble_and_from_when_on() -> None:
    assert troubles(WELL) == []
    assert troubles(with_telegram(heard_s=90.0, urgent_s=30.0)) == []
    assert troubles(with_telegram(heard_s=91.0, trouble="deaf: no answer")) == [
        "telegram: heard 91 s ago; deaf: no answer"
    ]
    assert troubles(with_telegram(heard_s=None)) == ["telegram: never heard"]
    assert troubles(replace(with_telegram(heard_s=None), up_s=90)) == []  # it may have as long to begin with
    assert troubles(with_telegram(urgent_s=31.0, out="429")) == ["telegram: an urgent card waits for 31 s: 429"]
    assert troubles(replace(WELL, is_connected=False)) == ["engine: it is silent; last answer 0 s ago"]
    assert troubles(replace(WELL, is_connected=False, engine_s=None)) == ["engine: it is silent; no answer yet"]


def test_the_card_has_the_engine_its_lines_and_the_bots_own() -> None:
    lines = [line.strip() for line in plain(health_card(VIEW, WELL))]
    assert lines[:4] == [
        "🟢 HEALTH", "Engine 0.1.0  up 3d04h  loop 21ms", "Leader NT-MAIN  beat 0.4 s", "main (tradovate) ok 88ms"
    ]  # fmt: skip
    assert lines[-3:] == [
        "Telegram in 3.0 s · out ok · q 0", "Discord in 1.0 s · out ok · q 2", "Outbox oldest 2.0 s · dead 0"
    ]  # fmt: skip
    assert all(cells(line) <= CARD_CELLS for line in plain(health_card(VIEW, WELL)))


def test_the_card_is_amber_for_a_lost_leader_and_for_a_platform_in_trouble() -> None:
    lost = plain(health_card(replace(VIEW, silent=("NT-MAIN",)), WELL))
    assert lost[0].startswith("🟠")
    assert any("Leader NT-MAIN  LOST beat" in line for line in lost)
    stuck = plain(health_card(VIEW, with_telegram(trouble="deaf", out="flood control", dead=1)))
    assert stuck[0].startswith("🟠")
    told = [line.strip() for line in stuck]
    assert told[-5:] == [
        "Telegram in 3.0 s · out STUCK · q 0", "deaf", "flood control",
        "Discord in 1.0 s · out ok · q 2", "Outbox oldest 2.0 s · dead 1",
    ]  # fmt: skip


def test_without_an_engine_the_bot_tells_of_itself() -> None:
    told = [line.strip() for line in plain(silent_card("The engine is not answering (no answer yet).", WELL))]
    assert told[0] == "🔴 HEALTH"
    assert "not answering" in told[1]
    assert told[-1] == "Outbox oldest 2.0 s · dead 0"

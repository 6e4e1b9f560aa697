"""The picture: a PNG of the size that phones like, with something on it, on a light and on a dark ground."""

from datetime import date
from io import BytesIO

import pytest
from matplotlib.image import imread

from engine.domain.ids import AccountId
from engine.report.picture import BARS, DARK, HEIGHT_PX, LIGHT, NAMED, WIDTH_PX, draw
from engine.report.reader import report
from engine.report.source import Source
from tests.engine.report.stage import Stage, walk
from tests.engine.service.hot import A, B

DAY = date(2026, 11, 23)


@pytest.mark.parametrize("is_dark", [False, True])
def test_it_is_drawn_on_its_ground(stage: Stage, is_dark: bool):
    stage.begin()
    walk(stage, 4, 20, (A, B))
    found = report(Source(stage.log.directory, None), DAY, 0)
    png = draw(found, is_dark=is_dark)
    pixels = imread(BytesIO(png))
    assert png.startswith(b"\x89PNG")
    assert pixels.shape[:2] == (HEIGHT_PX, WIDTH_PX)
    ground = (DARK if is_dark else LIGHT).ground
    colour = [int(ground[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert abs(pixels[5, 5, :3] - colour).max() < 0.01
    inked = (abs(pixels[:, :, :3] - colour).max(axis=2) > 0.2).mean()
    assert 0.02 < inked < 0.5
    assert draw(found, is_dark=is_dark) == png


def test_many_accounts_and_an_account_without_a_fill_can_be_drawn(stage: Stage):
    names = [AccountId(f"APX-{number}-of-a-long-name") for number in range(max(NAMED, BARS) + 3)]
    stage.begin(names)
    stage.go(2)
    found = report(Source(stage.log.directory, None), DAY, 0)
    assert draw(found).startswith(b"\x89PNG")
    stage.settle(stage.go(-1), lambda name: -1)
    assert draw(report(Source(stage.log.directory, None), DAY, 0)).startswith(b"\x89PNG")

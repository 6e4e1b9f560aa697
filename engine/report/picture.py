"""The report as a picture for a phone: profit of each account over the day, and what slippage cost."""

from datetime import datetime
from decimal import Decimal
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from engine.domain.tradedate import ZONE
from engine.domain.value import Value
from engine.report.evidence import AccountDay, Report

DPI = 120
WIDTH_PX, HEIGHT_PX = 1080, 1350  # four to five: what phones show without cropping
NAMED = 8  # lines with a colour and a name of their own; the others stay grey
BARS = 12
_TITLE_X = -0.1375  # of the axes' width: the picture's left margin


class Theme(Value, frozen=True):
    """Colours that can be told apart on their ground, also by those who see red and green alike."""

    ground: str
    ink: str
    faint: str
    grid: str
    worse: str
    better: str
    lines: tuple[str, ...]


LIGHT = Theme(
    ground="#ffffff",
    ink="#1b2430",
    faint="#7b8794",
    grid="#e3e8ee",
    worse="#c2410c",
    better="#0f766e",
    lines=("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2", "#4d7c0f", "#be185d"),
)
DARK = Theme(
    ground="#12181f",
    ink="#eef2f6",
    faint="#93a1b0",
    grid="#2a343f",
    worse="#fb923c",
    better="#2dd4bf",
    lines=("#60a5fa", "#fbbf24", "#34d399", "#c084fc", "#f87171", "#22d3ee", "#a3e635", "#f472b6"),
)


def draw(report: Report, *, is_dark: bool = False) -> bytes:
    """PNG of a day, 1080 by 1350 pixels."""
    theme = DARK if is_dark else LIGHT
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor=theme.ground)
    FigureCanvasAgg(figure)
    bars = _slipped(report)
    heights = (3.4, 0.5 + 0.32 * (max(3, len(bars)) if any(cost for _, cost, _ in bars) else 1))
    over, under = figure.subplots(2, 1, height_ratios=heights)
    figure.subplots_adjust(left=0.15, right=0.95, top=0.865, bottom=0.06, hspace=0.46)
    figure.text(
        0.04, 0.955, f"{report.day:%A} {report.day.day} {report.day:%B %Y}", size=21, weight="bold", color=theme.ink
    )
    figure.text(0.04, 0.925, _summary(report), size=13, color=theme.faint)
    _curves(over, report, theme)
    _bars(under, bars, theme)
    out = BytesIO()
    figure.savefig(out, format="png", facecolor=theme.ground, metadata={"Software": None})
    return out.getvalue()


def _summary(report: Report) -> str:
    followers = [account for account in report.accounts if not account.is_leader]
    cost = sum((account.difference for account in followers), Decimal(0))
    return f"{report.copies} leader events, {len(followers)} followers, {_cash(cost)} against the leader"


def _curves(axes: Axes, report: Report, theme: Theme) -> None:
    _frame(axes, theme, "Profit since 17:00 Chicago, before fees")
    shown = [account for account in report.accounts if account.curve]
    followers = sorted((a for a in shown if not a.is_leader), key=lambda a: a.curve[-1][1], reverse=True)
    named = followers if len(followers) <= NAMED else followers[: NAMED // 2] + followers[-NAMED // 2 :]
    colours = {account.account: colour for account, colour in zip(named, theme.lines, strict=False)}
    for account in followers:
        _line(axes, account, report, colours.get(account.account, theme.faint), 2.2 if account in named else 0.8)
    for account in shown:
        if account.is_leader:
            _line(axes, account, report, theme.ink, 3.4)
    axes.axhline(0, color=theme.faint, linewidth=1.2)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    locator = AutoDateLocator(tz=ZONE, minticks=3, maxticks=6)  # type: ignore[no-untyped-call]  # its stub has none
    axes.xaxis.set_major_locator(locator)
    hours = ConciseDateFormatter(locator, tz=ZONE, show_offset=False)  # type: ignore[no-untyped-call]  # as above
    hours.formats[5] = hours.zero_formats[5] = "%H:%M:%S"
    axes.xaxis.set_major_formatter(hours)
    if shown:
        legend = axes.legend(
            loc="upper left",
            bbox_to_anchor=(_TITLE_X - 0.01, -0.07),
            ncols=3,
            fontsize=12,
            frameon=False,
            handlelength=1.2,
        )
        for entry in legend.get_texts():
            entry.set_color(theme.ink)


def _line(axes: Axes, account: AccountDay, report: Report, colour: str, width: float) -> None:
    points: list[tuple[datetime, Decimal]] = list(account.curve)
    if report.first_at is not None and report.first_at < points[0][0]:
        points.insert(0, (report.first_at, Decimal(0)))
    name = f"{_short(account.account)}{' (leader)' if account.is_leader else ''} {_cash(points[-1][1])}"
    axes.plot(
        [at for at, _ in points],  # type: ignore[arg-type]  # matplotlib takes times; its stubs name arrays only
        [float(money) for _, money in points],
        color=colour,
        linewidth=width,
        label=name if width > 1 else f"_{name}",
        drawstyle="steps-post",
        solid_joinstyle="round",
    )


def _slipped(report: Report) -> list[tuple[str, float, str]]:
    """Name, cost and words of each account's slippage, dearest first."""
    found: list[tuple[str, Decimal, str]] = []
    for account in report.accounts:
        contracts = account.buys.contracts + account.sells.contracts
        if account.is_leader or not contracts:
            continue
        cost = account.buys.money + account.sells.money
        told = [(side.ticks, side.contracts) for side in (account.buys, account.sells) if side.ticks is not None]
        counted = sum(count for _, count in told)
        mean = sum((ticks * count for ticks, count in told), Decimal(0)) / counted if counted else None
        side = "worse" if mean is not None and mean > 0 else "better"
        words = _cash(-cost) + (f"   {abs(mean):.1f} ticks {side}" if mean else "")
        found.append((account.account, -cost, words))
    found.sort(key=lambda bar: bar[1])
    kept = found if len(found) <= BARS else found[: BARS - 3] + found[-3:]
    return [(name, float(cost), words) for name, cost, words in kept]


def _bars(axes: Axes, bars: list[tuple[str, float, str]], theme: Theme) -> None:
    _frame(axes, theme, "Slippage in money: fills against the leader's price")
    axes.grid(visible=False)
    axes.set_xticks([])
    if not any(cost for _, cost, _ in bars):
        axes.set_yticks([])
        words = "it comes to nothing" if bars else "no fills"
        axes.text(0.5, 0.6, words, transform=axes.transAxes, ha="center", color=theme.faint, size=14)
        return
    places = range(len(bars), 0, -1)
    colours = [theme.worse if cost < 0 else theme.better for _, cost, _ in bars]
    axes.barh(list(places), [cost for _, cost, _ in bars], height=0.62, color=colours)
    axes.set_yticks(list(places), [_short(name) for name, _, _ in bars])
    low, high = min(0.0, *(cost for _, cost, _ in bars)), max(0.0, *(cost for _, cost, _ in bars))
    reach = max(-low, high, 1e-9)
    axes.set_xlim(
        low - (0.75 * reach if low < 0 else 0.02 * reach), high + (0.75 * reach if high > 0 else 0.02 * reach)
    )
    axes.set_ylim(0.4, max(len(bars), 3) + 0.6)
    axes.axvline(0, color=theme.faint, linewidth=1.2)
    for place, (_, cost, words) in zip(places, bars, strict=True):
        is_left = cost < 0 or (not cost and low < 0)
        axes.annotate(
            words,
            (cost, place),
            xytext=(-6 if is_left else 6, 0),
            textcoords="offset points",
            ha="right" if is_left else "left",
            va="center",
            size=12,
            color=theme.ink,
        )


def _frame(axes: Axes, theme: Theme, title: str) -> None:
    axes.set_facecolor(theme.ground)
    axes.set_title(title, loc="left", x=_TITLE_X, size=15, color=theme.ink, pad=12)
    axes.tick_params(colors=theme.ink, labelsize=12, length=0)
    axes.grid(visible=True, color=theme.grid, linewidth=1)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"


def _cash(money: Decimal) -> str:
    if not money:
        return "0"
    return f"{money:+,.2f}" if money % 1 else f"{money:+,.0f}"

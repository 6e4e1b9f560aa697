"""Charts for a phone: profit or drawdown of accounts, readable in light and dark; heavy, so drawn beside the loop."""

from collections.abc import Sequence
from datetime import tzinfo
from io import BytesIO

from engine.api import CurveView

DPI = 120
WIDTH_PX, HEIGHT_PX = 1080, 810
GROUND, INK, FAINT, GRID = "#161c24", "#eef2f6", "#a4b1bf", "#2c3742"  # one dark card: it sits well in both themes
COLOURS = ("#60a5fa", "#fbbf24", "#34d399", "#c084fc", "#f87171", "#22d3ee", "#a3e635", "#f472b6")
NAMED = len(COLOURS)


def draw(curves: Sequence[CurveView], kind: str, zone: tzinfo) -> bytes:
    """PNG of profit (``pnl``) or of the way below the highest equity so far (``dd``); empty where nothing is known."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    known = [curve for curve in curves if len(curve.points) > 1]
    if not known:
        return b""
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor=GROUND)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=GROUND)
    known.sort(key=lambda curve: -abs(_values(curve, kind)[-1]))
    for number, curve in enumerate(known):
        values = _values(curve, kind)
        colour = COLOURS[number] if number < NAMED else FAINT
        times = [float(date2num(point.at)) for point in curve.points]  # type: ignore[no-untyped-call]  # matplotlib's own
        axes.plot(
            times, values, color=colour, linewidth=2.6 if number < NAMED else 1.0, alpha=1 if number < NAMED else 0.4
        )
        if number < NAMED:
            axes.plot([], [], color=colour, linewidth=4, label=f"{curve.account}  {values[-1]:+,.0f}")
    axes.axhline(0, color=FAINT, linewidth=1)
    axes.xaxis_date(tz=zone)
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.tick_params(colors=FAINT, labelsize=13, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    locator = AutoDateLocator(minticks=3, maxticks=6, tz=zone)  # type: ignore[no-untyped-call]  # as above
    axes.xaxis.set_major_locator(locator)
    dates = ConciseDateFormatter(locator, tz=zone, show_offset=False)  # type: ignore[no-untyped-call]  # as above
    axes.xaxis.set_major_formatter(dates)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+,.0f}"))
    what = "Profit" if kind == "pnl" else "Below the highest equity"
    days = known[0].days
    span = "today" if days <= 1 else f"last {days} days"
    axes.set_title(f"{what}, {span}", loc="left", color=INK, fontsize=20, pad=16)
    legend = axes.legend(loc="best", frameon=False, fontsize=14, labelcolor=INK, handlelength=1.2)
    legend.set_zorder(5)
    figure.tight_layout()
    out = BytesIO()
    figure.savefig(out, format="png", facecolor=GROUND)
    return out.getvalue()


def _values(curve: CurveView, kind: str) -> list[float]:
    """What is drawn: floats, for a picture alone."""
    if kind == "dd":
        found, top = [], curve.points[0].equity
        for point in curve.points:
            top = max(top, point.equity)
            found.append(float(point.equity - top))
        return found
    if curve.days <= 1:
        return [float(point.profit) for point in curve.points]
    total, sums = 0.0, []
    for point in curve.points:
        total += float(point.profit)
        sums.append(total)
    return sums

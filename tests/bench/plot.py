"""A plot of the warm measurements as SVG: bars of requests per second, relative to nginx."""

from collections.abc import Iterator
from html import escape
from math import log10

from tests.bench.report import number
from tests.bench.warm import WORKLOADS, Result, Workload

WIDTH, LABELS, RIGHT = 860, 230, 60
BAR, GAP, TOP = 11, 9, 46
DECADES = 4
"""Powers of ten below nginx that are shown; what is slower is a bar of no length."""

ABOVE = log10(5)
COLOURS = {
    "mirror": "#2563eb",
    "Verdaccio": "#b45309",
    "devpi": "#6b7280",
    "proxpi": "#0d9488",
    "nginx, static files": "#16a34a",
    "bare": "#a855f7",
}


def plot(result: Result) -> str:
    """One group of bars a workload; nginx is the line at 1."""
    rows = [
        (workload.title, bars) for workload in WORKLOADS if (bars := list(_bars(result, workload)))
    ]
    height = TOP + sum(len(bars) * BAR + GAP for _, bars in rows) + 24
    size = f'viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="11"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_legend([name for name in COLOURS if name in result.servers]),
    ]
    for power in range(-DECADES, 1):
        parts += _line(10.0**power, height)
    top = TOP
    for title, bars in rows:
        middle = top + len(bars) * BAR / 2 + 4
        parts.append(_text(LABELS - 8, middle, title, 'text-anchor="end" fill="#111827"'))
        for name, ratio in bars:
            parts += _bar(name, ratio, top)
            top += BAR
        top += GAP
    return "\n".join([*parts, "</svg>", ""])


def _bars(result: Result, workload: Workload) -> Iterator[tuple[str, float]]:
    for name in COLOURS:
        ratio = result.ratio(workload, name)
        if ratio is not None:
            yield name, ratio


def _at(ratio: float) -> float:
    """The horizontal place of a ratio, on a logarithmic scale."""
    share = (log10(max(ratio, 10.0**-DECADES)) + DECADES) / (DECADES + ABOVE)
    return LABELS + min(share, 1) * (WIDTH - LABELS - RIGHT)


def _bar(name: str, ratio: float, top: float) -> list[str]:
    width = _at(ratio) - LABELS
    shape = f'x="{LABELS}" y="{top}" width="{width:.1f}" height="{BAR - 1}"'
    figure = _text(LABELS + width + 4, top + BAR - 2, number(ratio), 'fill="#374151" font-size="9"')
    return [f'<rect {shape} fill="{COLOURS[name]}"/>', figure]


def _line(ratio: float, height: int) -> list[str]:
    x = f"{_at(ratio):.1f}"
    colour = "#111827" if ratio == 1 else "#e5e7eb"
    line = f'<line x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{height - 20}" stroke="{colour}"/>'
    label = "nginx = 1" if ratio == 1 else number(ratio)
    return [line, _text(_at(ratio), height - 8, label, 'text-anchor="middle" fill="#6b7280"')]


def _legend(names: list[str]) -> Iterator[str]:
    title = "What is warm, in requests (or bytes) per second, relative to nginx as a proxy cache; logarithmic"
    yield _text(8, 16, title, 'font-weight="bold" fill="#111827"')
    x = LABELS
    for name in names:
        yield f'<rect x="{x}" y="24" width="10" height="10" fill="{COLOURS[name]}"/>'
        yield _text(x + 14, 33, name, 'fill="#111827"')
        x += 30 + 7 * len(name)


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'

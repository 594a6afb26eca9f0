"""Charts as SVG, drawn from numbers: no script, no font of their own, sharp on paper. Colours are the page's CSS classes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.insight.reports.model import Bar, Cohort, DayBar

_FONT = 'font-family="inherit"'


def _svg(width: float, height: float, body: str, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}" {_FONT}'
        f' xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _nice(most: float) -> float:
    """The next number at or above `most` whose quarters are round."""
    size = 4.0
    while True:
        for step in (1, 1.5, 2, 3, 4, 5, 7.5):
            if size * step >= most and (size * step / 4) % 1 == 0:
                return size * step
        size *= 10


def course(bars: Sequence[DayBar], label: str, msgs: str, active: str, width: float = 920, height: float = 300) -> str:
    """Bars of messages, a line of active people on a scale of its own, hatching over time that nobody heard."""
    left, right, top, bottom = 44.0, width - 44, 34.0, height - 34
    most, people = _nice(max((b.msgs for b in bars), default=0)), _nice(max((b.active for b in bars), default=0))
    step = (right - left) / max(1, len(bars))
    wide = min(38.0, step * 0.64)
    out = [
        '<defs><pattern id="lost" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="7" height="7" class="lost-ground"/><line x1="0" y1="0" x2="0" y2="7" class="lost-line"/></pattern></defs>'
    ]
    for part in range(5):
        y = bottom - (bottom - top) * part / 4
        out.append(
            f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="{"axis" if not part else "grid"}"/>'
        )
        out.append(_text(left - 8, y + 4, _short(most * part / 4), "tick", "end"))
        out.append(_text(right + 8, y + 4, _short(people * part / 4), "tick tick-line"))
    out.append(_text(left, 16, msgs, "tick"))
    out.append(_text(right, 16, active, "tick tick-line", "end"))
    points = []
    every = max(1, -(-len(bars) // 12))
    for nth, bar in enumerate(bars):
        x = left + step * nth + step / 2
        if bar.lost > 0.02:
            tall = bottom - top
            out.append(
                f'<rect x="{x - step / 2:.1f}" y="{top}" width="{step:.1f}" height="{tall:.1f}" fill="url(#lost)"/>'
            )
        tall = (bottom - top) * bar.msgs / most
        title = f"{bar.first}{'' if bar.first == bar.last else f' – {bar.last}'}: {bar.msgs:,} / {bar.active:,}"
        out.append(
            f'<rect x="{x - wide / 2:.1f}" y="{bottom - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="2" class="bar">'
            f"<title>{escape(title)}</title></rect>"
        )
        if not bar.is_open:
            points.append((x, bottom - (bottom - top) * bar.active / people))
        if nth % every == 0:
            out.append(_text(x, bottom + 20, f"{bar.first.month}-{bar.first.day}", "tick", "middle"))
    if len(points) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" class="line"/>')
    dots = points if len(points) <= 45 else []
    out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="dot"/>' for x, y in dots]
    return _svg(width, height, "".join(out), label)


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:g}"


def hours(grid: Sequence[Sequence[int]], label: str, names: Sequence[str], width: float = 920) -> str:
    """A week by a day: seven rows of 24 squares, the deeper the more."""
    left, cell, gap = 48.0, (width - 48) / 24, 2.0
    most = max((max(row) for row in grid), default=0) or 1
    out = []
    for day, row in enumerate(grid):
        y = 4 + day * (cell * 0.72 + gap)
        out.append(_text(left - 10, y + cell * 0.36 + 4, names[day], "tick", "end"))
        for hour, count in enumerate(row):
            depth = (count / most) ** 0.7 if count else 0.0
            out.append(
                f'<rect x="{left + hour * cell + gap / 2:.1f}" y="{y:.1f}" width="{cell - gap:.1f}" height="{cell * 0.72:.1f}"'
                f' rx="3" class="heat" fill-opacity="{0.06 + 0.94 * depth:.3f}"><title>{names[day]} {hour}:00 · {count:,}</title></rect>'
            )
    bottom = 4 + 7 * (cell * 0.72 + gap) + 16
    out += [_text(left + hour * cell + cell / 2, bottom, f"{hour}", "tick", "middle") for hour in range(0, 24, 2)]
    return _svg(width, bottom + 8, "".join(out), label)


def funnel(bars: Sequence[Bar], label: str, width: float = 440) -> str:
    """Bars in the middle, each step as wide as its share of the first."""
    tall, gap = 46.0, 16.0
    out = []
    for nth, bar in enumerate(bars):
        y = nth * (tall + gap)
        share = bar.share or 0.0
        wide = max(6.0, width * share)
        out.append(f'<rect x="0" y="{y:.1f}" width="{width:g}" height="{tall}" rx="6" class="track"/>')
        out.append(
            f'<rect x="0" y="{y:.1f}" width="{wide:.1f}" height="{tall}" rx="6" class="bar fade-{min(nth, 3)}"/>'
        )
        inside = wide > width * 0.42
        out.append(_text(14 if inside else wide + 12, y + 29, bar.label, "name on-bar" if inside else "name"))
        numbers = f"{bar.number:,} · {share * 100:.0f}%"
        over = wide > width * 0.92
        out.append(_text(width - 12, y + 29, numbers, "count on-bar" if over else "count", "end"))
    return _svg(width, max(1.0, len(bars) * (tall + gap) - gap), "".join(out), label)


def tiers(bars: Sequence[Bar], label: str, width: float = 440) -> str:
    """One bar per tier with a mark where the field expects it."""
    tall, gap, left = 26.0, 26.0, 64.0
    room = width - left - 96
    out = []
    for nth, bar in enumerate(bars):
        y = 6 + nth * (tall + gap)
        wide = max(2.0, room * (bar.share or 0.0))
        out.append(_text(left - 12, y + 18, bar.label, "name", "end"))
        out.append(f'<rect x="{left}" y="{y:.1f}" width="{room:.1f}" height="{tall}" rx="5" class="track"/>')
        out.append(
            f'<rect x="{left}" y="{y:.1f}" width="{wide:.1f}" height="{tall}" rx="5" class="bar fade-{min(nth, 3)}"/>'
        )
        if bar.expected is not None:
            x = left + room * bar.expected
            out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 6:.1f}" y2="{y + tall + 6:.1f}" class="mark"/>')
        out.append(_text(width, y + 18, f"{bar.number:,} · {(bar.share or 0) * 100:.0f}%", "count", "end"))
    return _svg(width, max(1.0, len(bars) * (tall + gap)), "".join(out), label)


def spark(points: Sequence[float | None], width: float = 120, height: float = 30) -> str:
    """A line as small as a word; holes where a point is missing."""
    known = [point for point in points if point is not None]
    if len(known) < 2:
        return ""
    most, least = max(known), min(0.0, *known)
    room = (most - least) or 1.0
    step = width / (len(points) - 1)
    runs: list[list[str]] = [[]]
    for nth, point in enumerate(points):
        if point is None:
            runs.append([])
        else:
            runs[-1].append(f"{nth * step:.1f},{height - 3 - (height - 6) * (point - least) / room:.1f}")
    lines = "".join(f'<polyline points="{" ".join(run)}" class="spark"/>' for run in runs if len(run) > 1)
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" class="sparkline" aria-hidden="true" preserveAspectRatio="none"'
        f' xmlns="http://www.w3.org/2000/svg">{lines}</svg>'
    )


def whisker(low: float, value: float, high: float, target: float | None, width: float = 200) -> str:
    """A share on a line from 0 to 1: the interval as a band, the figure as a dot, the target as a mark."""
    x = [4 + (width - 8) * min(1.0, max(0.0, each)) for each in (low, value, high)]
    out = f'<line x1="4" x2="{width - 4:g}" y1="9" y2="9" class="scale"/>'
    out += f'<rect x="{x[0]:.1f}" y="5" width="{max(2.0, x[2] - x[0]):.1f}" height="8" rx="4" class="band"/>'
    out += f'<circle cx="{x[1]:.1f}" cy="9" r="4.5" class="dot"/>'
    if target is not None:
        mark = 4 + (width - 8) * min(1.0, max(0.0, target))
        out += f'<line x1="{mark:.1f}" x2="{mark:.1f}" y1="1" y2="17" class="mark"/>'
    return f'<svg viewBox="0 0 {width:g} 18" class="whisker" aria-hidden="true" xmlns="http://www.w3.org/2000/svg">{out}</svg>'


def shade(cohort: Cohort) -> tuple[tuple[str, float], ...]:
    """(percent as text, depth 0 to 1) of each cell; "" where it is too early."""
    return tuple(("", 0.0) if share is None else (f"{share * 100:.0f}%", share) for share in cohort.shares)

"""A surface to draw a card on, in units of a card 1080 wide, whatever its width in pixels.

Everything with a meaning (text, codes, seals) leaves a `Placed`: what was drawn, where, and within which bounds it had to
stay. Tests read them; nothing else does.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import segno
from PIL import Image, ImageColor, ImageDraw

from bot.insight.pictures.fonts import EMOJI, Fonts
from bot.insight.pictures.text import Cluster, Measure, Style, clean, clusters, runs

UNITS = 1080
Align = Literal["left", "center", "right"]
Box = tuple[float, float, float, float]
_ASCENT = 0.88
"""Of the em square above the baseline, as Chinese fonts have it."""
_STROKE = 0.012
_FINE = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """`ink` is what was painted, `within` what it had to stay in; both (left, top, right, bottom) in pixels."""

    what: str
    ink: Box
    within: Box
    missing: int = 0


class Canvas:
    """`size` in units; `width_px` is the picture's real width."""

    def __init__(self, size: tuple[float, float], ground: str, fonts: Fonts, width_px: int) -> None:
        self.scale = width_px / size[0]
        self.size = size
        self.fonts = fonts
        self.measure = Measure(fonts)
        self.image = Image.new("RGB", (width_px, self._px(size[1])), ground)
        self._draw = ImageDraw.Draw(self.image)
        self.placed: list[Placed] = []

    def _px(self, units: float) -> int:
        return round(units * self.scale)

    # -- text -------------------------------------------------------------------------------------------------------

    def width_of(self, text: str, style: Style) -> float:
        """In units, on one line."""
        line = clusters(clean(text), style.face, self.fonts)
        return self.measure.width(line, self._px(style.size), style.tracking) / self.scale

    def text(
        self,
        at: tuple[float, float],
        text: str,
        style: Style,
        *,
        width: float,
        align: Align = "left",
        least: float = 0.0,
    ) -> float:
        """One line whose em square begins at `at`; how wide it became. What is longer than `width` is set smaller, down
        to the size `least`, then cut with an ellipsis. With `center` and `right`, `at` is still the left end of `width`."""
        line = clusters(clean(text), style.face, self.fonts)
        size, room = self._px(style.size), width * self.scale
        wanted = self.measure.width(line, size, style.tracking)
        if least and wanted > room:
            smaller = max(self._px(least), int(size * room / wanted))
            at = (at[0], at[1] + (size - smaller) / self.scale * _ASCENT)
            size = smaller
        line = self.measure.cut(line, size, room, style.tracking)
        return self._line(at, line, style, size, width, align)

    def paragraph(
        self,
        at: tuple[float, float],
        text: str,
        style: Style,
        *,
        width: float,
        lines: int,
        leading: float = 1.6,
        align: Align = "left",
    ) -> float:
        """Up to `lines` lines, each `leading` sizes below the last; the y below them."""
        x, y = at
        for part in text.split("\n"):
            if lines <= 0:
                break
            broken = self.measure.wrap(
                clusters(clean(part), style.face, self.fonts), self._px(style.size), width * self.scale, lines
            )
            for line in broken:
                self._line((x, y), line, style, self._px(style.size), width, align)
                y += style.size * leading
            lines -= len(broken)
        return y

    def height_of(self, text: str, style: Style, *, width: float, lines: int, leading: float = 1.6) -> float:
        """How far `paragraph` would go down."""
        count = 0
        for part in text.split("\n"):
            if count < lines:
                line = clusters(clean(part), style.face, self.fonts)
                size = self._px(style.size)
                count += len(self.measure.wrap(line, size, width * self.scale, lines - count))
        return count * style.size * leading

    def _line(
        self, at: tuple[float, float], line: Sequence[Cluster], style: Style, size: int, width: float, align: Align
    ) -> float:
        taken = self.measure.width(line, size, style.tracking)
        left, top = at[0] * self.scale, at[1] * self.scale
        room = width * self.scale
        x = left + {"left": 0.0, "center": (room - taken) / 2, "right": room - taken}[align]
        baseline = round(top + size * _ASCENT)
        ink: list[Box] = []
        parts = [(each.font, each.text) for each in line] if style.tracking else list(runs(line))
        begin = x
        for font_name, part in parts:
            font = self.fonts.load(font_name, size)
            if part.strip():
                where = (round(x), baseline)
                # A rare sign comes from the regular face, in a bold line with a stroke that makes it as dark.
                stroke = size * _STROKE if font_name == "sans" and style.face != "sans" else 0.0
                self._draw.text(
                    where, part, fill=style.color, font=font, anchor="ls", embedded_color=True, stroke_width=stroke
                )
                ink.append(self._draw.textbbox(where, part, font=font, anchor="ls", embedded_color=True))
            x += font.getlength(part) + style.tracking * size
        if ink:
            bounds = _around(ink)
            within = (left, top - 0.2 * size, left + room, top + 1.3 * size)
            missing = sum(cluster.is_missing for cluster in line)
            self.placed.append(Placed("".join(each.text for each in line), bounds, within, missing))
        return (x - begin) / self.scale

    # -- shapes -----------------------------------------------------------------------------------------------------

    def panel(self, box: Box, color: str, *, radius: float = 0.0, line: str = "", thickness: float = 0.0) -> None:
        """A rectangle with round corners, filled; with `line` also outlined inside."""
        if line and thickness:
            self._rounded(box, radius, line)
            left, top, right, bottom = box
            inner = (left + thickness, top + thickness, right - thickness, bottom - thickness)
            self._rounded(inner, max(0.0, radius - thickness), color)
        else:
            self._rounded(box, radius, color)

    def disc(self, center: tuple[float, float], radius: float, color: str) -> None:
        x, y = center
        self._rounded((x - radius, y - radius, x + radius, y + radius), radius, color)

    def ring(self, center: tuple[float, float], radius: float, color: str, inside: str, thickness: float) -> None:
        self.disc(center, radius, color)
        self.disc(center, radius - thickness, inside)

    def shade(self, box: Box, top: str, bottom: str) -> None:
        """A rectangle whose colour goes from `top` to `bottom`."""
        left, up, right, down = (self._px(each) for each in box)
        mask = Image.linear_gradient("L").resize((right - left, down - up))
        self.image.paste(Image.composite(_plain(mask.size, bottom), _plain(mask.size, top), mask), (left, up))

    def path(self, points: Sequence[tuple[float, float]], color: str, thickness: float) -> None:
        """A line through the points."""
        self._fine(
            points,
            lambda draw, at, k: draw.line(at, fill=255, width=round(thickness * k), joint="curve"),
            color,
            thickness,
        )

    def area(self, points: Sequence[tuple[float, float]], color: str) -> None:
        """A polygon."""
        self._fine(points, lambda draw, at, k: draw.polygon(at, fill=255), color, 1)

    def code(self, box: Box, content: str, *, dark: str, light: str) -> None:
        """A QR code as large as whole modules allow in the square `box`, at its left top; the ground is its quiet zone."""
        qr = segno.make(content, error="m", micro=False)
        modules = qr.symbol_size(scale=1, border=0)[0]
        left, top, right, _ = (self._px(each) for each in box)
        scale = max(1, (right - left) // modules)
        out = io.BytesIO()
        qr.save(out, kind="png", scale=scale, border=0, dark=dark, light=light)
        with Image.open(out) as picture:
            self.image.paste(picture.convert("RGB"), (left, top))
            ink = (left, top, left + picture.width, top + picture.height)
        self.placed.append(Placed("QR", ink, ink))

    def stamp(self, center: tuple[float, float], side: float, text: str, color: str, *, degrees: float = -6.0) -> None:
        """A seal: up to four signs in a square frame, turned a little, see-through like ink."""
        px = self._px(side) * _FINE
        signs = clusters(clean(text), "serif", self.fonts)
        line = [each for each in signs if each.font != EMOJI and each.text != " "][:4]
        if not line:
            return
        mask = Image.new("L", (px, px), 0)
        draw = ImageDraw.Draw(mask)
        edge = px * 0.045
        draw.rounded_rectangle((0, 0, px - 1, px - 1), px * 0.08, fill=255)
        draw.rounded_rectangle((edge, edge, px - 1 - edge, px - 1 - edge), px * 0.05, fill=0)
        rows = 2 if len(line) > 2 else len(line)
        columns = 2 if len(line) > 2 else 1
        size = int((px - 3.4 * edge) / max(rows, columns))
        for number, cluster in enumerate(line):
            column, row = columns - 1 - number // rows, number % rows
            middle = (px / 2 + (column - (columns - 1) / 2) * size, px / 2 + (row - (rows - 1) / 2) * size)
            font = self.fonts.load(cluster.font, round(size * 0.94))
            draw.text(middle, cluster.text, fill=255, font=font, anchor="mm")
        turned = mask.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        turned = turned.resize((turned.width // _FINE, turned.height // _FINE), Image.Resampling.BOX)
        turned = turned.point(lambda value: round(value * 0.88))
        x, y = self._px(center[0]) - turned.width // 2, self._px(center[1]) - turned.height // 2
        self.image.paste(_plain(turned.size, color), (x, y), turned)
        ink = (x, y, x + turned.width, y + turned.height)
        self.placed.append(Placed("seal", ink, ink))

    def png(self) -> bytes:
        """The picture; nothing but its pixels is in the file."""
        out = io.BytesIO()
        self.image.save(out, "PNG", compress_level=6)
        return out.getvalue()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _rounded(self, box: Box, radius: float, color: str) -> None:
        left, top, right, bottom = (self._px(each) for each in box)
        width, height = right - left, bottom - top
        if width <= 0 or height <= 0:
            return
        r = min(self._px(radius), width // 2, height // 2)
        mask = Image.new("L", (width, height), 255)
        if r:
            corner = Image.new("L", (r * _FINE, r * _FINE), 0)
            ImageDraw.Draw(corner).ellipse((0, 0, 2 * r * _FINE - 1, 2 * r * _FINE - 1), fill=255)
            corner = corner.resize((r, r), Image.Resampling.BOX)
            flip = Image.Transpose
            mask.paste(corner, (0, 0))
            mask.paste(corner.transpose(flip.FLIP_LEFT_RIGHT), (width - r, 0))
            mask.paste(corner.transpose(flip.FLIP_TOP_BOTTOM), (0, height - r))
            mask.paste(corner.transpose(flip.ROTATE_180), (width - r, height - r))
        self.image.paste(_plain((width, height), color), (left, top), mask)

    def _fine(self, points: Sequence[tuple[float, float]], paint: object, color: str, margin: float) -> None:
        """Paints at a finer grain, then blends in: no steps on slanted edges."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        left, top = self._px(min(xs) - margin), self._px(min(ys) - margin)
        size = (self._px(max(xs) + margin) - left + 1, self._px(max(ys) + margin) - top + 1)
        k = self.scale * _FINE
        mask = Image.new("L", (size[0] * _FINE, size[1] * _FINE), 0)
        at = [(x * k - left * _FINE, y * k - top * _FINE) for x, y in points]
        paint(ImageDraw.Draw(mask), at, k)  # type: ignore[operator]
        mask = mask.resize(size, Image.Resampling.BOX)
        self.image.paste(_plain(size, color), (left, top), mask)


def mixed(color: str, other: str, share: float) -> str:
    """`color` with `share` of `other` in it."""
    one, two = ImageColor.getrgb(color)[:3], ImageColor.getrgb(other)[:3]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(one, two, strict=True))


def contrast(one: str, two: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2)."""
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [value / 255 for value in ImageColor.getrgb(color)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _plain(size: tuple[int, int], color: str) -> Image.Image:
    return Image.new("RGB", size, color)


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms))

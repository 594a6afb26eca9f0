"""Makes `templates/fonts/` from what the font makers publish: `python deploy/fonts.py FOLDER` (needs fonttools[woff]).

FOLDER holds the originals: `NotoSansCJK-{Regular,Bold}.ttc` and `NotoSerifCJK-Bold.ttc` (Noto CJK 2.004 and 2.001, from
github.com/notofonts/noto-cjk or Debian's fonts-noto-cjk), `DejaVuSans.ttf` (2.37) and `twemoji.woff2` (15.0.3, from the
npm package twemoji-colr-font). Nothing is drawn here: glyphs that a card never needs are left out, and the colour font
gets outlines that tell FreeType how large a glyph of layers is.

`fonts.json` says of each file what it covers, where it comes from, under which licence, and its hash.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

OUT = Path(__file__).parents[1] / "templates" / "fonts"
_SIMPLIFIED = 2
"""The face of a Noto CJK collection with the forms of mainland China."""
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC))
_FEATURES = ["kern", "liga", "locl", "ccmp", "mark", "mkmk", "halt", "palt"]

Wanted = Callable[[int], bool]


def main(originals: Path) -> None:
    common, korean = _listed("gb2312", range(0xB0, 0xF8)), _listed("euc_kr", range(0xB0, 0xC9))
    entries = [
        _cjk(originals / "NotoSansCJK-Regular.ttc", "sans", lambda code: code in korean or not _is_hangul(code)),
        _cjk(originals / "NotoSansCJK-Bold.ttc", "bold", lambda code: _is_basic(code) or code in common),
        _cjk(originals / "NotoSerifCJK-Bold.ttc", "serif", lambda code: _is_basic(code) or code in common),
        _symbols(originals / "DejaVuSans.ttf"),
        _emoji(originals / "twemoji.woff2"),
    ]
    (OUT / "fonts.json").write_text(json.dumps({"fonts": entries}, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _cjk(original: Path, name: str, wanted: Wanted) -> dict[str, object]:
    font = TTFont(original, fontNumber=_SIMPLIFIED, lazy=True)
    out = OUT / f"{original.stem.replace('CJK', 'SC')}.otf"
    _subset(font, [code for code in font.getBestCmap() if wanted(code)], out)
    source = "github.com/notofonts/noto-cjk"
    return _entry(name, out, source, "OFL-1.1", "© 2014-2022 Adobe (http://www.adobe.com/)")


def _symbols(original: Path) -> dict[str, object]:
    font, out = TTFont(original), OUT / "DejaVuSans-Symbols.ttf"
    _subset(font, [code for code in font.getBestCmap() if code > 0x7F and not 0xE000 <= code <= 0xF8FF], out)
    holder = "© 2003 Bitstream, Inc.; DejaVu changes are in public domain"
    return _entry("symbols", out, "dejavu-fonts.github.io", "Bitstream-Vera", holder)


def _emoji(original: Path) -> dict[str, object]:
    """A glyph of layers has no outline of its own, and FreeType makes its bitmap as large as the outline says."""
    font, out = TTFont(original), OUT / "Twemoji.ttf"
    font.flavor = None
    glyphs, upem = font["glyf"], font["head"].unitsPerEm
    descent = font["hhea"].descent
    for name in font["COLR"].ColorLayers:
        pen = TTGlyphPen(None)
        width = font["hmtx"][name][0]
        pen.moveTo((0, descent))
        pen.lineTo((0, descent + upem))
        pen.lineTo((width, descent + upem))
        pen.lineTo((width, descent))
        pen.closePath()
        glyphs[name] = pen.glyph()
        font["hmtx"][name] = (width, 0)
    for table in ("FFTM", "cvt ", "gasp"):
        if table in font:
            del font[table]
    font.save(out)
    holder = "Twemoji © Twitter, Inc. and other contributors; font by Mozilla Foundation"
    return _entry("emoji", out, "npmjs.com/package/twemoji-colr-font", "CC-BY-4.0 (graphics), OFL-1.1 (font)", holder)


def _subset(font: TTFont, codes: Iterable[int], out: Path) -> None:
    options = subset.Options()
    options.layout_features, options.hinting, options.notdef_outline = _FEATURES, False, True
    options.name_IDs = ["*"]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=list(codes))
    cutter.subset(font)
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(out)


def _entry(name: str, path: Path, source: str, licence: str, copyright_: str) -> dict[str, object]:
    covers = " ".join(f"{a:x}-{b:x}" if a < b else f"{a:x}" for a, b in ranges(TTFont(path, lazy=True).getBestCmap()))
    digest = sha256(path.read_bytes()).hexdigest()
    return {
        "name": name, "file": path.name, "sha256": digest, "source": source, "licence": licence,
        "copyright": copyright_, "covers": covers,
    }  # fmt: skip


def ranges(codes: Iterable[int]) -> list[tuple[int, int]]:
    """Code points as closed intervals, in order."""
    ordered = sorted(codes)
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    return list(zip(starts, ends, strict=True))


def _is_hangul(code: int) -> bool:
    return any(first <= code <= last for first, last in _HANGUL)


def _is_basic(code: int) -> bool:
    """Everything of the plane that is no ideograph: Latin, kana, punctuation, full-width forms."""
    return (code < 0x3400 or 0xFE30 <= code <= 0xFE4F or 0xFF00 <= code <= 0xFFEF) and not _is_hangul(code)


def _listed(charset: str, rows: range) -> set[int]:
    """The code points in these rows of a national standard."""
    found = set()
    for high in rows:
        for low in range(0xA1, 0xFF):
            text = bytes((high, low)).decode(charset, "ignore")
            if text:
                found.add(ord(text))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Problems as text for people, and as values for editors and CI."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from bot.playbook.problems import Lang, Place, Problem

DOCS = "docs/handbook/diagnostics.md"
_WIDTH = 96


def anchor(code: str) -> str:
    return f"{DOCS}#{code.lower()}"


def render(problems: Iterable[Problem], lang: Lang = "zh", root: str = "") -> str:
    """Every problem with its line, a caret and what to do; "" when there is none. `root` is put before the paths."""
    return "\n\n".join(render_one(problem, lang, root) for problem in problems)


def render_one(problem: Problem, lang: Lang = "zh", root: str = "") -> str:
    place, is_zh = problem.place, lang == "zh"
    words = {"error": ("错误", "error"), "warning": ("建议", "warning")}[problem.severity][0 if is_zh else 1]
    lines = [f"{root}{place} {words} {problem.code} {problem.message.get(lang)}"]
    lines += _excerpt(place)
    if problem.suggestion:
        lines.append(f"  是不是想写「{problem.suggestion}」?" if is_zh else f"  did you mean `{problem.suggestion}`?")
    if problem.expected:
        lines.append(f"  {'可以写' if is_zh else 'expected'}: {_shorten(problem.expected.get(lang))}")
    if problem.hint:
        lines.append(f"  {'怎么改' if is_zh else 'hint'}: {problem.hint.get(lang)}")
    return "\n".join(lines)


def summary(problems: Sequence[Problem], available: int, total: int, lang: Lang = "zh") -> str:
    """The last line of `check`."""
    errors = sum(problem.is_error for problem in problems)
    warnings = len(problems) - errors
    if lang == "en":
        state = f"{available} of {total} playbooks available"
        return f"{state}, {errors} errors, {warnings} warnings" if problems else f"{state}, nothing to mend"
    state = f"{total} 份剧本,{available} 份可用"
    return f"{state};{errors} 个错误,{warnings} 条建议" if problems else f"{state},没有问题"


def as_json(problem: Problem) -> dict[str, Any]:
    """One problem for an editor or CI; lines and columns count from 1."""
    place = problem.place
    return {
        "code": problem.code,
        "severity": problem.severity,
        "file": place.path,
        "line": place.line,
        "column": place.col,
        "length": place.length,
        "key": problem.key,
        "message": problem.message._asdict(),
        "expected": problem.expected._asdict(),
        "suggestion": problem.suggestion,
        "hint": problem.hint._asdict(),
        "source": place.text,
        "docs": anchor(problem.code),
    }


def _excerpt(place: Place) -> list[str]:
    """The line and the caret under it; wide characters take two columns."""
    if not place.text.strip():
        return []
    text, start, length = place.text.replace("\t", " "), place.col - 1, place.length
    cut = 0
    if start > _WIDTH - 30:
        cut = start - 30
        text = "…" + text[cut + 1 :]
    start -= cut
    if len(text) > _WIDTH:
        text = text[:_WIDTH] + "…"
    length = max(1, min(length, len(text.rstrip()) - start))
    number = str(place.line)
    pad = " " * _columns(text[:start])
    carets = "^" * max(1, _columns(text[start : start + length]))
    return [f"  {number} | {text.rstrip()}", f"  {' ' * len(number)} | {pad}{carets}"]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _shorten(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[:most].rsplit("、" if "、" in text else ",", 1)[0] + " …"

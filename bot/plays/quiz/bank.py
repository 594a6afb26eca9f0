"""A question bank: what a question is, and the checks that every bank passes before it is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from pydantic import Field

from bot.core.play import Frozen
from bot.plays.quiz.judge import TRUE_FALSE, Type, key


class Problem(NamedTuple):
    """`code` is stable; a bank with an error is not used, a warning is only said."""

    line: int
    code: str
    zh: str
    en: str
    is_error: bool


ErrorAt: TypeAlias = Callable[..., None]
"""(code, what) → an error of the question at hand."""

MOST_OPTIONS = 10
LIMITS_S = (3, 600)
_LONG_BY = 2
_SAME_LETTER_FROM = 6


class Question(Frozen):
    """`answer` holds letters, for `text` the accepted texts. `points` and `limit_s` only where the question has its own."""

    id: str
    type: Type
    text: str
    options: tuple[str, ...] = ()
    answer: tuple[str, ...]
    explanation: str = ""
    difficulty: int = Field(default=1, ge=1, le=5)
    points: int | None = None
    limit_s: int | None = None
    tags: tuple[str, ...] = ()
    category: str = ""
    image: str = ""
    author: str = ""

    @property
    def shown_options(self) -> tuple[str, ...]:
        return TRUE_FALSE if self.type == "truefalse" else self.options


@dataclass(frozen=True, slots=True)
class Bank:
    """`limit_s` and `points` are the bank's own defaults."""

    name: str = ""
    version: str = "1"
    license: str = ""
    limit_s: int | None = None
    points: int | None = None
    questions: tuple[Question, ...] = ()


@dataclass(slots=True)
class Draft:
    """A question as written: all text, with the line it begins on. `lists` are values that were written as lists."""

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def items(self, name: str) -> tuple[str, ...]:
        if name in self.lists:
            return tuple(item.strip() for item in self.lists[name])
        return tuple(part.strip() for part in self.text(name).split("|") if part.strip())


_WRONG = {
    "missing-field": ("缺少 {what}", "{what} is missing"),
    "type": ("题型 {what} 不认识,可用 single multi truefalse text", "unknown type {what}"),
    "few-options": ("选项至少要 2 个", "at least 2 options are needed"),
    "many-options": ("选项最多 10 个", "at most 10 options"),
    "needless-options": ("判断题和填空题不写选项", "truefalse and text questions have no options"),
    "empty-option": ("有空的选项", "an option is empty"),
    "same-option": ("选项 {what} 实际上一样", "options {what} are the same once folded"),
    "answer": ("答案 {what} 不对:单选一个字母,多选几个字母,判断写 对 或 错", "answer {what} does not fit the type"),
    "answer-without-option": ("答案 {what} 没有对应的选项", "answer {what} has no option"),
    "multi-answers": ("多选题的答案至少要两个", "a multi question needs at least two answers"),
    "limit": ("时限 {what} 要在 3 到 600 秒之间", "limit {what} must lie between 3 and 600 s"),
    "number": ("{what} 要写整数", "{what} must be a whole number"),
    "comma": (
        "「{what}」被英文逗号切断了:改用中文逗号,或给整段文字加引号",
        "{what!r} was cut off by a comma: quote the text or use a full-width comma",
    ),
    "duplicate-id": ("编号和第 {what} 行重复", "the same id as on line {what}"),
}


class Checker:
    """Turns drafts into questions and collects every problem on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def error(self, line: int, code: str, what: str = "", question: str = "") -> None:
        zh, en = _WRONG[code]
        zh, en = _of(question, zh.format(what=what)), _of(question, en.format(what=what), "en")
        self.problems.append(Problem(line, f"bank-{code}", zh, en, True))

    def warn(self, line: int, code: str, zh: str, en: str) -> None:
        self.problems.append(Problem(line, f"bank-{code}", zh, en, False))

    def number(self, line: int, text: str, what: str, question: str = "") -> int | None:
        text = text.strip().removesuffix("s").removesuffix("秒")
        if not text:
            return None
        if not text.isdecimal() or len(text) > 9:
            self.error(line, "number", what, question)
            return None
        return int(text)

    def limit(self, line: int, text: str, question: str = "") -> int | None:
        limit = self.number(line, text, "limit", question)
        if limit is not None and not LIMITS_S[0] <= limit <= LIMITS_S[1]:
            self.error(line, "limit", str(limit), question)
            return None
        return limit

    def question(self, draft: Draft, category: str = "") -> Question | None:
        """The question, None when it has an error."""
        before = sum(problem.is_error for problem in self.problems)
        id_ = draft.text("id")

        def error(code: str, what: str = "") -> None:
            self.error(draft.line, code, what, id_)

        for name in ("id", "text"):
            if not draft.text(name):
                error("missing-field", name)
        kind: Type = "single"
        match draft.text("type") or "single":
            case "single" | "multi" | "truefalse" | "text" as known:
                kind = known
            case other:
                error("type", other)
        options = draft.items("options")
        if kind in ("truefalse", "text"):
            if options:
                error("needless-options")
        else:
            self._options(options, error)
        answer = self._answer(kind, options, draft, error)
        limit = self.limit(draft.line, draft.text("limit"), id_)
        points = self.number(draft.line, draft.text("points"), "points", id_)
        difficulty = self.number(draft.line, draft.text("difficulty"), "difficulty", id_) or 1
        if not 1 <= difficulty <= 5:
            error("number", "difficulty 1–5")
        if sum(problem.is_error for problem in self.problems) > before:
            return None
        return Question(
            id=id_,
            type=kind,
            text=draft.text("text"),
            options=options,
            answer=answer,
            explanation=draft.text("explanation"),
            difficulty=difficulty,
            points=points,
            limit_s=limit,
            tags=draft.items("tags"),
            category=draft.text("category") or category,
            image=draft.text("image"),
        )

    def _options(self, options: Sequence[str], error: ErrorAt) -> None:
        if len(options) < 2:
            error("few-options")
        if len(options) > MOST_OPTIONS:
            error("many-options")
        if any(not option for option in options):
            error("empty-option")
        by_key: dict[str, list[str]] = {}
        for n, option in enumerate(options):
            # Signs without a letter or digit (＋, －) are told apart as they are.
            by_key.setdefault(key(option) or option, []).append(chr(ord("A") + n))
        for letters in by_key.values():
            if len(letters) > 1:
                error("same-option", "、".join(letters))

    def _answer(self, kind: Type, options: Sequence[str], draft: Draft, error: ErrorAt) -> tuple[str, ...]:
        parts = tuple(part for part in draft.items("answer") if part)
        if not parts:
            error("missing-field", "answer")
            return ()
        if kind == "text":
            return parts
        if kind == "truefalse":
            word = parts[0].casefold()
            if word in ("对", "正确", "是", "true", "t", "a", "√"):
                return ("A",)
            if word in ("错", "错误", "否", "false", "f", "b", "×"):
                return ("B",)
            error("answer", parts[0])
            return ()
        letters = tuple(sorted(set("".join(parts).upper().replace(" ", "").replace("、", "").replace(",", ""))))
        if not all("A" <= letter <= "Z" for letter in letters):
            error("answer", "".join(parts))
            return ()
        if beyond := [letter for letter in letters if ord(letter) - ord("A") >= len(options)]:
            error("answer-without-option", "".join(beyond))
        if kind == "single" and len(letters) > 1:
            error("answer", "".join(letters))
        if kind == "multi" and len(letters) < 2:
            error("multi-answers")
        return letters

    def whole(self, questions: Iterable[tuple[int, Question]]) -> tuple[Question, ...]:
        """All checks that look at more than one question; the first of two with one id stays."""
        kept: list[Question] = []
        lines: dict[str, int] = {}
        texts: dict[str, str] = {}
        for line, question in questions:
            if question.id in lines:
                self.error(line, "duplicate-id", str(lines[question.id]), question.id)
                continue
            lines[question.id] = line
            kept.append(question)
            self._hints(line, question)
            if other := texts.get(key(question.text)):
                self.warn(
                    line, "same-text", _of(question.id, f"题目和 {other} 一样"), f"{question.id}: same text as {other}"
                )
            texts.setdefault(key(question.text), question.id)
        letters = Counter(question.answer[0] for question in kept if question.type == "single")
        if letters.total() >= _SAME_LETTER_FROM and len(letters) == 1:
            (letter,) = letters
            self.warn(1, "same-letter", f"所有单选题的答案都是 {letter},成员很快会发现", f"every answer is {letter}")
        return tuple(kept)

    def _hints(self, line: int, question: Question) -> None:
        if not question.explanation:
            self.warn(line, "no-explanation", _of(question.id, "没有解析"), f"{question.id}: no explanation")
        if question.type == "single":
            right = ord(question.answer[0]) - ord("A")
            others = [len(option) for n, option in enumerate(question.options) if n != right]
            if len(question.options[right]) > _LONG_BY * max(others):
                self.warn(
                    line,
                    "long-answer",
                    _of(question.id, "正确选项比别的长一倍以上,容易猜"),
                    f"{question.id}: the right option is more than twice as long as the others",
                )


def _of(question: str, text: str, lang: str = "zh") -> str:
    if not question:
        return text
    return f"题目 {question}:{text}" if lang == "zh" else f"question {question}: {text}"

"""Sessions as JSON: the format in which a session is recorded, replayed and compared."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, get_args

from bot.plays.quiz.judge import Type, judge, prepare
from bot.plays.quiz.scoring import Answer, Asked, Rules, answer_of, is_right, score


def rules_of(config: Mapping[str, Any]) -> Rules:
    """The session's options: `mode limit base speed streak attempts partial wrong`; others don't change the points."""
    base = Fraction(str(config.get("base", 100)))
    return Rules(
        mode=config.get("mode", "all"),
        limit_s=Fraction(str(config.get("limit", 20))),
        top=base,
        bottom=base / 2 if config.get("speed", True) else base,
        step=base / 10 if config.get("streak", True) else Fraction(0),
        attempts=int(config.get("attempts", 1)),
        partial=bool(config.get("partial", False)),
        wrong=int(config.get("wrong", 0)),
    )


def replay(config: Mapping[str, Any], questions: list[Mapping[str, Any]]) -> dict[str, Any]:
    """`per_question`: member → points of those who answered in time; `ranking`: [rank, member, points]."""
    rules = rules_of(config)
    played = [_played(rules, question) for question in questions]
    outcome = score(rules, played)
    return {
        "per_question": [{verdict.member: verdict.points for verdict in verdicts} for verdicts in outcome.questions],
        "ranking": [[place.rank, place.member, place.points] for place in outcome.ranking],
    }


def _played(rules: Rules, question: Mapping[str, Any]) -> tuple[Asked, list[Answer]]:
    asked = Asked(
        type=question.get("type", "single"),
        options=tuple(map(str, question.get("options") or ())),
        answer=_answer(question),
        points=_fraction(question.get("points")),
        limit_s=_fraction(question.get("limit")),
        is_void=bool(question.get("void", False)),
    )
    answers: list[Answer] = []
    is_closed = False
    for member, after_s, text in question.get("messages") or ():
        after = Fraction(str(after_s))
        if found := answer_of(asked, str(member), after, str(text), is_late=is_closed):
            answers.append(found)
            # In a race the first right answer is the reveal.
            in_time = after >= 0 and after // 1 <= (asked.limit_s or rules.limit_s)
            is_first = sum(a.member == found.member and a.after_s >= 0 for a in answers) == 1
            if rules.mode == "race" and in_time and is_first and is_right(asked, found):
                is_closed = True
    return asked, answers


def _answer(question: Mapping[str, Any]) -> tuple[str, ...]:
    answer = question.get("answer") or ()
    if question.get("type") == "text":
        return (answer,) if isinstance(answer, str) else tuple(map(str, answer))
    if question.get("type") == "truefalse":
        return judge("truefalse", (), "".join(answer)) or ()
    return tuple(sorted(set("".join(answer).upper())))


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def judged(case: Mapping[str, Any]) -> list[str] | None:
    """The letters of one case of `answers`. A `text` attempt has no letters: what it says, as it is compared.

    Raises `KeyError` without a type, `ValueError` for one that is none.
    """
    typed, kind = str(case.get("typed", "")), case["type"]
    if kind not in get_args(Type):
        raise ValueError(f"type: {kind!r}, 可以写 {' '.join(get_args(Type))}")
    if kind == "text":
        text = prepare(typed)
        return None if text is None else [text]
    letters = judge(kind, tuple(map(str, case.get("options") or ())), typed)
    return None if letters is None else list(letters)

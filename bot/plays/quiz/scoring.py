"""From answers to points and places: exact, from the record alone, so that a session can be computed anew at any time.

A *record* is what a member typed, judged and stamped; nothing here knows chat. Fractions throughout, one rounding (half
up) where the rules round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Literal

from bot.plays.quiz.judge import Type, is_right_text, judge

Mode = Literal["all", "race"]
_LONGEST_STREAK_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """`top` is what a right answer is worth at once, `bottom` at the limit, `step` each further one of a streak.

    A question with points of its own scales all three.
    """

    mode: Mode = "all"
    limit_s: Fraction = Fraction(20)
    top: Fraction = Fraction(100)
    bottom: Fraction = Fraction(50)
    step: Fraction = Fraction(10)
    attempts: int = 1
    partial: bool = False
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it was asked. `answer`: letters, for `text` the accepted texts."""

    type: Type
    options: tuple[str, ...] = ()
    answer: tuple[str, ...]
    points: Fraction | None = None
    limit_s: Fraction | None = None
    is_void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A message that is an answer. `after_s`: since the question was delivered; `is_late`: it came after the reveal."""

    member: str
    after_s: Fraction
    letters: tuple[str, ...] = ()
    is_right_text: bool = False
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A member's deciding answer to one question. `e` in whole seconds."""

    member: str
    points: int
    is_right: bool
    e: int
    letters: tuple[str, ...] = ()


@dataclass(slots=True)
class Standing:
    member: str
    points: int = 0
    right: int = 0
    time_s: int = 0
    streak: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    rank: int
    member: str
    points: int
    right: int
    time_s: int
    streak: int


@dataclass(slots=True)
class Outcome:
    """`questions`: per question the verdicts on everybody who answered in time (none for a void one). `ranking`:
    every participant, also one who was only ever late."""

    questions: list[list[Verdict]] = field(default_factory=list)
    ranking: list[Place] = field(default_factory=list)


def score(rules: Rules, played: Iterable[tuple[Asked, Sequence[Answer]]]) -> Outcome:
    """The whole session from its record: for each question the answers in order of arrival."""
    outcome = Outcome()
    standings: dict[str, Standing] = {}
    for asked, answers in played:
        if asked.is_void:
            outcome.questions.append([])
            continue
        for answer in answers:
            if answer.after_s >= 0:
                standings.setdefault(answer.member, Standing(answer.member))
        verdicts = _verdicts(rules, asked, answers, standings)
        outcome.questions.append(verdicts)
        right = {verdict.member for verdict in verdicts if verdict.is_right}
        for standing in standings.values():
            standing.streak = standing.streak + 1 if standing.member in right else 0
        for verdict in verdicts:
            standing = standings[verdict.member]
            standing.points += verdict.points
            standing.right += verdict.is_right
            standing.time_s += verdict.e if verdict.is_right else 0
    outcome.ranking = _ranking(standings.values())
    return outcome


def _verdicts(
    rules: Rules, asked: Asked, answers: Sequence[Answer], standings: Mapping[str, Standing]
) -> list[Verdict]:
    limit = asked.limit_s or rules.limit_s
    scale = asked.points / rules.top if asked.points is not None and rules.top else Fraction(1)
    in_time = [answer for answer in answers if 0 <= floor(answer.after_s) <= limit and not answer.is_late]
    deciding: dict[str, Answer] = {}
    if rules.mode == "race":
        for answer in in_time:
            if answer.member in deciding:
                continue
            deciding[answer.member] = answer
            if is_right(asked, answer):
                break
    else:
        counts: dict[str, int] = {}
        for answer in in_time:
            counts[answer.member] = counts.get(answer.member, 0) + 1
            if counts[answer.member] <= rules.attempts:
                deciding[answer.member] = answer
    return [_verdict(rules, asked, answer, limit, scale, standings) for answer in deciding.values()]


def _verdict(
    rules: Rules, asked: Asked, answer: Answer, limit: Fraction, scale: Fraction, standings: Mapping[str, Standing]
) -> Verdict:
    e = floor(answer.after_s)
    worth = rules.top * scale
    if rules.mode == "all":
        worth -= (rules.top - rules.bottom) * scale * e / limit
    if is_right(asked, answer):
        steps = min(standings[answer.member].streak, _LONGEST_STREAK_STEPS)
        points = half_up(worth) + half_up(rules.step * scale * steps)
        return Verdict(answer.member, points, True, e, answer.letters)
    if share := _share(rules, asked, answer):
        return Verdict(answer.member, half_up(worth * share), False, e, answer.letters)
    return Verdict(answer.member, -rules.wrong, False, e, answer.letters)


def is_right(asked: Asked, answer: Answer) -> bool:
    return answer.is_right_text if asked.type == "text" else set(answer.letters) == set(asked.answer)


def _share(rules: Rules, asked: Asked, answer: Answer) -> Fraction | None:
    """What part of a multi answer was found, when only right options were chosen."""
    chosen, right = set(answer.letters), set(asked.answer)
    if rules.partial and rules.mode == "all" and asked.type == "multi" and chosen and chosen < right:
        return Fraction(len(chosen), len(right))
    return None


def _ranking(standings: Iterable[Standing]) -> list[Place]:
    """Points, then right answers, then less time; equal in all three share a rank and the next one is skipped.

    Python's sort is stable and `standings` are in order of the first answer, which is the order within a rank.
    """
    ordered = sorted(standings, key=_merit)
    places: list[Place] = []
    for n, row in enumerate(ordered, 1):
        rank = places[-1].rank if places and _merit(row) == _merit(ordered[n - 2]) else n
        places.append(Place(rank, row.member, row.points, row.right, row.time_s, row.streak))
    return places


def _merit(row: Standing) -> tuple[int, int, int]:
    return -row.points, -row.right, row.time_s


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def answer_of(asked: Asked, member: str, after_s: Fraction, typed: str, *, is_late: bool = False) -> Answer | None:
    """What `typed` is worth as an answer; None when it is chat."""
    if asked.type == "text":
        is_right_ = is_right_text(asked.answer, typed)
        if is_right_ is None:
            return None
        return Answer(member=member, after_s=after_s, is_right_text=is_right_, is_late=is_late)
    letters = judge(asked.type, asked.options, typed)
    return None if letters is None else Answer(member=member, after_s=after_s, letters=letters, is_late=is_late)

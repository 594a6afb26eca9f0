"""Which questions a session asks, and in which order their options stand: by a recorded seed, so it can be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from bot.core.draw import share, shuffled
from bot.plays.quiz.bank import Question

_FIXED_LAST = ("以上", "都是", "都不", "全部", "均")


def draw(
    keys: Iterable[str], used_on: Mapping[str, date], today: date, count: int, seed: str, rest: timedelta
) -> list[str]:
    """The keys of `count` questions or fewer: unused ones first, then those whose last use is at least `rest` ago,
    oldest first."""
    known = list(dict.fromkeys(keys))
    fresh = shuffled(seed, (key for key in known if key not in used_on))
    rested = sorted(
        (key for key in known if key in used_on and today - used_on[key] >= rest),
        key=lambda key: (used_on[key], share(seed, key)),
    )
    return [*fresh, *rested][:count]


def with_shuffled_options(question: Question, seed: str) -> Question:
    """The same question with its options in a drawn order; options that speak of the others stay where they are."""
    if question.type not in ("single", "multi") or any(o.startswith(_FIXED_LAST) for o in question.options):
        return question
    letters = [chr(ord("A") + n) for n in range(len(question.options))]
    order = shuffled(f"{seed}|{question.id}", letters)
    return question.model_copy(
        update={
            "options": tuple(question.options[ord(letter) - ord("A")] for letter in order),
            "answer": tuple(sorted(letters[order.index(letter)] for letter in question.answer)),
        }
    )

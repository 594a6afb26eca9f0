"""How the evening goes, wherever it happens, and what is wrong with what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.core.draw import share
from tests.evening import cast

_LINE = re.compile(r"\d+\. (.+)")
_QUESTION = re.compile(r"第 (\d+)/(\d+) 题[\s\S]*第(\d+)道常识题")


class Group(Protocol):
    """Where people talk and the bot answers."""

    async def say(self, lines: Sequence[tuple[str, str]], over_s: float) -> None:
        """Each line by its member, spread evenly over the span; returns when the span is over."""

    async def join(self, name: str) -> None: ...

    async def hear(self, words: str) -> str:
        """The next thing the bot says in the group that holds `words`."""

    def forget(self) -> None:
        """What was said until now is not listened to any more."""

    async def pause(self, seconds: float) -> None: ...

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """From the bot's database."""

    def uid(self, name: str) -> str: ...


@dataclass
class Outcome:
    """What the evening shows. The lists say what went wrong: empty is right."""

    entries: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    answers: int = 0
    misjudged: list[str] = field(default_factory=list)
    harmless: int = 0
    false_alarms: list[str] = field(default_factory=list)
    spam: int = 0
    missed: list[str] = field(default_factory=list)


async def chain(
    group: Group, outcome: Outcome, *, pastes: int = 60, over_s: float = 6.0, settle_s: float = 6.0
) -> None:
    """Everybody copies a list that others are continuing at that moment; some answer +1, some correct themselves."""
    await group.say([(cast.OPERATOR, f"发起接龙 {cast.TITLE}")], 0.2)
    await group.hear(cast.TITLE)
    people = [*cast.MEMBERS[: pastes // 2], *cast.MEMBERS[100 : 100 + pastes - pastes // 2]]
    copies: list[list[str]] = [[]]
    said: list[tuple[str, str]] = []
    wanted: dict[str, str] = {}
    for place, name in enumerate(people):
        if place % 9 == 4:
            said.append((name, "+1"))
            wanted[name] = name
            continue
        behind = int(share("stale", name) * 20)
        seen = copies[max(0, len(copies) - 1 - behind)]
        text = name if place % 3 else f"{name} 带{place}瓶水"
        own = [*seen, text]
        said.append((name, _list(own)))
        copies.append(own)
        wanted[name] = text
    corrected = [name for name in people[::7] if wanted[name] in copies[-1] or name in wanted]
    await group.say(said, over_s)
    again = []
    for name in corrected:
        mine = next((copy for copy in reversed(copies) if wanted[name] in copy), None)
        if mine is not None:
            changed = f"{name} 改坐车去"
            again.append((name, _list([changed if line == wanted[name] else line for line in mine])))
            wanted[name] = changed
    await group.say(again, over_s / 3)
    await group.pause(settle_s)
    group.forget()
    await group.say([(cast.OPERATOR, "接龙")], 0.2)
    final = await group.hear("1. ")
    listed = _LINE.findall(final)
    outcome.entries = len(wanted)
    outcome.lost = [text for text in wanted.values() if text not in listed]
    outcome.doubled = sorted({line for line in listed if listed.count(line) > 1} | set(listed) - {*wanted.values()})


def _list(lines: Sequence[str]) -> str:
    return "\n".join(["#接龙", cast.TITLE, "", *(f"{n}. {line}" for n, line in enumerate(lines, 1))])


async def quiz(group: Group, outcome: Outcome, *, questions: int = 10, people: int = 150, over_s: float = 8.0) -> None:
    """Answers as people type them, wrong ones, changes of mind, chatter, and some that come after the reveal."""
    await group.say([(cast.OPERATOR, f"开始答题 {questions}题")], 0.2)
    expected: dict[tuple[str, str], bool] = {}
    late: list[tuple[str, str]] = []
    for place in range(1, questions + 1):
        found = _QUESTION.search(await group.hear(f"第 {place}/{questions} 题"))
        assert found is not None
        number = int(found[3])
        right = cast.right_letter(number)
        wrong = "ABCD"["ABCD".index(right) - 1]
        lines, second, late = [], [], []
        for name in cast.MEMBERS[:people]:
            mood = share(f"mood {number}", name)
            seed = f"{number}|{name}"
            key = (group.uid(name), f"q{number}")
            if mood < 0.45:
                lines.append((name, cast.typed(number, right, seed)))
                expected[key] = True
            elif mood < 0.65:
                lines.append((name, cast.typed(number, wrong, seed)))
                expected[key] = False
            elif mood < 0.75:
                lines.append((name, cast.typed(number, wrong, seed)))
                second.append((name, cast.typed(number, right, seed)))
                expected[key] = True
            elif mood < 0.8:
                lines.append((name, cast.typed(number, right, seed)))
                second.append((name, f"不对，{wrong}"))
                expected[key] = False
            elif mood < 0.9:
                lines.append((name, cast.CHATTER[int(mood * 1000) % len(cast.CHATTER)]))
            elif mood < 0.93:
                late.append((name, right))
        await group.say([*lines, *second], over_s)
        await group.hear("⏰ 答案")
        await group.say(late[:3], 0.1)
    await group.pause(1)
    judged = {
        (uid, json.loads(data)["question"]): json.loads(data)["is_right"]
        for uid, data in await group.rows(
            "SELECT member.uid, note.data FROM note JOIN member ON member.id = note.member_id WHERE note.what = 'quiz'"
        )
    }
    outcome.answers = len(expected)
    outcome.misjudged = [
        f"{uid} {question}: {expected.get((uid, question))} judged {judged.get((uid, question))}"
        for uid, question in sorted(expected.keys() | judged.keys())
        if expected.get((uid, question)) != judged.get((uid, question))
    ]


async def wave(group: Group, outcome: Outcome, *, spam: int = 40, harmless: int = 200, over_s: float = 60.0) -> None:
    """Advertisers among people who just talk; somebody floods; five who have just come say the same."""
    bad = list(zip(cast.SPAMMERS, cast.spam(spam), strict=False))
    good = [(cast.MEMBERS[n % 140], text) for n, text in enumerate(cast.harmless(harmless))]
    mixed = sorted(
        [(share("wave", f"{n}b"), line) for n, line in enumerate(bad)]
        + [(n / len(good), line) for n, line in enumerate(good)]
    )
    await group.say([line for _, line in mixed], over_s)
    flooder = cast.SPAMMERS[-1]
    await group.say([(flooder, f"快来看啊{n}") for n in range(10)], 1)
    for name in cast.NEWCOMERS:
        await group.join(name)
    await group.say([(name, "这个群真不错推荐大家关注一下") for name in cast.NEWCOMERS], 1)
    await group.pause(1.5)
    verdicts = [
        (uid, json.loads(data))
        for uid, data in await group.rows(
            "SELECT member.uid, note.data FROM note JOIN member ON member.id = note.member_id"
            " WHERE note.what = 'verdict'"
        )
    ]
    caught = {uid for uid, _ in verdicts}
    outcome.harmless, outcome.spam = len(good), len(bad) + 2
    outcome.missed = [f"{name}: {text}" for name, text in bad if group.uid(name) not in caught]
    if group.uid(flooder) not in caught:
        outcome.missed.append("the flood")
    if len(caught & {group.uid(name) for name in cast.NEWCOMERS}) < 2:
        outcome.missed.append("the raid")
    nuisances = {group.uid(name) for name in (*cast.SPAMMERS, *cast.NEWCOMERS)}
    outcome.false_alarms = [f"{uid}: {data}" for uid, data in verdicts if uid not in nuisances]

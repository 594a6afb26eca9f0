"""Synthetic members: what they do of themselves each day, and how they answer what they read.

Each decision is a share of (seed, member, day, what), so the same seed gives the same three weeks, and adding a member
changes nobody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bot.core.draw import share, shuffled
from bot.core.units import ClockWindow
from bot.playbook.model import GroupPlan
from bot.sim import phrases
from bot.sim.deeds import Deed, Joins, Leaves, Says

_OPTION = re.compile(r"^\s*([A-H])\s*[.、．:：)）]", re.MULTILINE)
_TRUE_OR_FALSE = re.compile(r"对\s*(?:还是|/|或)\s*错")
_ENTRY = re.compile(r"\s*(\d+)\s*[.、．]\s*(.*)")
_WHOLE_DAY = ClockWindow(time(6, 0), time(23, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Chances per day or per occasion; `chats` is lines a day, `typos` the chance of a slip."""

    title: str
    share: float
    checkin: float
    chats: float
    answers: float
    signs_up: float
    typos: float = 0.1
    is_nuisance: bool = False


PERSONAS = (
    Persona(title="积极", share=0.25, checkin=0.95, chats=2.0, answers=0.9, signs_up=0.8, typos=0.05),
    Persona(title="普通", share=0.45, checkin=0.7, chats=0.7, answers=0.5, signs_up=0.4),
    Persona(title="潜水", share=0.25, checkin=0.25, chats=0.1, answers=0.1, signs_up=0.1),
    Persona(title="捣乱", share=0.05, checkin=0.4, chats=1.0, answers=0.4, signs_up=0.3, is_nuisance=True),
)


@dataclass(frozen=True, slots=True)
class Habit:
    """A check-in that this group has: the words that count and when."""

    words: tuple[str, ...]
    hours: ClockWindow = _WHOLE_DAY
    min_chars: int = 0


def habits_of(plan: GroupPlan | None) -> tuple[Habit, ...]:
    """The check-ins of a group's playbook, as its members have come to know them."""
    found = []
    for active in plan.plays.values() if plan is not None else ():
        if active.play.kind == "checkin":
            words = tuple(getattr(active.params, "commands", ()) or ("打卡",))
            content = getattr(active.params, "content", None)
            hours = getattr(active.params, "window", None) or _WHOLE_DAY
            found.append(Habit(words, hours, getattr(content, "min_chars", 0) or 0))
    return tuple(found)


def names(count: int, taken: Sequence[str] = ()) -> list[str]:
    """`count` names that nobody in `taken` has."""
    free = [name for name in phrases.NAMES if name not in taken]
    return [free[n] if n < len(free) else f"书友{n + 1}" for n in range(count)]


@dataclass(slots=True)
class Crowd:
    """Some synthetic members under one seed. What they have answered already is the only thing they remember."""

    names: Sequence[str]
    seed: str
    habits: tuple[Habit, ...] = ()
    newcomers: Sequence[str] = ()
    """Those of `names` who are not in the group yet: they join within the first three days."""
    _personas: dict[str, Persona] = field(default_factory=dict)
    _answered: set[tuple[str, str]] = field(default_factory=set)

    def persona(self, name: str) -> Persona:
        if name not in self._personas:
            left = self._share(name, "persona")
            for persona in PERSONAS:
                left -= persona.share
                if left < 0:
                    break
            self._personas[name] = persona
        return self._personas[name]

    def day(self, start: datetime, nth: int) -> list[tuple[datetime, Deed]]:
        """What they do of themselves on the local day that begins at `start`, in no order; `nth` counts from 0."""
        deeds = [deed for name in self.names for deed in self._day_of(name, start, nth)]
        for place, name in enumerate(self.newcomers):
            if place % 3 == nth:
                deeds.append((self._at(start, 8 + 11 * self._share(name, "join")), Joins((name,))))
        if nth in (4, 11, 16) and self.names:
            name = shuffled(f"{self.seed}|leave", self.names)[nth % len(self.names)]
            deeds.append((self._at(start, 22.5), Leaves(name)))
        return deeds

    def _day_of(self, name: str, start: datetime, nth: int) -> Iterator[tuple[datetime, Deed]]:
        persona, day = self.persona(name), start.date()
        for place, habit in enumerate(self.habits):
            if self._share(name, f"{day}|checkin|{place}") < persona.checkin:
                hour = self._hour(name, f"{day}|hour|{place}", habit.hours)
                yield self._at(start, hour), Says(name, self._checkin(name, persona, habit, day, nth))
        lines = persona.chats * 2 * self._share(name, f"{day}|chats")
        count = int(lines) + (self._share(name, f"{day}|more") < lines % 1)
        for n in range(count):
            hour = 7.5 + 15 * self._share(name, f"{day}|chat|{n}")
            pool = phrases.NUISANCES if persona.is_nuisance else phrases.CHATTER
            yield self._at(start, hour), Says(name, self._phrase(pool, name, f"{day}|line|{n}", nth))

    def _checkin(self, name: str, persona: Persona, habit: Habit, day: date, nth: int) -> str:
        word = habit.words[0]
        if self._share(name, f"{day}|typo") < persona.typos:
            slips = phrases.TYPOS.get(word, (f"{word}!",))
            return slips[int(self._share(name, f"{day}|which") * len(slips))]
        is_long = habit.min_chars > 0 or self._share(name, f"{day}|long") < 0.3
        pool = phrases.CHECKINS if is_long and self._share(name, f"{day}|lazy") > 0.1 else phrases.SHORT_CHECKINS
        text = self._phrase(pool, name, f"{day}|content", nth)
        picture = " [图片]" if self._share(name, f"{day}|picture") < 0.1 else ""
        return f"{word} {text}".strip() + picture

    def hears(self, line: str, now: datetime, present: Sequence[str]) -> list[tuple[datetime, Deed]]:
        """How they answer something that the bot said to the group at `now`."""
        occasion = f"{now:%Y-%m-%d}|{line[:40]}"
        letters = sorted(set(_OPTION.findall(line))) or (["对", "错"] if _TRUE_OR_FALSE.search(line) else [])
        if len(letters) >= 2:
            return list(self._answer(letters, f"{now.isoformat()}|{line[:40]}", now, present))
        if "接龙" in line and "截止" not in line[:4]:
            return list(self._sign_up(line, f"{now:%Y-%m-%d}|接龙", now, present))
        if "已读" in line:
            return list(self._once("已读", "已读", now, present, 0.8))
        if "自我介绍" in line or "我是__" in line:
            return list(self._introduce(occasion, now, present))
        return []

    def _answer(
        self, letters: Sequence[str], occasion: str, now: datetime, present: Sequence[str]
    ) -> Iterator[tuple[datetime, Deed]]:
        for name in present:
            if self._share(name, f"{occasion}|answers") < self.persona(name).answers:
                letter = letters[int(self._share(name, f"{occasion}|letter") * len(letters))]
                wide = chr(ord(letter) + 0xFEE0) if letter.isascii() else letter
                typed = (letter, letter.lower(), f"选{letter}", wide)
                text = typed[int(self._share(name, f"{occasion}|typed") ** 3 * len(typed))]
                yield (
                    now + timedelta(seconds=round(3 + 24 * self._share(name, f"{occasion}|delay"), 1)),
                    Says(name, text),
                )

    def _sign_up(
        self, line: str, occasion: str, now: datetime, present: Sequence[str]
    ) -> Iterator[tuple[datetime, Deed]]:
        """By a short word, or, as half of them do, by pasting the list with themselves at its end."""
        for name in present:
            if (occasion, name) in self._answered or (
                self._share(name, f"{occasion}|signs") >= self.persona(name).signs_up
            ):
                continue
            self._answered.add((occasion, name))
            pasted = _written_on(line, name) if line.lstrip().startswith("#接龙") else ""
            short = "+1" if "+1" in line else "接龙"
            text = pasted if pasted and self._share(name, f"{occasion}|paste") < 0.5 else short
            yield now + timedelta(seconds=round(20 + 5000 * self._share(name, f"{occasion}|delay"))), Says(name, text)

    def _introduce(self, occasion: str, now: datetime, present: Sequence[str]) -> Iterator[tuple[datetime, Deed]]:
        for at, deed in self._once("自我介绍", "", now, present, 0.5):
            assert isinstance(deed, Says)
            pool = phrases.INTRODUCTIONS
            text = pool[int(self._share(deed.name, "introduction") * len(pool))].replace("{name}", deed.name)
            yield at + timedelta(minutes=5), Says(deed.name, text)

    def _once(
        self, what: str, text: str, now: datetime, present: Sequence[str], chance: float
    ) -> Iterator[tuple[datetime, Deed]]:
        for name in present:
            if name in self.newcomers and (what, name) not in self._answered:
                self._answered.add((what, name))
                if self._share(name, what) < chance:
                    yield (
                        now + timedelta(seconds=round(20 + 600 * self._share(name, f"{what}|delay"))),
                        Says(name, text),
                    )

    def _phrase(self, pool: Sequence[str], name: str, what: str, nth: int) -> str:
        text = pool[int(self._share(name, what) * len(pool))]
        return text.replace("{n}", str(nth + 1))

    def _hour(self, name: str, what: str, hours: ClockWindow) -> float:
        """Mornings and evenings, within the hours when it counts; a twentieth are too early or too late."""
        chance = self._share(name, what)
        first, last = hours.start.hour + hours.start.minute / 60, hours.end.hour + hours.end.minute / 60
        if first > last or chance < 0.05:
            return 4.5 + 19 * self._share(name, f"{what}|odd")
        early, late = max(first, 6.5), min(last, 23.4)
        spread = self._share(name, f"{what}|spread")
        if early >= late:
            return first + (last - first) * spread
        return early + (late - early) * (spread**2 if chance < 0.6 else 1 - (1 - spread) ** 2 * 0.5)

    def _at(self, start: datetime, hour: float) -> datetime:
        return start + timedelta(seconds=round(hour * 3600))

    def _share(self, name: str, what: str) -> float:
        return share(self.seed, f"{name}|{what}")


def _written_on(chain: str, name: str) -> str:
    """The list as a member posts it again: the empty number filled in, or one more after the last."""
    lines = [line for line in chain.splitlines() if not line.startswith("※")]
    numbered = [(place, found) for place, line in enumerate(lines) if (found := _ENTRY.fullmatch(line))]
    if not numbered:
        return "\n".join([*lines, f"1. {name}"]).strip()
    place, last = numbered[-1]
    if last[2]:
        lines.insert(place + 1, f"{int(last[1]) + 1}. {name}")
    else:
        lines[place] = f"{last[1]}. {name}"
    return "\n".join(lines).strip()

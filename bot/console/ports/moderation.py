"""What the pages about moderation ask: cases with their evidence, what waits for a person, rules with their numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from bot.console.models import View
from bot.console.ports.groups import Said
from bot.console.ports.today import Waiting
from bot.console.words import Language

Sees = Callable[[str, str], bool]
"""Whether the caller sees what concerns this group (uid) and playbook."""
Mode = Literal["shadow", "remind", "enforce"]
CaseState = Literal["observed", "reminded", "acted", "paused", "appeal", "upheld", "undone", "deleted"]
"""`observed`: only recorded; `paused`: recorded while the brakes were on; `deleted`: its evidence is no longer kept."""
Judgement = Literal["undo", "uphold", "allow"]


class CaseRow(View):
    """`done`, `replaced`: measures (warn, delete, mute, kick, …) and what stood in for those that the network refused."""

    id: int
    group: str
    group_name: str
    playbook: str
    play: str
    number: int
    at: datetime
    member: str
    name: str
    rule: str
    level: int
    mode: Mode
    state: CaseState
    text: str
    done: tuple[str, ...]
    replaced: tuple[tuple[str, str], ...]
    is_evasion: bool


class Asked(View):
    """A question of a rules play. `due_at`: when an appeal should be answered; `number`: the case it is about, 0: none."""

    waiting: Waiting
    number: int
    due_at: datetime | None
    is_overdue: bool


class Named(View):
    value: str
    name: str


class Cases(View):
    asked: tuple[Asked, ...]
    cases: tuple[CaseRow, ...]
    older: str
    group: str
    rule: str
    state: str
    groups: tuple[Named, ...]
    rules: tuple[str, ...]
    days: int = 7
    week: int
    undone: int
    overdue: int


class Hit(View):
    """One finding. `base`: the word of the lexicon, `span`: what stood in the message, `views`: how it was disguised."""

    rule: str
    level: int
    base: str
    span: str
    views: tuple[str, ...]


class Measure(View):
    """What became of one measure at the network. `status` as in the outbox, or `asked` (an operator decides) and
    `not_sent`; `instead`: what stood in for it."""

    what: str
    status: str
    error: str
    at: datetime | None
    instead: str = ""


class Answered(View):
    what: Literal["kick", "appeal"]
    choice: str
    by: str
    asked_at: datetime
    at: datetime | None


class Case(View):
    """`read_as`: the text as words are looked for in it; `places`: where the hits stand in `text`. `context`: what was
    said around it, for who may read messages. `rung`: points at which the ladder's step was reached, 0: none."""

    row: CaseRow
    text: str
    read_as: str
    places: tuple[tuple[int, int], ...]
    image: str
    hits: tuple[Hit, ...]
    points: int
    points_before: int
    points_after: int
    rung: int
    rung_does: str
    muted_until: datetime | None
    error: str
    measures: tuple[Measure, ...]
    asked: Asked | None
    kick: Asked | None
    answered: tuple[Answered, ...]
    decided_by: str
    appealable_until: datetime | None
    phrase: str
    context: tuple[Said, ...]
    message: str
    others: tuple[CaseRow, ...]
    may_decide: bool = False


class Rate(View):
    """A share with its 95 % interval; None of all without anything to count."""

    hits: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class RuleRow(View):
    """Of the last `days` days. `modes`: how far it goes in the groups now; `observed`: what it would have done.
    `watched_in`: groups in which it observes because it was wrong too often, or because it is new."""

    rule: str
    kind: str
    level: int
    modes: tuple[Mode, ...]
    acted: int
    observed: int
    upheld: int
    undone: Rate
    watched_in: tuple[Named, ...]


class PlayRow(View):
    """A rules play of one playbook, over the groups that the caller sees. `paused_in`: where the brakes are on."""

    playbook: str
    title: str
    play: str
    mode: Mode
    written: Mode
    groups: tuple[Named, ...]
    rules: tuple[RuleRow, ...]
    paused_in: tuple[Named, ...]
    is_rolled_out: bool
    """Dates of the playbook decide, not `mode` alone."""


class Plays(View):
    plays: tuple[PlayRow, ...]
    days: int


class Rules(View):
    row: PlayRow
    days: int
    book: str
    samples: tuple[CaseRow, ...]
    """The newest cases of the play."""
    may_enforce: bool = False


class Proposal(View):
    """A change of `mode` in the playbook's own text, not published yet. `rule` "" is the whole play."""

    playbook: str
    play: str
    rule: str
    mode: Mode
    book: str
    path: str
    base: str
    source: str
    changed: tuple[tuple[Literal["+", "-", " ", "@"], str], ...]
    findings: tuple[str, ...]
    is_sound: bool
    selectors: tuple[str, ...]
    row: RuleRow | None
    groups: tuple[Named, ...]


class Sample(View):
    at: datetime
    name: str
    text: str
    places: tuple[tuple[int, int], ...] = ()


class Tried(View):
    """`word`: a word or the name of a rule; `hits` of the messages tried, some of them in `samples`."""

    word: str
    hits: int
    samples: tuple[Sample, ...]


class Trial(View):
    group: str
    play: str
    words: str
    last: int
    groups: tuple[Named, ...]
    plays: tuple[Named, ...]
    messages: int
    hit: int
    tried: tuple[Tried, ...]


class ModerationPort(Protocol):
    """None for what is not there."""

    async def cases(self, sees: Sees, *, group: str, rule: str, state: str, before: str) -> Cases: ...

    async def case(self, group: str, playbook: str, play: str, number: int, *, with_context: bool) -> Case | None: ...

    async def plays(self, sees: Sees) -> Plays: ...

    async def rules(self, playbook: str, play: str, sees: Sees) -> Rules | None: ...

    async def judge(
        self, group: str, playbook: str, play: str, number: int, judgement: Judgement, phrase: str, actor: str
    ) -> None:
        """Raises `Refused` with the play's own code."""
        ...

    async def question(self, task: int) -> Asked | None:
        """An open question of a rules play."""
        ...

    async def resume(self, group: str, playbook: str, play: str, rule: str, actor: str) -> None:
        """`rule` acts again after it was watched; "" takes the brakes off. Raises `Refused`."""
        ...

    async def propose(
        self, playbook: str, play: str, rule: str, mode: Mode, sees: Sees, language: Language
    ) -> Proposal | None:
        """Raises `Refused`: `elsewhere`, `rollout`, `same_mode`, `changed_meanwhile`."""
        ...

    async def trial(self, sees: Callable[[str], bool], group: str, play: str, words: str, last: int) -> Trial: ...

"""What every play inherits: pure, total on any event, its state survives JSON, silent after its end, no timer in the past.

A new kind is covered by being there: its parameters come from the example playbooks, from its defaults, or from `MORE`.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bot.core import events as vocabulary
from bot.core.effects import AskOperator, Effect, Outward, SetTimer
from bot.core.events import Event, MessageReceived
from bot.core.play import ALL_CAPABILITIES, Capability, Play, Score, Step
from bot.core.segments import Image, Mention, Text
from bot.engine import runner
from bot.playbook.checks import Checks
from bot.playbook.load import load
from bot.playbook.model import ActivePlay, Header, plan_of
from bot.plays import all_plays, asset_parsers
from tests.stage import ACCOUNT, CHAT, Stage

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"

MORE: Mapping[str, Mapping[str, Any]] = {
    "campaign": {
        "posts": [{"name": "早安", "daily": "08:00", "text": "早安\n---\n第 {{ day }} 天"}],
        "busy": "restart",
    },
}
"""Parameters for kinds that have no defaults for everything, beside what the examples show."""

HOSTILE = (
    "",
    " ",
    "好",
    "1",
    "-1",
    "9" * 40,
    "长" * 10_000,
    "a" * 10_000,
    "\u202e\u2066反过来\u2069",
    "😀👨‍👩‍👧‍👦🏳️‍🌈" * 30,
    "[CQ:at,qq=all][CQ:image,file=http://x/y]",
    "{{ ''.__class__ }}{% for x in range(10**9) %}x{% endfor %}",
    "{{ 7 * 7",
    "\ue000all\ue002所有人\ue001",
    "\x00\x07\ufffe",
    "@all @全体成员 http://evil.example/?a=b&c=d",
    "#接龙\n1. 甲\n2. 乙 两份\n3. ",
    "<msg><appmsg/></msg>",
    "２０２６－０３－０２",
    "A",
    "abcd",
    "\n\n\n",
    "今天读了三页,最喜欢的一句是「慢慢来」",
    "我是小明,在杭州做设计,最近在读一本好书,想通过本群读完它",
    "2 份 明天 10:00",
)
PEOPLE = ("甲", "乙", "{{ 丙 }}", "丁\n戊", "老陈", "生人", "老陈")
SPANS = (0, 1, 20, 60, 600, 3_600, 40_000, 90_000, 700_000)


@cache
def cast() -> Mapping[str, ActivePlay]:
    """Every play that the tests put on: id of the test → play."""
    found: dict[str, ActivePlay] = {}
    files = {
        path.relative_to(PLAYBOOKS).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PLAYBOOKS.rglob("*"))
        if path.is_file() and path.suffix in (".yaml", ".yml", ".md", ".txt", ".csv", ".json")
    }
    for playbook in load(files, Checks(kinds=all_plays(), parsers=asset_parsers())).playbooks:
        if playbook.is_available:
            for active in playbook.variant().plays:
                found[f"{active.play.kind}-{active.ref}"] = active
    header = Header(playbook="测试", title="测试营")
    for kind, play in all_plays().items():
        for name, values in (("defaults", {}), ("more", MORE.get(kind))):
            try:
                params = play.Params.model_validate(values) if values is not None else None
            except ValidationError:
                continue
            if params is not None:
                found[f"{kind}-{name}"] = ActivePlay(name=kind, play=play, params=params, version="1", header=header)
    return found


EVENTS: tuple[type[Event], ...] = tuple(
    value
    for value in vars(vocabulary).values()
    if isinstance(value, type) and issubclass(value, Event) and value is not Event
)
every_role = pytest.mark.parametrize("role", sorted(cast()))
every_kind = pytest.mark.parametrize("kind", sorted(all_plays()))


class Bench(Stage):
    """A stage for one play that looks over its shoulder at each step."""

    def __init__(self, active: ActivePlay, caps: frozenset[Capability], *, size: int = 5) -> None:
        super().__init__(plays={}, now="2026-03-02 08:00", caps=caps)
        watched = replace(active.play, start=self._watched_start(active.play), step=self._watched(active.play))
        self.active = replace(active, play=watched)
        self.header, self.plan, self.slots = active.header, plan_of(CHAT, [self.active]), {active.ref: {}}
        self.members(*PEOPLE[: min(max(size - 1, 0), 4)], op="老陈" if size else None)
        self.keys: list[str] = ["", "x"]
        self.message_ids: list[str] = ["m0"]
        for board in ("points", "activity"):
            for window in ("day", "week", "month", "all"):
                self.scores[(board, window)] = (
                    Score(member="sim:甲", name="{{ 甲 }}", total=3.5, parts={"message": 3.5}),
                )

    def meets(self, event: Event) -> None:
        """The event on its usual way; where nothing would hear it, put before the play all the same."""
        self.start()
        if not list(runner.hearers(self.plan, event)) and self.active.ref not in self.finished:
            needs = self.active.play.needs(self.active.params, event)
            facts = self._facts(self.active, needs, self.roster.get(event.member))
            ctx = runner.context(self.active, self.now, CHAT, facts, self.plan)
            self._apply(self.active, runner.advance(self.active, self.states[self.active.ref], event, ctx), event.id)
        else:
            self.happens(event)

    def _watched_start(self, play: Play[Any, Any]) -> Any:
        def start(ctx: Any) -> Step[Any]:
            first, second = play.start(ctx), play.start(ctx)
            assert first == second
            self._look(play, first, ctx)
            return first

        return start

    def _watched(self, play: Play[Any, Any]) -> Any:
        def step(state: Any, event: Event, ctx: Any) -> Step[Any]:
            before = (state.model_dump_json(), _dump(ctx.slots), dict(ctx.roster), dict(ctx.balances))
            first, second = play.step(state, event, ctx), play.step(state, event, ctx)
            assert first == second, "the same inputs gave two outcomes"
            assert before == (state.model_dump_json(), _dump(ctx.slots), dict(ctx.roster), dict(ctx.balances))
            if isinstance(event, MessageReceived) and ctx.command is None and not play.attends(state):
                assert (first.state, first.effects, dict(first.slots)) == (state, (), {}), "it does attend to chat"
            self._look(play, first, ctx)
            return first

        return step

    def _look(self, play: Play[Any, Any], outcome: Step[Any], ctx: Any) -> None:
        assert type(outcome.state) is play.State
        assert play.State.model_validate_json(outcome.state.model_dump_json()) == outcome.state
        for slot in outcome.slots.values():
            if slot is not None:
                assert play.Slot is not None
                assert type(slot) is play.Slot
                assert play.Slot.model_validate_json(slot.model_dump_json()) == slot
        for effect in outcome.effects:
            assert isinstance(effect, Effect)
            if isinstance(effect, SetTimer):
                assert effect.at.tzinfo is not None
                assert effect.at >= ctx.now
                assert all(isinstance(value, str) for value in effect.data.values())
            if isinstance(effect, Outward):
                assert effect.expires_at is None or effect.expires_at.tzinfo is not None
                self.keys.append(effect.key)
            if isinstance(effect, AskOperator):
                assert effect.choices
                self.keys.append(effect.key)


def _dump(slots: Mapping[str, Any]) -> dict[str, str]:
    return {key: slot.model_dump_json() for key, slot in slots.items()}


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: a failing walk is short enough to read, and shrinking it takes minutes."""

# One move: which event, three numbers to choose by, a hostile text, how much time goes by before.
moves = st.lists(
    st.tuples(
        st.just(MessageReceived) | st.just(vocabulary.TimerFired) | st.sampled_from(EVENTS),
        st.integers(0, 999),
        st.integers(0, 999),
        st.sampled_from(HOSTILE) | st.text(max_size=30),
        st.sampled_from(SPANS),
    ),
    min_size=8,
    max_size=24,
)


def event_of(bench: Bench, n: int, kind: type[Event], a: int, b: int, text: str) -> Event:
    """An event of `kind` with every field filled, plausible enough to reach the play's depths."""
    hints = typing.get_type_hints(kind)
    values = {
        field.name: _value(bench, field.name, hints[field.name], a, b, text) for field in dataclasses.fields(kind)
    }
    values |= {"id": f"e{n}", "account": ACCOUNT, "chat": CHAT, "at": bench.now - timedelta(seconds=b % 7)}
    values["member"] = "" if b % 11 == 10 else f"sim:{PEOPLE[a % len(PEOPLE)]}"
    if kind is MessageReceived:
        specs = [spec for _, spec in bench.plan.handbook]
        if specs and b % 3:
            spec = specs[a % len(specs)]
            text = spec.name if b % 3 == 1 else f"{spec.name} {text}"
        values |= {"message_id": f"m{n}", "text": text}
        values["reply_to"] = bench.message_ids[b % len(bench.message_ids)] if b % 5 == 0 else None
        values["segments"] = (
            Text(text),
            *([Image(url="x")] if b % 4 == 0 else []),
            *([Mention("sim:甲")] if b % 7 == 0 else []),
        )
        bench.message_ids.append(f"m{n}")
    return kind(**values)


def _value(bench: Bench, name: str, hint: Any, a: int, b: int, text: str) -> Any:
    timers = [(timer, data) for (_, timer), (_, data) in sorted(bench.timers.items())]
    schedules = [(schedule.name, {}) for schedule in bench.active.play.schedules(bench.active.params)]
    known = [*timers, *schedules]
    twisted = [(re.split("[@/]", name)[0] + mark + text[:9], data) for name, data in known[:3] for mark in "@/"]
    named = [*known, *known, *twisted, (text[:40], {"members": text, "part": text})]
    match name:
        case "play":
            return bench.active.ref
        case "name" if hint is str and a % 2:
            return named[b % len(named)][0]
        case "data":
            return dict(named[b % len(named)][1])
        case "key":
            return bench.keys[b % len(bench.keys)] if a % 4 else text
        case "choice":
            questions = [choice for asked in bench.questions.values() for choice in asked.choices]
            return questions[a % len(questions)] if questions else text
        case "message_id":
            return bench.message_ids[b % len(bench.message_ids)]
        case "by" | "target":
            return f"sim:{PEOPLE[b % len(PEOPLE)]}"
    return _any(hint, a, b, text)


def _any(hint: Any, a: int, b: int, text: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return args[a % len(args)]
    if hint is str:
        return text
    if hint is bool:
        return a % 2 == 0
    if hint is int:
        return (-1, 0, 1, 60, 2**31)[a % 5]
    if hint is datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)
    if origin is tuple:
        return () if args[0] is not str else tuple(f"sim:{PEOPLE[(b + i) % len(PEOPLE)]}" for i in range(a % 3))
    if type(None) in args:
        return None
    return {}


def test_the_strategy_knows_every_event() -> None:
    """A new event type is met by every play from the day it exists."""
    assert len(EVENTS) >= 20
    assert {MessageReceived, vocabulary.UnknownReceived, vocabulary.PlayStarted} <= set(EVENTS)


@every_kind
def test_every_kind_is_put_on(kind: str) -> None:
    """Each kind has parameters to be tested with: an example playbook, defaults, or an entry in `MORE`."""
    assert any(active.play.kind == kind for active in cast().values())


@every_kind
def test_a_kind_is_what_its_file_is_called_and_explains_its_keys(kind: str) -> None:
    """Found by name; every key has a description in both languages; older versions can be converted."""
    play = all_plays()[kind]
    module = sys.modules[play.step.__module__].__name__
    assert f"bot.plays.{kind}" in module
    assert play.title
    missing = [path for path, text in _descriptions(play.Params) if " · " not in text]
    assert missing == []
    assert set(play.upgrade) == set(range(1, play.version))


def _descriptions(model: Any, path: str = "", seen: frozenset[Any] = frozenset()) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        yield f"{path}{name}", field.description or ""
        waiting = [field.annotation]
        while waiting:
            each = waiting.pop()
            waiting.extend(typing.get_args(each))
            if isinstance(each, type) and issubclass(each, BaseModel) and each not in seen:
                yield from _descriptions(each, f"{path}{name}.", seen | {each})


@every_role
def test_commands_and_schedules_are_the_same_each_time_and_named_once(role: str) -> None:
    """They are functions of the parameters alone; a name stands for one thing."""
    active = cast()[role]
    specs, schedules = active.play.commands(active.params), active.play.schedules(active.params)
    assert list(specs) == list(active.play.commands(active.params))
    assert list(schedules) == list(active.play.schedules(active.params))
    assert len({spec.name for spec in specs}) == len(specs)
    assert len({schedule.name for schedule in schedules}) == len(schedules)
    assert all(spec.help for spec in specs), "帮助 shows a line for each command"


@every_role
@settings(max_examples=25, phases=PHASES)
@given(moves=moves, caps=st.sampled_from([ALL_CAPABILITIES, frozenset()]), size=st.sampled_from([5, 5, 1, 0]))
def test_any_events_at_all(role: str, moves: list[Any], caps: frozenset[Capability], size: int) -> None:
    """Whatever comes, in whatever order: no step raises, each is pure, every text of it can be rendered."""
    bench = Bench(cast()[role], caps, size=size)
    bench.start()
    for n, (kind, a, b, text, span) in enumerate(moves):
        if b % 2:
            bench.passes(timedelta(seconds=span))
        else:
            bench.now += timedelta(seconds=span)
        bench.meets(event_of(bench, n, kind, a, b, text))
        if bench.active.ref in bench.finished:
            _stays_silent(bench, n, text)
            return


def _stays_silent(bench: Bench, n: int, text: str) -> None:
    active, state = bench.active, bench.states[bench.active.ref]
    for kind in EVENTS:
        event = event_of(bench, n, kind, 1, 1, text)
        facts = bench._facts(active, active.play.needs(active.params, event), None)
        ctx = runner.context(active, bench.now, CHAT, facts, bench.plan)
        assert active.play.step(state, event, ctx).effects == ()


@every_role
@settings(max_examples=25)
@given(text=st.sampled_from(HOSTILE) | st.text(max_size=60), a=st.integers(0, 99), b=st.integers(0, 99))
def test_listening_needs_no_state_and_never_fails(role: str, text: str, a: int, b: int) -> None:
    """`hears` and `needs` are asked about every message of every group."""
    bench = Bench(cast()[role], ALL_CAPABILITIES)
    play, params = bench.active.play, bench.active.params
    for n, kind in enumerate(EVENTS):
        event = event_of(bench, n, kind, a, b, text)
        assert play.needs(params, event) == play.needs(params, event)
        if isinstance(event, MessageReceived):
            assert play.hears(params, event) in (True, False)


@every_role
@pytest.mark.parametrize("who", ["甲", "老陈"])
def test_a_text_without_end_behind_a_command_is_not_echoed(role: str, who: str) -> None:
    """Ten thousand characters behind each command, in the group and in private: the answers stay short."""
    bench = Bench(cast()[role], ALL_CAPABILITIES)
    bench.start()
    for _, spec in bench.plan.handbook:
        for private in (False, True):
            bench.says(who, f"{spec.name} {'长' * 10_000}", private=private)
    said = [line for line in bench.lines if line.startswith("bot")]
    assert [line[:60] for line in said if len(line) > 4_000] == []


@every_role
@pytest.mark.parametrize("private", [False, True])
def test_what_is_for_operators_is_silence_to_members(role: str, private: bool) -> None:
    """Whatever a member types after a command that is not theirs, in the group or in private: no word, no file."""
    bench = Bench(cast()[role], ALL_CAPABILITIES)
    bench.start()
    bench.take()
    bench.effects.clear()
    for spec in bench.active.play.commands(bench.active.params):
        for name in (spec.name, *spec.aliases) if spec.for_operators else ():
            for rest in ("", " 1", " 甲", " 全部") if spec.rest == "optional" else ("",):
                bench.now += timedelta(seconds=20)
                bench.says("甲", f"{name}{rest}", private=private)
    assert bench.bot() == []
    assert bench.effects == []
    assert bench.ledger == {}


@every_role
def test_a_play_wants_only_capabilities_of_keys_that_exist(role: str) -> None:
    """What `check` would point at is really there."""
    active = cast()[role]
    for path, capability in active.play.wants_capabilities(active.params).items():
        assert capability in Capability
        assert path.split(".")[0] in type(active.params).model_fields

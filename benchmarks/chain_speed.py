"""How long one message of a large 接龙 takes, in the core and in the play with its slots.

Run: `python benchmarks/chain_speed.py`. Targets: under 500 ms for a list of 300 entries after 300 messages; under 50 ms
for a list of 500 lines in a group of 300 members.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.core.events import MessageReceived
from bot.core.jielong import Directory, Group, Options, Posted
from bot.core.play import Context, Member
from bot.plays.chain import PLAY

_START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛"


def name(number: int) -> str:
    return _SURNAMES[number % 20] + _GIVEN[number // 20 % 15] + _GIVEN[number // 300 % 15]


def pasted(lines: list[str]) -> str:
    return "#接龙\n周末团购水果\n例 姓名 份数\n\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1))


def report(what: str, took_ms: list[float], target_ms: float) -> None:
    took_ms = sorted(took_ms)
    p99 = took_ms[min(len(took_ms) - 1, int(len(took_ms) * 0.99))]
    print(
        f"{what}: median {statistics.median(took_ms):.1f} ms, p99 {p99:.1f} ms, max {took_ms[-1]:.1f} ms "
        f"(target {target_ms:.0f} ms)"
    )


def core(entries: int, stale: int) -> list[float]:
    """Every member pastes the list as it was `stale` messages ago plus their own line."""
    group = Group(Options(), Directory((f"m{n}", (name(n),)) for n in range(entries)))
    lists: list[list[str]] = [[]]
    took = []
    for n in range(entries):
        lines = [*lists[max(0, len(lists) - 1 - n % (stale + 1))], f"{name(n)} {n % 3 + 1}份"]
        text = pasted(lines)
        begun = time.perf_counter()
        outcome = group.receive(Posted(id=f"x{n}", at=_START + timedelta(seconds=n), sender=f"m{n}", text=text))
        took.append((time.perf_counter() - begun) * 1000)
        assert outcome.chain is not None
        lists.append([entry.text for entry in outcome.chain.active])
    assert outcome.chain is not None
    assert len(outcome.chain.active) == entries, "an entry was lost"
    return took


def play(lines: int, members: int) -> list[float]:
    """The last hundred messages of a chain that grew to `lines` by pastes of `members`, through slots."""
    roster = {f"m{n}": Member(uid=f"m{n}", name=name(n)) for n in range(members)}
    params = PLAY.Params()
    slots: dict[str, object] = {}
    texts: list[str] = []
    state = PLAY.start(Context(params=params, now=_START, chat="g")).state
    took = []
    for n in range(lines):
        who, at = f"m{n % members}", _START + timedelta(seconds=n)
        texts.append(f"{name(n)} {n % 3 + 1}份")
        event = MessageReceived(
            id=f"x{n}", account="a", chat="g", member=who, at=at, message_id=f"x{n}", text=pasted(texts)
        )
        ctx = Context(params=params, now=at, chat="g", member=roster[who], slots=slots, roster=roster)
        begun = time.perf_counter()
        assert PLAY.hears(params, event)
        step = PLAY.step(state, event, ctx)
        took.append((time.perf_counter() - begun) * 1000)
        state = step.state
        slots = {**slots, **step.slots}
    return took[-100:]


if __name__ == "__main__":
    report("core, 300 entries, fresh copies", core(300, 0)[-50:], 500)
    report("core, 300 entries, copies up to 20 messages old", core(300, 20)[-50:], 500)
    report("play, 500 lines, 300 members", play(500, 300), 50)

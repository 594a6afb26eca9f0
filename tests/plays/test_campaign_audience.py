"""A post for some: who is drawn, who is left alone, how they are reached, and that it is noted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.core.effects import Say
from bot.core.play import ALL_CAPABILITIES, Capability
from bot.plays.campaign.params import Params
from tests.stage import Stage


def stage(post: dict[str, Any], *, names: int = 6, **options: Any) -> Stage:
    """A post every day at nine to members of whom the odd ones have been silent for twenty days."""
    made = Stage(
        "campaign",
        {"posts": [{"name": "唤醒", "daily": "09:00", "text": "好久不见", **post}]},
        now="2026-03-02 08:00",
        **options,
    )
    made.members(*(f"成员{n}" for n in range(names)), op="老陈")
    for n in range(names):
        days = 20 if n % 2 else 1
        uid = f"sim:成员{n}"
        made.roster[uid] = replace(made.roster[uid], spoke_at=made.now - timedelta(days=days))
    return made


def fire(made: Stage) -> list[str]:
    made.fires("campaign", "post/唤醒", made._time("2026-03-02 09:00"))
    return made.bot()


def reached(made: Stage) -> dict[str, str]:
    """Member → arm."""
    return {note.member: note.data["arm"] for note in made.notes.values() if note.what == "reached"}


def test_the_silent_are_mentioned() -> None:
    """Only who fits, by name, in front of the first message; everybody is noted; operators are nobody's audience."""
    made = stage({"audience": "silent:14d", "text": "好久不见\n---\n最近在读什么?"})
    (line,) = fire(made)
    assert sorted(line.removesuffix(" 好久不见").replace("@", "").split()) == ["成员1", "成员3", "成员5"]
    assert reached(made) == dict.fromkeys(("sim:成员1", "sim:成员3", "sim:成员5"), "told")
    made.passes("1m")
    assert made.bot() == ["最近在读什么?"]


def test_nobody_fits() -> None:
    """Nothing is said, and the skipping is noted with its reason."""
    made = stage({"audience": "silent:30d"})
    assert fire(made) == []
    (note,) = [note for note in made.notes.values() if note.what == "post_skipped"]
    assert note.data["reason"] == "nobody fits the audience"


def test_at_most_so_many_and_not_always_the_same() -> None:
    """The draw changes from day to day and is the same for the same occurrence."""
    drawn = []
    for day in range(3, 9):
        made = stage({"audience": "silent:14d", "at_most": 1}, names=12)
        made.fires("campaign", "post/唤醒", made._time(f"2026-03-0{day} 09:00"))
        drawn.append(tuple(reached(made)))
    assert all(len(each) == 1 for each in drawn)
    assert len(set(drawn)) > 1
    again = stage({"audience": "silent:14d", "at_most": 1}, names=12)
    again.fires("campaign", "post/唤醒", again._time("2026-03-03 09:00"))
    assert tuple(reached(again)) == drawn[0]


def test_a_holdout_is_left_alone() -> None:
    """About a third of sixty is noted and not mentioned; the two arms don't overlap."""
    made = stage({"audience": "silent:14d", "holdout": 0.33, "at_most": 50}, names=120)
    (line,) = fire(made)
    arms = reached(made)
    held = {uid for uid, arm in arms.items() if arm == "held"}
    assert 10 <= len(held) <= 30
    assert len(arms) == 60
    assert not any(f"@{uid.removeprefix('sim:')} " in line for uid in held)


def test_in_private_by_name() -> None:
    """Each gets the text with their own name; who left in between gets nothing; without the right it is said in the group."""
    post = {"audience": "tier:核心", "via": "private", "text": "{{ member }},谢谢你\n---\n{{ member }},下个月聊什么?"}
    made = stage(post)
    for n in (0, 2):
        uid = f"sim:成员{n}"
        made.roster[uid] = replace(made.roster[uid], labels=frozenset({"tier:核心"}))
    made.fires("campaign", "post/唤醒", made._time("2026-03-02 09:00"))
    first = sorted(made.take())
    assert first == ["bot(私聊 成员0): 成员0,谢谢你", "bot(私聊 成员2): 成员2,谢谢你"]
    del made.roster["sim:成员0"]
    made.passes("1m")
    assert made.take() == ["bot(私聊 成员2): 成员2,下个月聊什么?"]
    mute = stage({**post, "text": "谢谢大家"}, caps=ALL_CAPABILITIES - {Capability.PRIVATE})
    mute.roster["sim:成员0"] = replace(mute.roster["sim:成员0"], labels=frozenset({"tier:核心"}))
    assert fire(mute) == ["@成员0 谢谢大家"]


def test_the_group_is_asked_only_when_needed() -> None:
    """A campaign for everybody doesn't load the roster."""
    from bot.core.events import TimerFired
    from bot.plays.campaign import PLAY

    event = TimerFired(id="t", account="", chat="", at=stage({}).now, play="", name="post/唤醒")
    wants = {
        audience: PLAY.needs(Params.model_validate({"posts": [{"daily": "09:00", "text": "x", **post}]}), event).roster
        for audience, post in (("", {}), ("all", {"audience": "all"}))
    }
    assert wants == {"": False, "all": True}


@pytest.mark.parametrize(
    "post", [{"audience": "all", "mention_all": True}, {"via": "private"}, {"holdout": 0.2}, {"audience": "slient:3d"}]
)
def test_what_does_not_go_together(post: dict[str, Any]) -> None:
    """Refused where it is written."""
    with pytest.raises(ValidationError):
        Params.model_validate({"posts": [{"daily": "09:00", "text": "x", **post}]})


def test_a_refired_post_reaches_nobody_twice() -> None:
    """The same occurrence again says and notes nothing."""
    made = stage({"audience": "silent:14d"})
    fire(made)
    notes = dict(made.notes)
    made.fires("campaign", "post/唤醒", made._time("2026-03-02 09:00"))
    assert made.bot() == []
    assert made.notes == notes
    assert made.took(Say) == []

"""A version covers all that a play does, and comes back from JSON."""

from __future__ import annotations

import json

import pytest

from bot.core.errors import ConfigMistake
from bot.playbook.load import load
from bot.playbook.model import ActivePlay
from bot.playbook.versions import dump_play, restore_play
from tests.playbook.demo import CHECKS, KINDS, PARSERS

CAMP = """\
playbook: camp
title: 共读营
groups: ["qq:1"]
quiet_hours: 23:00-07:00
operators: [qq:10]
roles: {coach: [qq:11]}
vars: {book: 活着}
plays:
  演示:
    kind: demo
    metric: a.b
    batch: 30s
    ladder: [{do: mute, for: 1h30m}]
    lexicon: lexicon/a.txt
"""


def active(camp: str = CAMP, words: str = "甲\n乙\n") -> ActivePlay:
    found = load({"camp.yaml": camp, "lexicon/a.txt": words}, CHECKS)
    assert found.is_sound, found.problems
    return found.plan("qq:1").plays["camp/演示"]


def test_round_trip() -> None:
    """What was dumped comes back the same: params, header, assets, version."""
    before = active()
    after = restore_play(dump_play(before), KINDS, PARSERS)
    assert after == before
    assert after.assets == {"lexicon/a.txt": ("甲", "乙")}
    assert json.loads(dump_play(after)) == json.loads(dump_play(before))


@pytest.mark.parametrize(
    ("camp", "words"),
    [
        (CAMP.replace("30s", "31s"), "甲\n乙\n"),
        (CAMP.replace("活着", "三体"), "甲\n乙\n"),
        (CAMP.replace("23:00", "22:00"), "甲\n乙\n"),
        (CAMP, "甲\n"),
    ],
)
def test_every_part_moves_the_version(camp: str, words: str) -> None:
    """Params, header and the content of assets each give another version."""
    assert active(camp, words).version != active().version


def test_comments_and_notes_do_not_move_the_version() -> None:
    """What has no effect in the group leaves the version alone."""
    assert active(CAMP + "# 说明\n").version == active().version
    assert active(CAMP.replace("metric: a.b", "metric: c.d")).version == active().version


def test_a_pinned_play_whose_kind_is_gone() -> None:
    """A version that this release can't run is an operator's message, not a crash."""
    with pytest.raises(ConfigMistake):
        restore_play(dump_play(active()), {}, PARSERS)
    old = json.loads(dump_play(active()))
    old["params"]["gone"] = 1
    with pytest.raises(ConfigMistake):
        restore_play(json.dumps(old), KINDS, PARSERS)

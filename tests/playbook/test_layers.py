"""Base, playbook, tag and group: what applies, and where it comes from."""

from __future__ import annotations

from bot.playbook.load import Loaded, load, with_desk
from bot.playbook.origin import origin
from tests.playbook.demo import CHECKS

BASE = """\
timezone: Asia/Tokyo
quiet_hours: 22:00-07:00
kinds:
  demo: {count: 3, batch: 30s}
"""
GROUPS = """\
tags:
  共读营: {quiet_hours: 22:30-07:00}
groups:
  qq:1: {name: 一群, tags: [共读营]}
  qq:2: {name: 二群, tags: [共读营, 晨读], timezone: Asia/Shanghai}
  qq:3: {name: 三群, tags: [共读营], vars: {book: 三体}}
  qq:9: {name: 别的群}
"""
CAMP = """\
playbook: camp
title: 共读营
groups: [tag:共读营]
vars: {book: 活着, coach: 老陈}
plays:
  演示:
    kind: demo
    metric: a.b
    count: 4
overrides:
  tag:晨读:
    title: 晨读营
    plays: {演示: {count: 5}}
  qq:2:
    plays: {演示: {batch: 1m}}
"""


def loaded(**changed: str) -> Loaded:
    files = {"base.yaml": BASE, "groups.yaml": GROUPS, "camp.yaml": CAMP} | {
        name.replace("_", "."): text for name, text in changed.items()
    }
    return load(files, CHECKS)


def test_the_nearer_layer_wins() -> None:
    """Base, kind defaults, playbook, tag and group are laid over each other key by key."""
    found = loaded()
    assert found.problems == ()
    one = found.plan("qq:1").plays["camp/演示"]
    two = found.plan("qq:2").plays["camp/演示"]
    assert (one.params.count, f"{one.params.batch}", one.header.title) == (4, "0:00:30", "共读营")  # type: ignore[attr-defined]
    assert (two.params.count, f"{two.params.batch}", two.header.title) == (5, "0:01:00", "晨读营")  # type: ignore[attr-defined]
    assert (str(one.header.zone), str(two.header.zone)) == ("Asia/Tokyo", "Asia/Shanghai")
    assert str(one.header.quiet_hours) == "22:30-07:00"
    assert found.plan("qq:3").plays["camp/演示"].header.vars == {"book": "三体", "coach": "老陈"}


def test_groups_without_the_tag_have_no_plan() -> None:
    """A group that no selector names runs nothing; a tag given by the caller counts."""
    found = loaded()
    assert found.plan("qq:9").plays == {}
    assert list(found.plan("qq:8", frozenset({"共读营"})).plays) == ["camp/演示", "camp/前台"]


def test_the_desk_serves_every_group_that_runs_anything() -> None:
    """帮助 works without a line in the playbook; a desk of the operator's own takes its place."""
    plan = loaded().plan("qq:1")
    assert plan.plays["camp/前台"].play.kind == "desk"
    assert plan.commands.by_spelling["帮助"][0] == "camp/前台"
    own = plan.plays["camp/前台"]
    assert with_desk([own]) == [own]
    assert with_desk([]) == []


def test_same_values_share_a_version() -> None:
    """Groups with the same effective values have the same version, others don't."""
    found = loaded()
    versions = {chat: found.plan(chat).plays["camp/演示"].version for chat in ("qq:1", "qq:2", "qq:3")}
    assert len(set(versions.values())) == 3
    assert found.plan("qq:7", frozenset({"共读营"})).plays["camp/演示"].version == versions["qq:1"]


def test_origin_names_every_layer() -> None:
    """`explain` can say which file and line set a value, and which values it replaced."""
    found = loaded()
    (camp,) = found.playbooks
    count = origin(found, camp, ("plays", "演示", "count"), "qq:2")
    assert count.value == 5
    assert [(each.layer, str(each.place), each.value) for each in count.layers] == [
        ("base.yaml kinds.demo", "base.yaml:4:17", 3),
        ("camp.yaml", "camp.yaml:9:12", 4),
        ("overrides.tag:晨读", "camp.yaml:13:25", 5),
    ]
    quiet = origin(found, camp, ("quiet_hours",), "qq:1")
    assert [each.layer for each in quiet.layers] == ["base.yaml", "groups.yaml tags.共读营"]
    assert origin(found, camp, ("plays", "演示", "text")).is_written is False


def test_an_override_with_an_error_blocks_the_playbook() -> None:
    """A value that is wrong in one group only is found when the file is checked, not when the group speaks."""
    broken = loaded(camp_yaml=CAMP.replace("count: 5", "count: 50"))
    assert [str(problem.place) for problem in broken.problems] == ["camp.yaml:13:25"]
    assert not broken.playbooks[0].is_available
    assert broken.plan("qq:1").plays == {}


def test_a_broken_file_keeps_its_earlier_version() -> None:
    """After a reload the broken playbook runs as before and says why; the others take their change."""
    other = CAMP.replace("playbook: camp", "playbook: other").replace("tag:共读营", "qq:9")
    before = loaded(other_yaml=other)
    changed = load(
        {
            "base.yaml": BASE,
            "groups.yaml": GROUPS,
            "camp.yaml": CAMP + "quiet_hours: 晚上\n",
            "other.yaml": other.replace("count: 4", "count: 6"),
        },
        CHECKS,
    )
    after = changed.keeping(before)
    camp, untouched = after.playbooks
    assert camp.is_kept
    assert camp.problems
    assert after.plan("qq:1").plays["camp/演示"].version == before.plan("qq:1").plays["camp/演示"].version
    assert not untouched.is_kept
    assert after.plan("qq:9").plays["other/演示"].params.count == 6  # type: ignore[attr-defined]


def test_broken_shared_settings_keep_everything() -> None:
    """With base.yaml broken no playbook takes a new version: quiet hours can't be lost by a typo."""
    before = loaded()
    after = loaded(base_yaml=BASE.replace("22:00-07:00", "晚上"), camp_yaml=CAMP.replace("count: 4", "count: 7"))
    assert not after.playbooks[0].is_available
    assert [problem.code for problem in after.problems] == ["PB206", "PB315"]
    kept = after.keeping(before).keeping(after.keeping(before))
    assert kept.plan("qq:1").plays == before.plan("qq:1").plays


def test_commands_of_disabled_plays_are_silent() -> None:
    """`enabled: false` takes a play out of the plan, the rest stays."""
    off = loaded(camp_yaml=CAMP.replace("count: 4", "count: 4\n    enabled: false"))
    assert off.problems == ()
    assert off.plan("qq:1").plays == {}


def test_playbooks_of_tests_and_assets_are_left_alone() -> None:
    """Folders of tests, banks, lexica and content hold no playbooks."""
    found = load({"tests/a.yaml": "given: x", "banks/b.yaml": "bank: x", "examples/c.yaml": CAMP}, CHECKS)
    assert [each.path for each in found.playbooks] == ["examples/c.yaml"]

"""certificate 证书: who gets one, what it says, and that nobody can make one up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.core.effects import Drawing
from bot.core.play import Member, Score
from bot.core.serial import code
from bot.insight.pictures.studio import Studio
from bot.playbook.checks import Checks
from bot.playbook.load import load
from bot.plays import all_plays, asset_parsers
from tests.insight.pictures.test_cards import assert_tidy
from tests.stage import Stage

RULE = {"at": "2026-03-08 20:00", "eligible": {"points": 15}, "reason": "七天里至少早起三天", "prefix": "ZQ-"}


def camp(**params: Any) -> Stage:
    stage = Stage("certificate", {**RULE, **params}).members("小明", "小红", "小刚", op="老陈")
    rows = (("小红", 40.0), ("小明", 15.0), ("小刚", 14.0), ("走了的", 99.0))
    stage.scores[("points", "all")] = tuple(Score(member=f"sim:{name}", name=name, total=total) for name, total in rows)
    return stage.start()


def test_the_rule_gives_to_whom_it_names_the_highest_first() -> None:
    """On the day, to members who are still here and have enough; each shows the own one."""
    stage = camp()
    stage.says("小红", "我的证书")
    assert stage.bot() == ["证书 03-08 20:00 颁发，再加把劲～"]
    award(stage)
    assert stage.bot() == [
        "🎓 2 位朋友拿到了结课证书：七天里至少早起三天\n小红、小明\n发「我的证书」领取自己的那张，恭喜！"
    ]
    stage.says("小明", "我的证书")
    mark = stage.drawings[-1].data["code"]
    assert stage.bot() == [f"🎓 结课证书 No.ZQ-0002\n小明：七天里至少早起三天\n测试营 · 2026-03-08 · 校验码 {mark}"]
    stage.says("小刚", "我的证书")
    assert stage.bot() == ["还没有证书，一起加油，下次就有啦～"]


def test_a_certificate_is_registered_once_and_verified() -> None:
    """A code that was never given is not true, whoever types it and however."""
    stage = camp()
    award(stage)
    stage.says("小红", "我的证书")
    mark = stage.drawings[-1].data["code"]
    stage.take()
    stage.says("小刚", f"验证证书 {mark[:4].lower()} {mark[4:]}")
    assert stage.bot() == ["没有查到校验码 " + mark + "，再对一下？是 8 位字母和数字。"]
    stage.says("小刚", f"验证证书{mark.lower()}")
    assert stage.bot() == [f"✅ 校验码 {mark} 属实\n结课证书 No.ZQ-0001 小红，2026-03-08 颁发"]
    stage.says("小刚", "验证证书 AAAAAAAA")
    assert stage.bot() == ["没有查到校验码 AAAAAAAA，再对一下？是 8 位字母和数字。"]
    stage.says("小刚", "验证证书")
    assert stage.bot() == ["在后面写上 8 位校验码就能查，例如：验证证书 AB2C3D4E"]
    assert [(note.member, note.key) for note in stage.notes.values()] == [("sim:小红", "1"), ("sim:小明", "2")]


def test_operators_give_one_to_whom_they_mention() -> None:
    """One mentioned member sees it at once; who has one gets no second; members cannot give."""
    stage = camp(form="award", at=None, eligible=None)
    give(stage, "小明", "小红")
    assert stage.bot() == []
    give(stage, "老陈", "小红")
    assert stage.bot()[0].startswith("🎓 表彰证书 No.ZQ-0001\n小红：")
    give(stage, "老陈", "小红", "小明", "小刚")
    assert stage.bot() == ["🎓 表彰证书颁给 小明、小刚，发「我的证书」领取～\n小红 已经有了"]
    give(stage, "老陈")
    assert stage.bot() == ["写法：颁发证书 @成员，可以@好几位"]


def test_a_label_can_be_the_rule() -> None:
    stage = camp(eligible={"label": "tag:毕业"})
    stage.roster["sim:小刚"] = Member(uid="sim:小刚", name="小刚", labels=frozenset({"tag:毕业"}))
    award(stage)
    assert stage.bot()[0].splitlines()[1] == "小刚"


def test_the_picture_is_one_that_can_be_drawn() -> None:
    """With and without a reason; the code on it is the one of the registry."""
    for reason in ("七天里至少早起三天", ""):
        stage = camp(reason=reason)
        award(stage)
        stage.says("小红", "我的证书")
        stage.take()
        ordered = stage.drawings[-1]
        assert isinstance(ordered, Drawing)
        assert ordered.data["code"] == code("测试/certificate|sim:群", "sim:小红", 1)
        canvas = STUDIO.canvas(ordered.name, ordered.data)
        assert_tidy(canvas)
        assert {"结课证书", "小红", "编号 ZQ-0001", "2026年3月8日"} <= {each.what for each in canvas.placed}
    assert camp(picture=False).drawings == []


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("at: 2099-03-08 20:00", "写了 at 就要写 eligible"),
        ("eligible: {window: week}", "至少写一个条件"),
        ("form: 结业", "completion"),
    ],
)
def test_a_rule_that_names_nobody_is_a_mistake(params: str, said: str) -> None:
    text = (
        "playbook: p\ntitle: 营\npurpose: {audience: a, scene: b, action: c, goal: d, north_star: checkin.rate}\n"
        f'groups: ["sim:群"]\nplays:\n  证书:\n    kind: certificate\n    metric: checkin.rate\n    {params}\n'
    )
    problems = load({"p.yaml": text}, Checks(kinds=all_plays(), parsers=asset_parsers())).problems
    assert any(said in problem.message.zh + problem.expected.zh for problem in problems if problem.is_error)


def award(stage: Stage) -> None:
    stage.until("2026-03-08 20:00")
    stage.fires("certificate", "award")


def give(stage: Stage, by: str, *names: str) -> None:
    stage.says(
        by, " ".join(("颁发证书", *(f"@{name}" for name in names))), mentions=tuple(f"sim:{name}" for name in names)
    )


STUDIO = Studio(Path(__file__).parents[2] / "templates")

"""What an operator may write, and what is told when it is wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from bot.plays.rules import ASSET_PARSERS, PLAY, RulesParams


def params(*matches: dict[str, Any], **more: Any) -> RulesParams:
    return RulesParams.model_validate({"rules": [{"id": f"r{n}", "match": m} for n, m in enumerate(matches)], **more})


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ({"regex": "(?<=x)y"}, "正则不合 RE2 语法：invalid perl operator"),
        ({"regex": "(a)\\1"}, "正则不合 RE2 语法：invalid escape sequence"),
        ({"regex": "a" * 1001}, "正则有 1001 个字符，最多 1000 个"),
        ({"regex": "(a+)+$", "flood": True}, "一条规则只查一样，这里是 2 样（regex, flood）"),
        ({}, "一条规则只查一样，这里是 0 样"),
        ({"phrases": ["***"]}, "「***」里没有字母、汉字或数字"),
        ({"nickname": {}}, "要写 words（词库文件）或 phrases（词）"),
        ({"flood": {"messages": 1}}, "greater than or equal to 2"),
        ({"image_qr": {"deny": ["a.com"]}}, "Extra inputs are not permitted"),
    ],
)
def test_a_match_that_can_not_be_is_refused_with_the_reason(match: dict[str, Any], message: str) -> None:
    """At load, not at the first message."""
    with pytest.raises(ValidationError) as caught:
        params(match)
    assert message in str(caught.value)


def test_a_whole_that_can_not_be_is_refused() -> None:
    """No rule, two of one name, a mute longer than networks allow."""
    for wrong in (
        {"rules": []},
        {"rules": [{"id": "a", "match": {"flood": True}}, {"id": "a", "match": {"length": True}}]},
        {"rules": [{"id": "a", "match": {"flood": True}}], "ladder": [{"at": 1, "do": "mute", "for": "31d"}]},
        {"rules": [{"id": "a", "match": {"flood": True}}], "keep": "5s"},
    ):
        with pytest.raises(ValidationError):
            RulesParams.model_validate(wrong)


def test_the_defaults_are_the_norm() -> None:
    """3 points mute ten minutes, 5 a day, 7 ask for removal; a rule starts by observing."""
    found = params({"flood": True}, {"repeat": True}, {"length": True}, {"newcomer": True})
    assert found.mode == "shadow"
    assert [(rung.at, rung.do, rung.mute_s) for rung in found.ladder][:2] == [(3, "mute", 600), (5, "mute", 86400)]
    flood, repeat = found.rules[0].match.flood, found.rules[1].match.repeat
    assert flood is not None
    assert repeat is not None
    assert (flood.messages, flood.within.seconds) == (8, 10)
    assert (repeat.times, repeat.within.seconds) == (3, 600)
    assert found.book.recent_s == 600


def test_the_example_of_the_language_is_understood() -> None:
    """The shape that operators copy."""
    found = RulesParams.model_validate(
        {
            "mode": "shadow",
            "rules": [
                {"id": "外链", "match": {"link": {"allow": ["mp.weixin.qq.com"]}}, "say": "本群不发外链哦"},
                {"id": "广告", "match": {"words": "lexicon/ads.txt", "normalise": True}},
                {"id": "刷屏", "match": {"flood": {"messages": 6, "within": "10s"}}},
            ],
            "ladder": [
                {"at": 1, "do": "warn"},
                {"at": 2, "do": "mute", "for": "10m"},
                {"at": 4, "do": "kick", "confirm": "operator"},
            ],
            "decay": "7d",
            "exempt": ["role:operator", "tier:核心"],
        }
    )
    assert [rule.match.kind for rule in found.rules] == ["link", "words", "flood"]


def test_the_mode_follows_the_dates() -> None:
    """Dates only ever go further than `mode`."""
    found = params({"flood": True}, mode="remind", rollout={"remind": "2026-03-01", "enforce": "2026-04-01"})
    assert [found.mode_on(date(2026, month, 1)) for month in (1, 3, 4)] == ["remind", "remind", "enforce"]


def test_params_survive_json() -> None:
    """A pinned version is kept as JSON."""
    found = params({"link": {"allow": ["qq.com"]}}, {"quiet_hours": True}, {"regex": "a|b"})
    assert RulesParams.model_validate_json(found.model_dump_json(by_alias=True)) == found


def test_a_lexicon_is_parsed_with_its_problems() -> None:
    """The asset's parser keeps what works and names the rest."""
    lexicon, problems = ASSET_PARSERS["lexicon"]("lexicon/x.txt", "好词\n坏词\tx\t9\n")
    assert [hit.base for hit in lexicon.hits("好词坏词")] == ["好词"]
    assert [(problem.line, problem.message) for problem in problems] == [
        (2, "级别「9」：要写 1、2 或 3 · level '9': write 1, 2 or 3")
    ]


def test_commands_and_schedules_follow_from_the_params() -> None:
    """群规 only where there is a text to show; a closed group has its hours."""
    bare = params({"flood": True})
    assert "群规" not in [spec.name for spec in PLAY.commands(bare)]
    assert "群规" in [spec.name for spec in PLAY.commands(bare.model_copy(update={"text": "和气"}))]
    night = RulesParams.model_validate(
        {"rules": [{"id": "夜", "hours": "23:00-06:00", "match": {"mute_group": True}}], "mode": "enforce"}
    )
    assert [schedule.name for schedule in PLAY.schedules(night)] == ["cleanup", "close:夜", "open:夜"]


def test_every_key_is_explained() -> None:
    """Descriptions feed errors, completion and the reference."""

    def check(model: Any, seen: set[Any]) -> None:
        if model in seen:
            return
        seen.add(model)
        for name, field in model.model_fields.items():
            assert " · " in (field.description or ""), f"{model.__name__}.{name}"

    from bot.plays.rules import params as params_module
    from bot.plays.rules import rule as rule_module

    seen: set[Any] = set()
    for module in (params_module, rule_module):
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "model_fields"):
                check(value, seen)
    assert len(seen) > 10

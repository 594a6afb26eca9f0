"""The chain play on any input: it never fails, forgets nothing, and writes what it loaded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import SendFile
from bot.core.events import EffectSettled, PlayStarted
from tests.stage import ACCOUNT, CHAT, Stage

_NAMES = ("小美", "阿杰", "张三", "老陈")
_SAID = (
    "#接龙\n徒步\n\n1. 小美",
    "#接龙\n徒步\n\n1. 小美\n2. 阿杰 2人",
    "#接龙\n火锅\n\n1. 张三 A2 13800001111",
    "+1",
    "+2 带娃",
    "取消",
    "取消 1",
    "取消 @张三",
    "删除 1",
    "截止",
    "重开接龙",
    "接龙",
    "接龙 2份",
    "接龙 张三 L",
    "2. 张三",
    "谁还没接",
    "发起接龙 周末",
    "导出接龙",
    "接龙历史",
    "撤销接龙 1",
    "已付 1",
    "未付 1 2",
    "收款",
    "催款",
    "13911112222",
)
_KINDS = (
    {},
    {"capacity": 1, "close": "2h", "remind": {}},
    {"type": "group_buy", "debounce": "0s", "goods": [{"name": "苹果", "price": "3.3", "key": "A"}]},
    {
        "type": "form",
        "fields": [
            {"name": "姓名"},
            {"name": "码", "type": "choice", "choices": ["L"]},
            {"name": "手机", "type": "phone", "private": True},
        ],
    },
    {"type": "interactive", "title": "今天", "open": {"at": "09:00"}, "native": False, "waitlist": False},
)


@given(
    st.sampled_from(_KINDS),
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(_NAMES), st.sampled_from(_SAID) | st.text(max_size=60), st.booleans()),
            st.sampled_from(["1m", "3h", "80h"]),
            st.integers(1, 12),
        ),
        max_size=14,
    ),
)
@settings(max_examples=60)
def test_any_talk_is_survived(params: dict[str, object], talk: list[tuple[str, str, bool] | str | int]) -> None:
    """Random talk, time and recalls in every kind of chain: steps stay pure and total, timers lie ahead."""
    group = Stage("chain", params).members("小美", "阿杰", "张三", op="老陈")
    for number, line in enumerate(talk):
        if isinstance(line, str):
            group.passes(line)
        elif isinstance(line, int):
            group.recalls("小美", f"m{line}")
        else:
            group.says(line[0], line[1], private=line[2], reply_to=f"m{number}" if number % 3 == 0 else None)
    for name in ("open", "post:1", "close:1", "remind:1", "idle:1", "archive:1", "post:x", "other"):
        group.fires("chain", name)
    where = {"account": ACCOUNT, "chat": CHAT, "at": group.now, "play": "测试/chain"}
    group.happens(EffectSettled(id="e", key="post:1:1", outcome="done", message_id="b1", **where))
    group.happens(PlayStarted(id="p", data={"title": "加开"}, **where))
    assert not group.failures
    for table in group.took(SendFile):
        assert all(len(row) == len(table.columns) for row in table.rows)

"""Commands forgive what thumbs do, and never fire on ordinary chat."""

import pytest

from bot.core.play import CommandSpec
from bot.core.text import CommandTable, parse_command

TABLE = CommandTable.build(
    [
        ("打卡", [CommandSpec(name="打卡", aliases=("签到",), rest="optional", is_glued=True)]),
        ("前台", [CommandSpec(name="积分"), CommandSpec(name="排行", rest="optional"), CommandSpec(name="帮助")]),
    ]
)


@pytest.mark.parametrize(
    ("typed", "command", "rest"),
    [
        ("打卡", "打卡", ""),
        (" 打卡。", "打卡", ""),
        ("打卡!!!", "打卡", ""),
        ("打卡☀️", "打卡", ""),
        ("/打卡", "打卡", ""),
        ("@群小助 打卡", "打卡", ""),
        ("@群小助\u2005打卡", "打卡", ""),
        ("打咔", "打卡", ""),
        ("ＤＫ", "打卡", ""),
        ("签到", "打卡", ""),
        ("打卡 今天读了第三章", "打卡", "今天读了第三章"),
        ("打卡今天读了第三章", "打卡", "今天读了第三章"),
        ("打卡:今天读了第三章", "打卡", "今天读了第三章"),
        ("打卡\n今天读了第三章", "打卡", "今天读了第三章"),
        ("打卡今天读到一个问题:人为什么要读书?", "打卡", "今天读到一个问题:人为什么要读书?"),
        ("打卡不容易,今天终于读完整本书了", "打卡", "不容易,今天终于读完整本书了"),
        ("积分", "积分", ""),
        ("极分", "积分", ""),
        ("排行 周", "排行", "周"),
        ("排行榜", "排行", ""),
        ("help", "帮助", ""),
    ],
)
def test_what_members_type_is_understood(typed: str, command: str, rest: str) -> None:
    """Width, spaces, a mention of the bot, punctuation, emoji and common typos don't matter."""
    found = parse_command(typed, TABLE)
    assert found is not None
    assert (found[1].name, found[1].rest) == (command, rest)


@pytest.mark.parametrize(
    "typed",
    [
        "", "今天打卡了", "打车", "大卡车来了", "打卡了吗?", "打卡了没", "打卡时间是几点", "打卡成功了吗", "打卡?", "积分怎么用",
        "我要打卡", "dkfjdkf", "帮助一下我", "积分商城在哪", "签到了", "排", "😀",
    ],
)  # fmt: skip
def test_ordinary_chat_fires_nothing(typed: str) -> None:
    """Talking about a command is not giving it."""
    assert parse_command(typed, TABLE) is None

"""Commands that forgive: full-width, spaces, a leading @bot or slash, trailing punctuation, common typos.

Forgiving has a limit: ordinary chat must never fire a command. So a word only counts at the start of a message, text
may follow only where the command says so, and a question about a command (打卡了吗?) is chat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.play import Command, CommandSpec
from bot.core.text.fold import fold

_LEADING = re.compile(r"^(?:@\S+\s+)*[/.。!!#]?\s*")
_TRAILING = " 。.!!~~,,、;;…^_"
_QUESTION = re.compile(
    r"[??]|(?:吗|么|没|呢|嘛)$|^(?:了|过|吗|么|没|的|成功|时间|规则|记录|群|活动|要|是|怎|几|什|不|完|这|那|还|也|都|就|真|吧|啊|呀|失败|之)"
)
_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fff"
_SHORT = 8
"""A short rest may be a question about the command (打卡时间是几点); a longer one is content, whatever it asks."""
_EMOJI_END = re.compile(r"[\W_]+$")

# What phones and thumbs make of the commonest commands. Homophones only: an edit distance would hit ordinary words
# (打车 is one letter from 打卡).
_TYPOS: Mapping[str, tuple[str, ...]] = {
    "打卡": ("打咔", "打卞", "大卡", "答卡", "打卡卡", "打咖", "daka", "dk", "打 卡", "打卡打卡"),
    "签到": ("签道", "签倒", "前到", "qiandao", "qd", "签 到"),
    "积分": ("机分", "极分", "jifen", "jf", "积 分"),
    "排行": ("排名", "排行榜", "牌行", "paihang", "ph", "排 行"),
    "帮助": ("帮组", "帮住", "bangzhu", "bz", "help", "菜单", "功能", "帮 助"),
    "答题": ("打题", "答提", "dati"),
    "补卡": ("不卡", "补咔", "buka"),
    "请假": ("请价", "qingjia"),
    "申诉": ("申述", "审诉", "shensu"),
    "已读": ("以读", "己读", "yidu"),
    "接龙": ("接笼", "节龙", "街龙", "jielong", "接 龙"),
}


@dataclass(frozen=True, slots=True)
class CommandTable:
    """Every command of one group: spelling → (play, spec). Built once per playbook version."""

    by_spelling: Mapping[str, tuple[str, CommandSpec]]
    glued: tuple[str, ...]
    longest: int
    first: frozenset[str]
    """First letters of all spellings: ordinary chat is told apart by one look."""

    @classmethod
    def build(cls, plays: Iterable[tuple[str, Iterable[CommandSpec]]]) -> CommandTable:
        """The first play that claims a spelling has it (`check` reports the second). Typos never beat a real name."""
        by_spelling: dict[str, tuple[str, CommandSpec]] = {}
        typos: dict[str, tuple[str, CommandSpec]] = {}
        for play, specs in plays:
            for spec in specs:
                for word in (spec.name, *spec.aliases):
                    by_spelling.setdefault(fold(word), (play, spec))
                    for typo in _TYPOS.get(word, ()):
                        typos.setdefault(fold(typo), (play, spec))
        for typo, target in typos.items():
            by_spelling.setdefault(typo, target)
        # A typo counts alone only: 大卡 is 打卡 mistyped, 大卡车来了 is about a lorry.
        glued = [word for word, (_, spec) in by_spelling.items() if spec.is_glued and word not in typos]
        return cls(
            by_spelling, tuple(sorted(glued, key=len, reverse=True)), max(map(len, by_spelling), default=0),
            frozenset(word[0] for word in by_spelling),
        )  # fmt: skip


def parse_command(text: str, table: CommandTable) -> tuple[str, Command] | None:
    """(play, command) when `text` is a command of `table`, else None: then it is chat."""
    if not text or not table.by_spelling:
        return None
    if _FIRST_HAN <= text[0] <= _LAST_HAN and text[0] not in table.first:
        # Nearly every message of a group ends here: nothing is trimmed from before a character, and folding keeps it.
        return None
    start = _LEADING.match(text)
    body = text[start.end() :] if start else text
    first = body.split("\n", 1)[0]
    head = fold(first[: table.longest * 2 + 40])
    if not head or head[0] not in table.first:
        return None
    bare = head.rstrip(_TRAILING)
    if (hit := table.by_spelling.get(bare) or table.by_spelling.get(_EMOJI_END.sub("", bare))) and "\n" not in body:
        if "?" in head:
            return None
        return hit[0], Command(hit[1].name)
    word, _, _ = head.partition(" ")
    word = word.rstrip(_TRAILING) or word
    hit = table.by_spelling.get(word)
    if hit and hit[1].rest == "optional":
        return hit[0], Command(hit[1].name, _rest_after_word(body))
    for spelling in table.glued:
        if head.startswith(spelling):
            play, spec = table.by_spelling[spelling]
            rest = _rest_after(body, len(spelling))
            if rest is None or (len(rest) <= _SHORT and _QUESTION.search(fold(rest))):
                return None
            return play, Command(spec.name, rest)
    return None


def _rest_after_word(body: str) -> str:
    parts = body.split(None, 1)
    return parts[1].strip() if len(parts) == 2 else ""


def _rest_after(body: str, folded_length: int) -> str | None:
    """What follows the first `folded_length` folded characters of `body`; None when they can't be told apart."""
    for end in range(1, min(len(body), folded_length * 3) + 1):
        if len(fold(body[:end])) == folded_length:
            return body[end:].strip().lstrip(":：,，。.!！~～ ").strip()
    return None

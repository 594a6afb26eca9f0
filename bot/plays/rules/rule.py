"""One rule as an operator writes it: what it looks for, how grave it is, when and where it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import re2
from pydantic import BeforeValidator, Field, field_validator, model_validator

from bot.core.audience import Audience
from bot.core.play import PlayParams
from bot.core.text.moderation import phrases
from bot.core.units import Duration, Hours, LexiconPath, parse_window

Level = Literal[1, 2, 3]
Mode = Literal["shadow", "remind", "enforce"]
MODES: tuple[Mode, ...] = ("shadow", "remind", "enforce")
ModeText = Annotated[Mode, BeforeValidator(lambda value: "shadow" if value == "observe" else value)]
MessageType = Literal["voice", "video", "file", "image", "card", "mini_program", "red_packet", "location", "contact"]
_LONGEST_PATTERN = 1000


def re2_options() -> Any:
    """Options of every pattern: a mistake is told to the operator, not to stderr."""
    options = re2.Options()
    options.log_errors = False
    return options


class Regex(PlayParams):
    """A pattern in RE2 syntax: linear time, so no look-around and no back-references."""

    pattern: str = Field(min_length=1, description="正则(RE2 语法,不支持环视和反向引用) · Pattern in RE2 syntax")
    on: Literal["raw", "folded"] = Field(
        "raw", description="匹配原文 raw,还是归一化后的文字 folded · the text as typed, or after folding"
    )

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        if len(pattern) > _LONGEST_PATTERN:
            raise ValueError(
                f"正则有 {len(pattern)} 个字符，最多 {_LONGEST_PATTERN} 个 · "
                f"the pattern has {len(pattern)} characters, at most {_LONGEST_PATTERN}"
            )
        try:
            re2.compile(pattern, re2_options())
        except re2.error as error:
            reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
            raise ValueError(f"正则不合 RE2 语法：{reason} · not a pattern in RE2 syntax: {reason}") from None
        return pattern


class Links(PlayParams):
    allow: tuple[str, ...] = Field((), description="允许的网站,含子域名 · Allowed hosts, with their subdomains")
    deny: tuple[str, ...] = Field((), description="禁止的网站,含子域名 · Forbidden hosts, with their subdomains")
    unknown: Literal["delete", "warn", "ignore"] = Field(
        "delete", description="其他网站:撤回、提醒或不管 · what happens to every other host"
    )


class Flood(PlayParams):
    messages: int = Field(8, ge=2, le=100, description="多少条算刷屏 · How many messages are a flood")
    within: Duration = Field(timedelta(seconds=10), description="在多长时间内 · Within which time")


class Raid(PlayParams):
    """The same words by several who have only just joined."""

    members: int = Field(3, ge=2, le=50, description="多少个新人发同样的话 · How many newcomers")
    within: Duration = Field(timedelta(minutes=5), description="在多长时间内 · Within which time")
    joined: Duration = Field(timedelta(hours=24), description="入群多久内算新人 · Who joined that recently")


class Repeat(PlayParams):
    times: int = Field(3, ge=2, le=50, description="同一人同样的话发几遍算复读 · How often by one member")
    within: Duration = Field(timedelta(minutes=10), description="在多长时间内 · Within which time")
    raid: Raid | None = Field(Raid(), description="多个新人刷同样的话 · The same words by several newcomers")


class Newcomer(PlayParams):
    within: Duration = Field(
        timedelta(hours=24), description="入群多久内不能发链接、二维码、名片、小程序 · How long after joining"
    )
    images: bool = Field(False, description="图片也不能发(可能带二维码) · pictures neither: they may hold a QR code")


class ImageCodes(PlayParams):
    """QR codes in pictures."""

    allow: tuple[str, ...] = Field(
        (), description="二维码可以指向的网站,含子域名 · Hosts that a code may lead to, with their subdomains"
    )


class Length(PlayParams):
    characters: int = Field(500, ge=1, le=20000, description="最多多少字 · Characters at most")
    lines: int = Field(20, ge=1, le=2000, description="最多多少行 · Lines at most")


class MentionAll(PlayParams):
    allow: Audience = Field(
        ("role:operator", "role:owner", "role:admin"), description="谁可以 @所有人 · Labels that may mention everyone"
    )


class QuietHours(PlayParams):
    hours: Hours = Field(parse_window("22:30-06:59"), description="安静时段 · The quiet hours, local time")
    strict: bool = Field(False, description="不只提醒,按规则处理 · act on it, beyond one reminder a night")


class MuteGroup(PlayParams):
    speakers: Audience = Field((), description="除运营外还有谁可以发言 · Labels that may speak, besides operators")


class Nickname(PlayParams):
    words: LexiconPath | None = Field(None, description="词库文件 · Lexicon file")
    phrases: tuple[str, ...] = Field((), description="直接写在这里的词 · Words written right here")

    @model_validator(mode="after")
    def _has_words(self) -> Nickname:
        if not self.words and not self.phrases:
            raise ValueError("要写 words（词库文件）或 phrases（词） · give `words` (a lexicon file) or `phrases`")
        return self


def _pattern(value: Any) -> Any:
    return {"pattern": value} if isinstance(value, str) else value


def _default(value: Any) -> Any:
    """`newcomer: true` and an empty `newcomer:` mean the defaults."""
    return {} if value is None or value is True else value


class Match(PlayParams):
    """What a rule looks for: exactly one kind."""

    words: LexiconPath | None = Field(None, description="词库文件 · Lexicon file: one word a line, or the columns")
    phrases: tuple[str, ...] = Field((), description="直接写在这里的词 · Words written right here")
    normalise: bool = Field(True, description="识破拆字、谐音、符号等写法 · See through look-alikes, gaps, homophones")
    regex: Annotated[Regex, BeforeValidator(_pattern)] | None = Field(None, description="正则 · A pattern (RE2)")
    link: Annotated[Links, BeforeValidator(_default)] | None = Field(None, description="外链 · Links")
    flood: Annotated[Flood, BeforeValidator(_default)] | None = Field(None, description="刷屏 · Many messages at once")
    repeat: Annotated[Repeat, BeforeValidator(_default)] | None = Field(None, description="复读 · The same text again")
    newcomer: Annotated[Newcomer, BeforeValidator(_default)] | None = Field(
        None, description="新人期不能发链接等 · What newcomers may not send yet"
    )
    image_qr: Annotated[ImageCodes, BeforeValidator(_default)] | None = Field(
        None, description="图片里的二维码 · QR codes in pictures"
    )
    length: Annotated[Length, BeforeValidator(_default)] | None = Field(None, description="太长 · Too long")
    mention_all: Annotated[MentionAll, BeforeValidator(_default)] | None = Field(
        None, description="@所有人 · Mentions of everyone"
    )
    quiet_hours: Annotated[QuietHours, BeforeValidator(_default)] | None = Field(
        None, description="安静时段 · Hours in which we keep quiet"
    )
    mute_group: Annotated[MuteGroup, BeforeValidator(_default)] | None = Field(
        None, description="禁言群:只有运营和名单里的人发言 · Only operators and listed speakers talk"
    )
    type: tuple[MessageType, ...] = Field((), description="禁止的消息类型 · Forbidden kinds of message")
    nickname: Nickname | None = Field(None, description="群昵称里的词 · Words in display names")

    @model_validator(mode="after")
    def _is_one(self) -> Match:
        kinds = self._kinds()
        if len(kinds) != 1:
            listed = ", ".join(kinds) or "none"
            raise ValueError(
                f"一条规则只查一样，这里是 {len(kinds)} 样（{listed}），请拆成几条 · "
                f"a rule looks for exactly one thing, here are {len(kinds)} ({listed}): make a rule of each"
            )
        return self

    def _kinds(self) -> list[str]:
        given = [
            name for name in type(self).model_fields if name != "normalise" and getattr(self, name) not in (None, ())
        ]
        return [name for name in given if name != "phrases" or "words" not in given]

    @property
    def kind(self) -> str:
        return self._kinds()[0].replace("phrases", "words")

    @field_validator("phrases")
    @classmethod
    def _have_letters(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not phrases((word,)).size:
                raise ValueError(f"「{word}」里没有字母、汉字或数字 · {word!r} has neither a letter nor a digit")
        return words


_LEVELS: dict[str, Level] = {"flood": 1, "length": 1, "quiet_hours": 1, "nickname": 1}


class Rule(PlayParams):
    id: str = Field(min_length=1, max_length=40, description="规则名,成员会看到 · Name, members read it")
    match: Match = Field(description="查什么 · What it looks for")
    level: Level | None = Field(
        None, description="1 提醒,2 撤回并提醒,3 撤回并禁言 · 1 warn, 2 delete and warn, 3 delete and mute"
    )
    say: str = Field("", max_length=200, description="提醒时说的话,不要重复违规内容 · What the warning says")
    mode: ModeText | None = Field(
        None, description="比整体更谨慎时写:shadow(observe)、remind · a more careful mode than the play's"
    )
    hours: Hours | None = Field(None, description="只在这个时段有效 · Holds in these hours only")
    groups: tuple[str, ...] = Field((), description="只在这些群有效 · Holds in these groups only")
    exempt: Audience = Field((), description="谁不受这条限制 · Whom it does not apply to")

    @property
    def default_level(self) -> Level:
        return self.level or _LEVELS.get(self.match.kind, 2)

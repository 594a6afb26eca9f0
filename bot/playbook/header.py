"""What an operator may write outside of the plays: the head of a playbook, `base.yaml`, `groups.yaml`, overrides."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from bot.core.units import Clock, Duration, Hours

NETWORKS = ("qq", "wechat", "sim")
_SELECTOR = re.compile(r"tag:\S.*|(?:qq|wechat|sim):\S.*")
_BAD_NAME = re.compile(r"[/#@|\n\r\t]")


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"PB211|没有「{name}」这个时区 · there is no timezone `{name}`|"
            "中国大陆写 Asia/Shanghai · write an IANA name such as Asia/Shanghai"
        ) from None


def _as_zone(value: Any) -> Any:
    return _zone(value) if isinstance(value, str) else value


def check_name(name: str) -> str:
    """A name of a playbook or play, which travels in ids and commands."""
    if not name.strip() or len(name) > 40 or _BAD_NAME.search(name):
        raise ValueError(
            f"PB209|「{name[:20]}」不能当名字 · `{name[:20]}` can't be a name|"
            "1 到 40 个字,不含 / # @ | · 1 to 40 characters without / # @ |"
        )
    return name


def _selector(text: str) -> str:
    if not _SELECTOR.fullmatch(text):
        digits = text if text.isdigit() else ""
        hint = (
            f"QQ 群写 qq:{digits} · a QQ group is qq:{digits}"
            if digits
            else "写 tag:标签、qq:群号、wechat:xxx@chatroom 或 sim:群名 · write tag:<tag>, qq:<number> or sim:<name>"
        )
        raise ValueError(f"PB212|看不懂「{text[:30]}」指哪个群 · `{text[:30]}` names no group|{hint}")
    return text


def _member(text: str) -> str:
    if not re.fullmatch(r"(?:qq|wechat|sim):\S.*", text):
        hint = f"写 qq:{text} · write qq:{text}" if text.isdigit() else "写 qq:号码 · write qq:<number>"
        raise ValueError(f"PB212|看不懂「{text[:30]}」是谁 · `{text[:30]}` names no member|{hint}")
    return text


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Zone = Annotated[
    ZoneInfo,
    BeforeValidator(_as_zone),
    PlainSerializer(lambda zone: str(zone), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["Asia/Shanghai"]}),
]
Name = Annotated[str, AfterValidator(check_name)]
Selector = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_selector)]
Uid = Annotated[str, BeforeValidator(_number_as_text), AfterValidator(_member)]


class Written(BaseModel):
    """Base of everything that stands in a file: unknown keys are typos."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)


class Purpose(Written):
    """The four parts of 运营: who, in which scene, what we do, what for."""

    audience: str = Field(default="", description="对象:给谁做 · who it is for")
    scene: str = Field(default="", description="场景:在哪里做 · in which scene")
    action: str = Field(default="", description="动作:做什么 · what we do")
    goal: str = Field(default="", description="目标:做成什么样 · what for, with a figure")
    north_star: str = Field(
        default="", description="北极星指标,例如 checkin.retention_d21 · the one metric that decides"
    )
    targets: dict[str, float | str] = Field(
        default_factory=dict, description="指标目标:{dau_mau: 0.4, checkin.rate: 60%} · figures to reach, by metric"
    )


class Relay(Written):
    """Where the bot may not speak: a person does it."""

    gather: Duration = Field(
        default=timedelta(minutes=1), description="攒多久一起交给运营 · how long sends gather into one request"
    )
    within: Duration = Field(
        default=timedelta(hours=6), description="多久没人代发就作废 · after how long an unsent one is given up"
    )


class Settings(Written):
    """What may differ between houses, tags and groups."""

    title: str = Field(default="", description="群里看到的名字,模板里是 {{ title }} · title shown to members")
    timezone: Zone = Field(default=ZoneInfo("Asia/Shanghai"), description="时区 · IANA timezone")
    day_starts: Clock = Field(
        default="00:00",
        validate_default=True,
        description="一天从几点算起:熬夜的群可以写 04:00 · when a day of the group begins",
    )
    quiet_hours: Hours | None = Field(
        default=None, description="安静时段,只回答成员,不主动发 · nothing but answers is sent then"
    )
    vars: dict[str, Any] = Field(
        default_factory=dict, description="自己的变量,模板里直接用 {{ 名字 }} · your own names for templates"
    )
    relay: bool | Relay = Field(
        default=False,
        description="机器人不能在群里说话时写 true:要说的话交给运营代发 · true where the bot may not speak: operators send for it",
    )
    operators: tuple[Uid, ...] = Field(default=(), description="运营人员,例如 qq:10001 · uids of the operators")
    roles: dict[str, tuple[Uid, ...]] = Field(
        default_factory=dict, description="其他角色 {coach: [qq:10002]},用作 role:coach · further roles by name"
    )


class Front(Written):
    """What a playbook says about itself."""

    playbook: Name = Field(
        default="", description="剧本的身份,进度和积分记在它名下,以后不要改 · identity; keep it for good"
    )
    description: str = Field(default="", description="给同事看的说明,群里看不到 · a note for colleagues")
    purpose: Purpose | None = Field(default=None, description="为什么做:对象、场景、动作、目标 · why we do it")
    groups: tuple[Selector, ...] = Field(
        default=(), description="在哪些群运行:tag:标签、qq:群号、qq:* · where it runs: tags, ids, a whole network"
    )
    platforms: tuple[Literal["qq", "wechat", "sim"], ...] = Field(
        default=(), description="用在哪些平台,只用来提前提示做不到的事 · networks to check capabilities for"
    )


class Head(Settings, Front):
    """A playbook; its plays are validated one by one, by their kinds."""

    plays: dict[str, Any] = Field(default_factory=dict, description="玩法:名字 → 设置 · the plays by name")
    overrides: dict[Selector, Any] = Field(
        default_factory=dict, description="按标签或按群的不同之处 · what differs by tag or group"
    )


class Layer(Settings):
    """What a tag or a group changes of a playbook."""

    plays: dict[str, Any] = Field(default_factory=dict, description="改哪些玩法的哪些设置 · changes to plays, by name")


class Base(Settings):
    """`base.yaml`: what every playbook starts from."""

    kinds: dict[str, Any] = Field(default_factory=dict, description="每种玩法的默认设置 · defaults by kind of play")


class Group(Settings):
    """One group in `groups.yaml`."""

    name: str = Field(default="", description="群的名字,只是备注 · a note: what the group is called")
    tags: tuple[str, ...] = Field(default=(), description="标签,剧本用 tag:标签 选中它 · tags that select the group")


class Groups(Written):
    """`groups.yaml`: which groups there are, their tags, what differs by tag or group whatever the playbook."""

    tags: dict[str, Settings] = Field(default_factory=dict, description="按标签的设置 · settings by tag")
    groups: dict[Selector, Group] = Field(default_factory=dict, description="群 → 标签与设置 · the groups by uid")


class Common(Written):
    """The keys that every play has besides its own."""

    kind: str = Field(description="玩法的种类 · kind of play")
    enabled: bool = Field(default=True, description="false 就先不运行 · false switches it off")
    metric: str = Field(default="", description="用什么指标衡量,例如 checkin.rate · the metric that judges it")
    description: str = Field(default="", description="给同事看的说明,群里看不到 · a note for colleagues")


COMMON_KEYS = tuple(Common.model_fields)
SETTING_KEYS = tuple(Settings.model_fields)

"""Settings: `config.yaml`, each value with an embedded default, secrets from the environment.

`QUNOPS_CONFIG` names another file; `QUNOPS_DATABASE`, `QUNOPS_ONEBOT_TOKEN`, `QUNOPS_WECHAT_ENDPOINT`, `QUNOPS_WECHAT_TOKEN`
and `QUNOPS_HTTP_PORT` win over the file, so that no secret has to stand in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.core.errors import ConfigMistake
from bot.core.ratelimit import Bucket
from bot.core.units import Clock
from bot.engine.invitations import Policy
from bot.engine.outbox import OFF, Limits
from bot.playbook.nodes import Node, plain
from bot.playbook.problems import Problem
from bot.playbook.reading import read
from bot.playbook.refusals import refusals
from bot.playbook.report import render
from bot.playbook.spelling import nearest
from bot.transports.onebot11 import OneBotSettings
from bot.transports.wechat import WeChatSettings

DEFAULT_FILE = Path("config.yaml")
_SECRET_NAMES = ("token", "access_token", "password", "secret")
_EXCERPT = re.compile(r"^ +\d+ \| .*$", re.MULTILINE)
_SECRET = re.compile(
    r"""(?:["']?\b\w*(?:token|password|secret)["']?\s*[:：=]\s*)("[^"]*"?|'[^']*'?|[^\s,}\]#]+)|://[^:/@\s]*:([^@\s]+)@""",
    re.IGNORECASE,
)


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SimulatorSettings(_Settings):
    enabled: bool = Field(default=True, description="是否带一个模拟群 · a simulated group to try things in")
    group: str = Field(default="sim:共读营", description="模拟群的名字 · its name")
    members: tuple[str, ...] = Field(
        default=("小明", "小红", "小刚"), description="一开始就在群里的人 · who is in it from the start"
    )
    operator: str = Field(default="老陈", description="群主兼运营 · its owner and operator")


class LimitSettings(_Settings):
    """Sends. The defaults are careful: networks mute accounts that send a lot, and tell nobody."""

    unlimited: bool = Field(default=False, description="关掉限速，只用于压测 · no limits, for load tests only")
    per_group_seconds: float = Field(
        default=2.0, ge=0, description="同一个群两条消息的间隔 · between two messages to a group"
    )
    per_group_burst: int = Field(default=3, ge=1, description="同一个群可以连发几条 · messages to a group at once")
    per_minute: int = Field(default=20, ge=0, description="一个账号每分钟最多几条 · messages a minute and account")
    broadcast_seconds: float = Field(
        default=10.0, ge=0, description="群发时两个群之间的间隔 · between groups of a broadcast"
    )
    jitter_seconds: float = Field(default=0.8, ge=0, description="随机错开 · spread")
    per_day: int = Field(
        default=3000, ge=0, description="一个账号每天最多几条，0 不限 · a day and account, 0: no quota"
    )

    def limits(self) -> Limits:
        if self.unlimited:
            return OFF
        return Limits(
            chat=Bucket(1 / self.per_group_seconds if self.per_group_seconds else 0, self.per_group_burst),
            account=Bucket(self.per_minute / 60, max(1.0, self.per_minute / 2)),
            campaign=Bucket(1 / self.broadcast_seconds if self.broadcast_seconds else 0, 1),
            jitter_s=self.jitter_seconds,
            daily_quota=self.per_day,
        )


class HttpSettings(_Settings):
    enabled: bool = Field(
        default=True, description="控制台、健康检查、指标和本机控制口 · console, health, metrics, local control"
    )
    host: str = Field(default="127.0.0.1", description="只听本机 · loopback by default")
    port: int = Field(default=6780, ge=0, le=65535, description="端口 · port")
    url: str = Field(
        default="",
        description="控制台对外的网址，放在反向代理后面时写 · where people reach the console, behind a proxy",
        examples=["https://qunops.example.org"],
    )


class RetentionSettings(_Settings):
    """How long messages stay. The daily figures, points and their ledger are kept for good."""

    days: int = Field(
        default=180, ge=0, description="消息保留多少天，0 永久 · days that messages are kept, 0: for ever"
    )
    groups: dict[str, int] = Field(
        default_factory=dict, description="个别群的天数，如 qq:10001: 30 · days of single groups"
    )
    at: Clock = Field(default=time(4, 30), description="每天几点清理 · when the cut is made")


class ImageSettings(_Settings):
    """Pictures that are read for QR codes, where a playbook asks for it."""

    allow_networks: tuple[str, ...] = Field(
        default=(),
        description="图片只从公网下载；协议端在内网时写它的网段，如 172.18.0.0/16 · own networks to fetch pictures from",
    )

    @field_validator("allow_networks")
    @classmethod
    def _are_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            try:
                ip_network(value)
            except ValueError:
                raise ValueError(f"「{value}」不是网段，如 172.18.0.0/16 · not a network: {value!r}") from None
        return values


class LogSettings(_Settings):
    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="日志级别 · level")
    format: Literal["text", "json"] = Field(default="text", description="给人看还是给程序看 · for people or programs")


class Settings(_Settings):
    """The whole file."""

    database: str = Field(default="sqlite:///data/qunops.db", description="数据库地址 · database URL")
    playbooks: Path = Field(default=Path("playbooks"), description="剧本文件夹 · folder of playbooks")
    templates: Path = Field(
        default=Path("templates"),
        description="自己改过的文案模板，没有的用程序自带的 · folder of changed templates; the rest are the program's own",
    )
    operators: tuple[str, ...] = Field(default=(), description="所有群的运营，如 qq:10001 · operators everywhere")
    invitations: Policy = Field(
        default="ask",
        description="有人邀请机器人进群时：ask 问 operators，accept 直接进，ignore 不理 · when the bot is invited to a group",
    )
    simulator: SimulatorSettings = SimulatorSettings()
    onebot: OneBotSettings | None = Field(
        default_factory=OneBotSettings, description="QQ（OneBot v11）；null 关闭 · null: off"
    )
    wechat: tuple[WeChatSettings, ...] = Field(
        default=(), description="微信（wechaty 网关），一个账号一项 · WeChat by wechaty gateways, one entry per account"
    )
    limits: LimitSettings = LimitSettings()
    http: HttpSettings = HttpSettings()
    retention: RetentionSettings = RetentionSettings()
    images: ImageSettings = ImageSettings()
    log: LogSettings = LogSettings()
    keep_frames: bool = Field(default=False, description="保留最近的原始数据包，排错用 · keep raw frames for debugging")
    trace: bool = Field(default=True, description="记录每一步的原因，供 why 查询 · record why, for `why`")

    @property
    def data_folder(self) -> Path:
        """Where the lock, the control token and backups live."""
        if self.database.startswith("sqlite:///"):
            return Path(self.database.removeprefix("sqlite:///")).parent
        return Path("data")


def load_settings(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. A missing default file means defaults; a missing named file is an error.

    Raises `ConfigMistake` with the place and how to mend it.
    """
    named = path or (Path(environ["QUNOPS_CONFIG"]) if environ.get("QUNOPS_CONFIG") else None)
    file = named or DEFAULT_FILE
    root: Node | None = None
    if file.exists():
        root, problems = read(str(file), file.read_text(encoding="utf-8-sig"))
        if problems:
            raise _mistake(file, problems)
    elif named is not None:
        raise ConfigMistake(f"找不到配置文件 {file} · no such file", code="CF002", place=str(file))
    data = plain(root) if root is not None else {}
    if not isinstance(data, dict):
        raise ConfigMistake(f"{file} 应该是「键: 值」的形式 · expected a mapping", code="CF001", place=str(file))
    if database := environ.get("QUNOPS_DATABASE"):
        data["database"] = database
    if token := environ.get("QUNOPS_ONEBOT_TOKEN"):
        data["onebot"] = {**(data.get("onebot") or {}), "token": token}
    accounts = data.get("wechat") or []
    if isinstance(accounts, list):
        if endpoint := environ.get("QUNOPS_WECHAT_ENDPOINT"):
            accounts = [*accounts, {"endpoint": endpoint}]
        if token := environ.get("QUNOPS_WECHAT_TOKEN"):
            # One token for every gateway that has none of its own.
            accounts = [{"token": token, **each} if isinstance(each, dict) else each for each in accounts]
        data["wechat"] = accounts
    if port := environ.get("QUNOPS_HTTP_PORT"):
        data["http"] = {**(data.get("http") or {}), "port": int(port)}
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        # Not `from error`: pydantic's own words hold what was written, tokens too.
        if root is None:
            said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise ConfigMistake(f"环境变量的值不能用 · environment: {said}", code="CF003") from None
        given = [environ[name] for name in ("QUNOPS_ONEBOT_TOKEN", "QUNOPS_WECHAT_TOKEN") if environ.get(name)]
        raise _mistake(file, refusals(error, Settings, root), [*given, *_secrets(root)]) from None


def _mistake(file: Path, problems: Sequence[Problem], secrets: Sequence[str] = ()) -> ConfigMistake:
    hint = "每一项的写法见 config.example.yaml · see config.example.yaml"
    return ConfigMistake(_masked(render(problems), secrets), code="CF003", place=str(file), hint=hint)


def _secrets(node: Node, key: str = "") -> Iterator[str]:
    """Every value in the file that stands under the name of a secret, or under what looks like one misspelt."""
    for name, below in node.children.items():
        yield from _secrets(below, name)
    for below in node.elements:
        yield from _secrets(below, key)
    if node.kind == "text" and node.value and nearest(key, _SECRET_NAMES):
        yield str(node.value)


def _masked(text: str, secrets: Sequence[str]) -> str:
    """The excerpt of a line may show a token, also one that could not be read as YAML: each is as many stars, so that
    the caret below still points at the mistake."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "*" * len(secret))

    def stars(found: re.Match[str]) -> str:
        secret = found[1] or found[2]
        return found[0].replace(secret, "*" * len(secret))

    return _EXCERPT.sub(lambda line: _SECRET.sub(stars, line[0]), text)

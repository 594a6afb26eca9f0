"""What an operator may set about QQ: where to listen, whom to call, and how patient to be."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ForwardEndpoint(BaseModel):
    """An implementation that we connect to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        pattern=r"^wss?://", description="实现的正向 WebSocket 地址 · the implementation's WebSocket address"
    )
    token: SecretStr = Field(default=SecretStr(""), description="访问令牌 · its access token")
    role: Literal["universal", "api", "event"] = Field(
        default="universal", description="这条连接承载什么：通用、只调用、只事件 · what this connection carries"
    )


class OneBotSettings(BaseModel):
    """`listen_*`: the implementation connects to us (reverse WebSocket); `forward`: we connect to it. Times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: bool = Field(default=True, description="是否等待实现来连接（反向 WebSocket）· whether to listen at all")
    host: str = Field(default="127.0.0.1", description="监听地址，默认只限本机 · address to bind, loopback by default")
    port: int = Field(default=6701, ge=0, le=65535, description="监听端口 · port to bind")
    path: str = Field(
        default="/onebot/v11/ws", description="除 / 和 /ws 外接受的路径 · path accepted besides / and /ws"
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="访问令牌；监听非本机地址时必填 · access token, required unless on loopback"
    )
    forward: tuple[ForwardEndpoint, ...] = Field(
        default=(), description="主动去连接的实现（正向 WebSocket）· implementations that we connect to"
    )
    call_timeout_s: float = Field(default=20, gt=0, description="一次调用最多等多久 · how long one call may take")
    hello_timeout_s: float = Field(
        default=3, gt=0, description="连上后等版本应答多久 · wait for the version after connecting"
    )
    backoff_min_s: float = Field(default=1, gt=0, description="重连的最短间隔 · shortest pause before reconnecting")
    backoff_max_s: float = Field(default=60, gt=0, description="重连的最长间隔 · longest pause before reconnecting")
    silence_floor_s: float = Field(
        default=10, gt=0, description="心跳失联判定的下限（否则为三个心跳间隔）· least silence that counts as lost"
    )
    idle_probe_s: float = Field(
        default=60, gt=0, description="没有心跳时静默多久探测一次 · silence before a probe where no heartbeat comes"
    )
    resync_s: float = Field(
        default=1800,
        gt=0,
        description="多久重读一次群、成员和入群申请 · how often groups, members and requests are re-read",
    )
    pace_s: float = Field(default=0.2, ge=0, description="连续查询之间的间隔 · pause between queries of a resync")
    history_page: int = Field(
        default=50, ge=1, le=200, description="补历史时每页条数 · messages per page of a backfill"
    )
    history_limit: int = Field(
        default=5000,
        ge=1,
        description="补历史时一批最多多少条，更长的缺口分几批，新的在前 · messages of one part of a backfill, newest part first",
    )
    frame_limit_bytes: int = Field(default=32 * 2**20, ge=2**10, description="单帧上限 · largest frame that is read")
    queue_limit: int = Field(default=500, ge=1, description="等待引擎的事件上限 · most events waiting for the engine")
    picture_limit_bytes: int = Field(
        default=10 * 2**20, ge=0, description="本地图片上限 · largest local picture to send"
    )
    debug_frames: bool = Field(default=False, description="把原始帧交给调试环 · hand raw frames to the debug ring")

    @model_validator(mode="after")
    def _token_unless_loopback(self) -> OneBotSettings:
        if self.listen and not is_loopback(self.host) and not self.token.get_secret_value():
            raise ValueError(f"listening on {self.host} needs a token: anybody on the network could drive the bot")
        return self

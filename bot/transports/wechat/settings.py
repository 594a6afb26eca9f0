"""What an operator may set about one WeChat account: which gateway, which token, and how patient to be."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class WeChatSettings(BaseModel):
    """One gateway holds one account. Times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = Field(description="网关地址 主机:端口 · the gateway, host:port")
    token: SecretStr = Field(description="网关的令牌 · its token")
    tls: Literal["off", "builtin", "verified"] = Field(
        default="off",
        description="off 明文；builtin 网关自带的公开证书（只加密，不认证）；verified 校验证书"
        " · plaintext; the gateway's published certificate (encrypts, proves nothing); a certificate that is checked",
    )
    tls_name: str = Field(
        default="", description="证书上的名字，默认是主机名 · name on the certificate, default: the host"
    )
    tls_ca: str = Field(default="", description="自己的 CA 文件 · file with your own CA")
    relay: bool = Field(
        default=False,
        description="这个号不在群里说话，要说的交给运营代发 · this account says nothing in groups: operators send for it",
    )
    call_timeout_s: float = Field(default=20, gt=0, description="一次调用最多等多久 · how long one call may take")
    hello_timeout_s: float = Field(default=5, gt=0, description="连上后等问候多久 · wait for the gateway's greeting")
    ping_s: float = Field(default=5, gt=0, description="多久探测一次连接 · how often the connection is probed")
    ping_timeout_s: float = Field(default=5, gt=0, description="探测多久没有回应算断 · silence that counts as lost")
    backoff_min_s: float = Field(default=0.5, gt=0, description="重连的最短间隔 · shortest pause before reconnecting")
    backoff_max_s: float = Field(default=15, gt=0, description="重连的最长间隔 · longest pause before reconnecting")
    takeover_s: float = Field(
        default=60,
        ge=0,
        description="事件流被别的客户端占用多久后夺回，0 不夺回 · take the event stream back after that long, 0: never",
    )
    prefetch: int = Field(default=128, ge=1, le=256, description="同时读取几条消息正文 · messages fetched at once")
    queue_limit: int = Field(default=500, ge=1, description="等待引擎的事件上限 · most events waiting for the engine")
    resync_s: float = Field(
        default=1800, gt=0, description="多久重读一次群和成员 · how often rooms and members are read"
    )
    names_s: float = Field(default=3600, gt=0, description="群昵称缓存多久 · how long a member's name is kept")
    inline_bytes: int = Field(
        default=2 * 2**20,
        ge=1,
        le=3 * 2**20,
        description="多大的文件直接随消息发送 · files below this go inside the call",
    )
    file_limit_bytes: int = Field(default=50 * 2**20, ge=1, description="最大的文件 · largest file sent or fetched")

    @field_validator("endpoint")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        parts = urlsplit(f"//{value}")
        if "/" in value or not parts.hostname or not parts.port:
            raise ValueError("要写成 主机:端口 · write host:port, for example 127.0.0.1:8788")
        return value

    @field_validator("token")
    @classmethod
    def _has_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text or not text.isascii() or not text.isprintable():
            raise ValueError("要填网关的令牌，只用英文字符 · the gateway's token is needed, in plain characters")
        return value

    @property
    def host(self) -> str:
        return urlsplit(f"//{self.endpoint}").hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(f"//{self.endpoint}").port or 0

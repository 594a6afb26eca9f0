"""WeChat keeps what every network must keep, against the published gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.core.events import Role
from bot.transports.wechat import WeChat
from bot.transports.wechat.wire import raw_id
from tests.contract.transport import Network, TransportContract
from tests.peers.wechat_gateway import Gateway
from tests.wechat.conftest import ALICE, BOT, ROOM, settings


class WeChatNetwork(Network):
    account, chat, member = BOT, ROOM, ALICE

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.transport = WeChat([settings(gateway)])
        self._newcomers = 0

    async def says(self, *texts: str) -> None:
        for text in texts:
            self.gateway.do("say", room=raw_id(ROOM), **{"from": raw_id(ALICE)}, text=text)

    async def joins(self) -> str:
        self._newcomers += 1
        member = f"wxid_new{self._newcomers}"
        self.gateway.do("join", room=raw_id(ROOM), members=[member], inviter=raw_id(ALICE))
        return f"wechat:{member}"

    async def leaves(self, member: str) -> None:
        self.gateway.do("leave", room=raw_id(ROOM), members=[raw_id(member)], remover=raw_id(member))

    async def gives_role(self, role: Role) -> None:
        owner = raw_id(BOT) if role == "owner" else "wxid_owner"
        admins = [raw_id(BOT)] if role == "admin" else []
        self.gateway.do("role", room=raw_id(ROOM), owner=owner, admins=admins)

    def group_read(self) -> list[str]:
        return self._read(raw_id(ROOM))

    def member_read(self) -> list[str]:
        return self._read(raw_id(ALICE))

    def is_muted(self, member: str) -> bool:
        return False

    def is_here(self, member: str) -> bool:
        return raw_id(member) in self.gateway.do("members", room=raw_id(ROOM))

    def _read(self, to: str) -> list[str]:
        return [message["text"] for message in self.gateway.do("sent") if message["to"] == to]


class TestWeChat(TransportContract):
    @pytest.fixture
    async def network(self, gateway: Gateway) -> AsyncIterator[Network]:
        return WeChatNetwork(gateway)

"""The whole bot on the real gateway: one playbook runs in a WeChat group and in a QQ group of the same process."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.config import HttpSettings, LimitSettings, Settings, SimulatorSettings, load_settings
from bot.transports.onebot11 import OneBotSettings
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import OneBotWorld
from tests.peers.wechat_gateway import TOKEN, Gateway
from tests.wechat.conftest import settings, until

ROOT = Path(__file__).parents[2]
QQ_GROUP, QQ_MEMBER = 600_000_001, 2_900_000_001
CAMP = """\
playbook: camp
title: 共读营
purpose: {audience: 想读书的人, scene: QQ/微信 群, action: 打卡和接龙, goal: 一半的人打卡, north_star: checkin.rate}
groups: ["wechat:room1@chatroom", "qq:600000001"]
plays:
  欢迎: {kind: welcome, metric: welcome.introduced_d7, batch: 0s, text: "欢迎 {{ mentions }} 来到{{ title }}"}
  打卡: {kind: checkin, metric: checkin.rate}
  接龙: {kind: chain, type: signup, metric: chain.entries, members_may_open: true, debounce: 0s}
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    mode: enforce
    rules:
      - {id: 拉人, match: {regex: 加微信进群}, level: 3, say: 先问问运营}
    ladder: [{at: 1, do: kick, confirm: none}]
"""


def _settings(folder: Path, gateway: Gateway) -> Settings:
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "camp.yaml").write_text(CAMP, "utf-8")
    return Settings(
        database=f"sqlite:///{folder}/qunops.db",
        playbooks=folder / "playbooks",
        templates=ROOT / "templates",
        simulator=SimulatorSettings(enabled=False),
        onebot=OneBotSettings(port=0, pace_s=0),
        wechat=(settings(gateway),),
        limits=LimitSettings(unlimited=True),
        http=HttpSettings(enabled=False),
    )


class Camp:
    """The bot with its two networks, as a member of the WeChat group sees it."""

    def __init__(self, app: App, gateway: Gateway, folder: Path, qq: OneBotImplementation) -> None:
        self.app, self.gateway, self.folder, self.qq = app, gateway, folder, qq

    def says(self, text: str, who: str = "wxid_alice", **more: object) -> None:
        self.gateway.do("say", room="room1@chatroom", **{"from": who}, text=text, **more)

    async def reads(self, *words: str) -> dict[str, Any]:
        """Waits for a message of the bot that has all these words."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [each for each in self.gateway.do("sent") if all(word in each.get("text", "") for word in words)]
            return bool(found)

        await until(is_there)
        return found[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "qunops.db")) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
async def camp(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Camp]:
    world = OneBotWorld(style="napcat")
    world.found(QQ_GROUP, "QQ 群")
    qq = OneBotImplementation(world)
    app = App(_settings(tmp_path, gateway))
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    try:
        await asyncio.wait_for(app.is_ready.wait(), 20)
        assert app.onebot is not None
        async with qq.reverse(f"ws://127.0.0.1:{app.onebot.port}/onebot/v11/ws"):
            await until(lambda: len(app.engine.online) == 2)
            await until(lambda: len(app.kernel.directory.rooms) >= 2)
            yield Camp(app, gateway, tmp_path, qq)
            stop.set()
            await asyncio.wait_for(running, 20)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_one_playbook_on_two_networks(camp: Camp) -> None:
    """打卡 is answered in both groups, each over its own account, and is written down once."""
    camp.says("打卡 今天读了三页书")
    await camp.reads("小明 打卡成功")
    await camp.qq.emit(camp.qq.world.says(QQ_GROUP, QQ_MEMBER, "打卡 我也读了"))
    await until(lambda: bool(camp.qq.said(QQ_GROUP)))
    camp.says("打卡 再来一次")
    await camp.reads("小明", "今天")
    assert camp.rows("SELECT count(*) FROM note WHERE what = 'checkin'") == [(2,)]


async def test_welcome_chain_and_kick(camp: Camp) -> None:
    """Somebody new is welcomed, two copies of one list become one, whoever breaks the rule is removed."""
    camp.gateway.do("join", room="room1@chatroom", members=["wxid_new"], inviter="wxid_alice")
    welcome = await camp.reads("欢迎")
    assert welcome["mentions"] == ["wxid_new"]
    camp.says("#接龙\n周六徒步\n\n1. 小明 1人")
    camp.says("#接龙\n周六徒步\n\n1. 小明 1人\n2. 小红 2人", "wxid_carol")
    camp.says("#接龙\n周六徒步\n\n1. 小明 1人\n2. 新人 1人", "wxid_new")
    listed = await camp.reads("小明 1人", "小红 2人", "新人 1人")
    assert "周六徒步" in listed["text"]
    camp.says("加微信进群领福利", "wxid_new")
    await until(lambda: "wxid_new" not in camp.gateway.do("members", room="room1@chatroom"))


async def test_the_gateway_dies_and_the_camp_goes_on(camp: Camp) -> None:
    """kill -9 in the middle: QQ is not touched, the gap stands in the database, what comes after is answered."""
    camp.says("打卡 读了第一章")
    await camp.reads("小明 打卡成功")
    camp.gateway.kill()
    await until(lambda: "wechat:wxid_bot" not in camp.app.engine.online)
    assert any(account.startswith("qq:") for account in camp.app.engine.online)
    assert camp.app.health().is_ready
    await until(
        lambda: "down" in str(camp.app.health().connections) or "connecting" in str(camp.app.health().connections)
    )
    camp.gateway.start()
    await until(lambda: "wechat:wxid_bot" in camp.app.engine.online)
    camp.says("打卡 读了第二章", "wxid_carol")
    await camp.reads("小红 打卡成功")
    await until(lambda: bool(camp.rows("SELECT 1 FROM gap WHERE status = 'partial'")))


async def test_operators_speak_for_the_bot(gateway: Gateway, tmp_path: Path) -> None:
    """In a group that relays nothing is said; 小红 is asked in private, her 已发 settles it, and an invitation is hers too."""
    wanted = _settings(tmp_path, gateway).model_copy(update={"operators": ("wechat:wxid_carol",), "onebot": None})
    groups = 'groups: {"wechat:room1@chatroom": {relay: {gather: 1s}}}\n'
    (tmp_path / "playbooks" / "groups.yaml").write_text(groups, "utf-8")
    app, stop = App(wanted), asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    try:
        await until(lambda: len(app.kernel.directory.rooms) >= 1)
        camp = Camp(app, gateway, tmp_path, OneBotImplementation(OneBotWorld(style="napcat")))
        camp.says("打卡 读了三页")
        assert (await camp.reads("请代发到", "#1"))["to"] == "wxid_carol"
        assert (await camp.reads("小明 打卡成功"))["to"] == "wxid_carol"
        gateway.do("say", **{"from": "wxid_carol"}, text="已发")
        await until(lambda: camp.rows("SELECT status FROM task") == [("done",)])
        assert camp.rows("SELECT o.status FROM outbox o JOIN relay r ON r.outbox_id = o.id") == [("done",)]
        gateway.do("emit", event="room-invite", payload={"roomInvitationId": "inv1"})
        assert (await camp.reads("邀请机器人", "#2 同意"))["to"] == "wxid_carol"
        gateway.do("say", **{"from": "wxid_carol"}, text="#2 同意")
        await until(lambda: ["roomInvitationAccept", "inv1"] in gateway.do("calls"))
        assert not [each for each in gateway.do("sent") if each["to"] == "room1@chatroom"]
        stop.set()
        await asyncio.wait_for(running, 20)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_settings_from_the_environment(tmp_path: Path) -> None:
    """Endpoint and token need not stand in the file, and the token shows nowhere."""
    file = tmp_path / "config.yaml"
    file.write_text('wechat: [{endpoint: "127.0.0.1:8788"}]\n', "utf-8")
    found = load_settings(file, {"QUNOPS_WECHAT_TOKEN": TOKEN, "QUNOPS_WECHAT_ENDPOINT": "gateway:9000"})
    assert [(each.host, each.port) for each in found.wechat] == [("127.0.0.1", 8788), ("gateway", 9000)]
    assert all(each.token.get_secret_value() == TOKEN for each in found.wechat)
    assert TOKEN not in repr(found)

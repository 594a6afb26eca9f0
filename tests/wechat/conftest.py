"""The real gateway for these tests: one process per test process, begun anew for each test."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from bot.transports.wechat import WeChat, WeChatSettings
from tests.contract.sink import RecordingSink
from tests.peers.wechat_gateway import TOKEN, Gateway, missing

ALICE, CAROL, BOT = "wechat:wxid_alice", "wechat:wxid_carol", "wechat:wxid_bot"
ROOM = "wechat:room1@chatroom"


@pytest.fixture(scope="session")
def gateway_process() -> Iterator[Gateway]:
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(f"the WeChat gateway is required here (CI is set): {reason}")
        pytest.skip(f"no WeChat gateway: {reason}")
    found = Gateway()
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def gateway(gateway_process: Gateway) -> Gateway:
    """The gateway as new: one room with the bot (an admin), 小明 and 小红 in it."""
    gateway_process.start()
    return gateway_process


def settings(gateway: Gateway, **more: object) -> WeChatSettings:
    """Patient enough for a busy machine, quick enough for tests."""
    quick: dict[str, object] = {
        "endpoint": gateway.endpoint, "token": TOKEN, "backoff_min_s": 0.05, "backoff_max_s": 0.3,
        "call_timeout_s": 5, "ping_s": 1, "ping_timeout_s": 1, "hello_timeout_s": 2,
    }  # fmt: skip
    return WeChatSettings.model_validate(quick | more)


@contextlib.asynccontextmanager
async def running(transport: WeChat) -> AsyncIterator[RecordingSink]:
    """The transport runs with a sink that keeps what it hears."""
    sink = RecordingSink()
    task = asyncio.create_task(transport.run(sink))
    try:
        yield sink
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


Connect = Callable[..., AbstractAsyncContextManager[tuple[WeChat, RecordingSink]]]


@pytest.fixture
def connected(gateway: Gateway) -> Connect:
    """Runs a transport until it is online and its room is read."""

    @contextlib.asynccontextmanager
    async def connect(**more: object) -> AsyncIterator[tuple[WeChat, RecordingSink]]:
        transport = WeChat([settings(gateway, **more)])
        async with running(transport) as sink:
            await sink.logged(f"members {ROOM}")
            yield transport, sink
        left = {each.get_name() for each in asyncio.all_tasks() if each is not asyncio.current_task()}
        assert not left, "no task outlives the transport"

    return connect


async def until(is_so: Callable[[], bool], within_s: float = 60) -> None:
    """Waits for what another process does, which nothing here is told of."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

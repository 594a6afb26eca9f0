"""After a connection the bot knows again what it missed: history, requests, members, and what became of its own sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.effects import Approve
from bot.core.errors import SendUnknown
from bot.core.events import JoinRequested, MessageReceived
from bot.core.segments import Image, Mention, Text
from bot.transports.base import Message
from bot.transports.onebot11.history import HistoryReader
from bot.transports.onebot11.own import OwnMessages, fingerprint
from bot.transports.onebot11.wire import is_official_bot
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import OneBotWorld
from tests.transports.test_onebot11_connections import ACCOUNT, CHAT, GROUP, HELLO, MEMBER, peer, running

STYLES = ("napcat", "llbot", "lagrange")


def moment(world: OneBotWorld) -> datetime:
    return datetime.fromtimestamp(world.clock, UTC)


@pytest.mark.parametrize("style", STYLES)
async def test_gap_is_filled_from_the_history(style: str) -> None:
    """What was said while nobody listened comes as backfill, in order, over several pages, with the ids that the live events
    have; the overlap repeats known ids, and the group's gap is reported complete."""
    there = peer(style)
    world = there.world
    async with running(history_page=20) as bot:
        async with there.reverse(bot.url):
            await bot.ready()
            for number in range(30):
                world.clock += 1
                await there.emit(world.says(GROUP, MEMBER, f"之前 {number}"))
            before = await bot.sink.next(MessageReceived, 30)
        await bot.sink.logged("disconnected")
        for number in range(70):
            world.clock += number % 3
            world.says(GROUP, MEMBER, f"期间 {number}")
        world.says(GROUP, world.self_id, "我自己说的")
        async with there.reverse(bot.url):
            await bot.sink.logged(f"backfilled {CHAT}")
        since = before[-1].at
        missed = [event for event in bot.sink.backfill if isinstance(event, MessageReceived)]
        known = {event.id for event in before}
        assert [event.text for event in missed if event.id not in known] == [f"期间 {number}" for number in range(70)]
        assert any(event.id in known for event in missed), "the newest known message overlaps"
        assert all(event.at >= since for event in missed)
        ((chat, begin, until, reached),) = bot.sink.gaps
        assert (chat, begin, reached) == (CHAT, since, since)
        assert until > since


async def test_live_messages_do_not_hide_the_gap() -> None:
    """A message that arrives right after the connection does not move the beginning of the gap."""
    there = peer()
    async with running() as bot:
        async with there.reverse(bot.url):
            await bot.ready()
            await there.emit(there.world.says(GROUP, MEMBER, "之前"))
            await bot.sink.next(MessageReceived)
        await bot.sink.logged("disconnected")
        there.world.clock += 60
        there.world.says(GROUP, MEMBER, "期间")
        there.world.clock += 60
        async with there.reverse(bot.url):
            await there.emit(there.world.says(GROUP, MEMBER, "之后"))
            await bot.sink.logged(f"backfilled {CHAT}")
        assert "期间" in [event.text for event in bot.sink.backfill if isinstance(event, MessageReceived)]


@pytest.mark.parametrize("style", STYLES)
async def test_long_gap_comes_in_parts(style: str) -> None:
    """A gap longer than the limit is read on, part after part: nothing is missing, nothing comes twice, each part is in
    order and the newest comes first."""
    there = peer(style)
    async with running(history_page=10, history_limit=30) as bot:
        since = bot.sink.seen[CHAT] = moment(there.world)
        for number in range(100):
            there.world.clock += number % 2
            there.world.says(GROUP, MEMBER, f"{number}")
        async with there.reverse(bot.url):
            await bot.sink.logged(f"backfilled {CHAT}")
        numbers = [int(event.text) for event in bot.sink.backfill if isinstance(event, MessageReceived)]
        assert sorted(numbers) == list(range(100))
        parts = _rising(numbers)
        assert 2 < len(parts) < 5
        assert [part[0] for part in parts] == sorted((part[0] for part in parts), reverse=True)
        assert [gap[3] for gap in bot.sink.gaps] == [since]


def _rising(numbers: list[int]) -> list[list[int]]:
    """Cut where the next is smaller."""
    parts: list[list[int]] = [[]]
    for number in numbers:
        if parts[-1] and number < parts[-1][-1]:
            parts.append([])
        parts[-1].append(number)
    return parts


async def test_long_gap_lets_the_others_go_first() -> None:
    """One group's long night does not keep the other groups waiting for theirs."""
    there = peer()
    other = GROUP + 77
    there.world.found(other, "安静的群")
    async with running(history_page=10, history_limit=20) as bot:
        for chat in (CHAT, f"qq:{other}"):
            bot.sink.seen[chat] = moment(there.world)
        for number in range(60):
            there.world.clock += 1
            there.world.says(GROUP, MEMBER, f"{number}")
        there.world.says(other, there.world.self_id, "我自己说的")
        async with there.reverse(bot.url):
            await bot.sink.logged("backfilled", 2)
        assert [gap[0] for gap in bot.sink.gaps] == [f"qq:{other}", CHAT]


async def test_history_that_ends_too_early_says_where() -> None:
    """The network has forgotten the older half: what it still has is filled, and how far that goes is said."""
    there = peer()
    async with running(history_page=10, history_limit=20) as bot:
        since = bot.sink.seen[CHAT] = moment(there.world)
        for number in range(60):
            there.world.clock += 1
            there.world.says(GROUP, MEMBER, f"{number}")
        del there.world.rooms[GROUP].history[:25]
        async with there.reverse(bot.url):
            await bot.sink.logged(f"backfilled {CHAT}")
        assert len(bot.sink.backfill) == 35
        assert [gap[3] for gap in bot.sink.gaps] == [since + timedelta(seconds=26)]


async def test_history_that_fails_leaves_the_gap_open() -> None:
    """Where the history cannot be read the gap is reported incomplete, and the bot goes on."""
    there = peer()
    there.faults["get_group_msg_history"] = ["消息undefined不存在"]
    async with running() as bot:
        bot.sink.seen[CHAT] = moment(there.world)
        async with there.reverse(bot.url):
            await bot.ready()
            assert bot.sink.gaps[0][3] is None


async def test_new_group_has_no_gap() -> None:
    """A group without a logged message is not read back at all."""
    there = peer()
    there.world.says(GROUP, MEMBER, "很久以前")
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        assert (bot.sink.gaps, bot.sink.backfill) == ([], [])
        assert there.counts["get_group_msg_history"] == 0


@pytest.mark.parametrize("style", STYLES)
async def test_missed_requests_are_found(style: str) -> None:
    """A request that came while nobody listened is found in the list, once, with the id, member and flag of the live event."""
    there = peer(style)
    there.world.clock = int(datetime.now(UTC).timestamp()) - 600
    missed = there.world.asks(GROUP, 2_910_000_001, "暗号：南风")
    answered = there.world.asks(GROUP, 2_910_000_002, "早就批了")
    there.world.answered[answered["flag"]] = True
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        (found,) = bot.sink.backfill
        assert isinstance(found, JoinRequested)
        assert (found.member, found.comment, found.flag) == ("qq:2910000001", "暗号：南风", missed["flag"])
        assert found.at == moment(there.world)
        await there.emit(missed)
        (live,) = await bot.sink.next(JoinRequested)
        assert live.id == found.id
        await bot.transport.send(ACCOUNT, CHAT, Approve(flag=found.flag, is_approved=True))
        assert there.world.answered[missed["flag"]] is True


async def test_lists_are_read_again() -> None:
    """Members are read again every now and then: joins that were never reported show up, and so do titles given by hand."""
    there = peer()
    async with running(resync_s=0.05) as bot, there.reverse(bot.url):
        await bot.ready()
        there.world.joins(GROUP, 2_910_000_001)
        await bot.sink.until(lambda: any(member.uid == "qq:2910000001" for member in bot.sink.rosters[CHAT]))
        (member,) = [member for member in bot.sink.rosters[CHAT] if member.uid == "qq:2910000001"]
        assert (member.joined_at, member.title) == (moment(there.world), "")
        there.world.rooms[GROUP].people[2_910_000_001].title = "镇群之宝"
        await bot.sink.until(lambda: any(member.title == "镇群之宝" for member in bot.sink.rosters[CHAT]))


async def test_empty_lists_are_not_believed() -> None:
    """Lists that an implementation has not loaded yet do not empty the groups."""
    there = peer()
    async with running(resync_s=0.05) as bot, there.reverse(bot.url):
        await bot.ready()
        rooms, there.world.rooms = there.world.rooms, {}
        await there.called("get_group_list", there.counts["get_group_list"] + 2)
        there.world.rooms = rooms
        people, rooms[GROUP].people = rooms[GROUP].people, {}
        await there.called("get_group_member_list", there.counts["get_group_member_list"] + 2)
        rooms[GROUP].people = people
        assert [group.uid for group in bot.sink.listed[ACCOUNT]] == [CHAT]
        assert len(bot.sink.rosters[CHAT]) == 5


async def test_failed_queries_cost_only_themselves() -> None:
    """Version, groups, roles and requests may all fail: the account still comes online and can speak."""
    there = peer()
    for action in ("get_version_info", "get_group_list", "get_group_member_info", "get_group_system_msg"):
        there.faults[action] = ["内部错误"]
    async with running() as bot, there.reverse(bot.url):
        await bot.sink.logged(f"connected {ACCOUNT}")
        await bot.transport.send(ACCOUNT, CHAT, HELLO)
        assert there.said(GROUP) == ["大家好"]


# -- what became of a send ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
async def test_unknown_send_is_found_in_the_history(style: str) -> None:
    """A message that arrived although the answer said timeout is found; one that did not arrive is certainly not there."""
    there = peer(style)
    there.reports_own = False
    there.faults["send_group_msg"] = ["late", "Timeout: NTEvent serviceAndMethod:NodeIKernelMsgService/sendMsg"]
    arrived = Message(segments=(Mention(f"qq:{MEMBER}"), Text("打卡成功，连续 7 天")))
    async with running(call_timeout_s=0.2) as bot, there.reverse(bot.url):
        await bot.ready()
        there.world.says(GROUP, MEMBER, "更早的话")
        there.world.clock += 60
        since = moment(there.world)
        with pytest.raises(SendUnknown):
            await bot.transport.send(ACCOUNT, CHAT, arrived)
        with pytest.raises(SendUnknown):
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
        receipt = await bot.transport.find_sent(ACCOUNT, CHAT, arrived, since)
        assert receipt is not None
        assert receipt.message_id == str(there.world.rooms[GROUP].history[-1]["message_id"])
        assert receipt.at == since
        assert await bot.transport.find_sent(ACCOUNT, CHAT, HELLO, since) is None


async def test_own_echo_is_enough() -> None:
    """Where the implementation reports the account's own messages, no history is asked for."""
    there = peer()
    there.faults["send_group_msg"] = ["late"]
    async with running(call_timeout_s=0.1) as bot, there.reverse(bot.url):
        await bot.ready()
        with pytest.raises(SendUnknown):
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
        assert await bot.transport.find_sent(ACCOUNT, CHAT, HELLO, moment(there.world)) is not None
        assert there.counts["get_group_msg_history"] == 0


async def test_a_settled_send_proves_no_other() -> None:
    """The same words sent before, with a receipt, are not taken for the send whose outcome is unknown."""
    there = peer()
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        there.world.says(GROUP, MEMBER, "更早的话")
        there.world.clock += 60
        since = moment(there.world)
        await bot.transport.send(ACCOUNT, CHAT, HELLO)
        assert await bot.transport.find_sent(ACCOUNT, CHAT, HELLO, since) is None


async def test_history_that_does_not_reach_back_proves_nothing() -> None:
    """Not found, and the history does not go back far enough: nobody knows."""
    there = peer()
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        with pytest.raises(SendUnknown):
            await bot.transport.find_sent(ACCOUNT, CHAT, HELLO, moment(there.world))


async def test_private_sends_are_found_too() -> None:
    """A private message is looked for in the conversation with the member."""
    there = peer()
    there.faults["send_private_msg"] = ["late"]
    whisper = Message(segments=(Text("悄悄话"),), to=f"qq:{MEMBER}")
    async with running(call_timeout_s=0.1) as bot, there.reverse(bot.url):
        await bot.ready()
        with pytest.raises(SendUnknown):
            await bot.transport.send(ACCOUNT, CHAT, whisper)
        receipt = await bot.transport.find_sent(ACCOUNT, CHAT, whisper, moment(there.world))
        assert receipt is not None


def test_fingerprints() -> None:
    """Spaces don't count, words, mentions and pictures do."""
    plain = fingerprint([Mention("qq:1", "小明"), Text("签到 成功")])
    assert plain == fingerprint([Mention("qq:1"), Text(" 签到成功\n")])
    assert plain != fingerprint([Mention("qq:2"), Text("签到成功")])
    assert plain != fingerprint([Mention("qq:1"), Text("签到成功"), Image("https://x")])


def test_own_messages_are_bounded() -> None:
    """The memory of own messages forgets the oldest."""
    own, at = OwnMessages(), datetime(2026, 3, 2, tzinfo=UTC)
    for number in range(3000):
        own.heard(CHAT, str(number), at + timedelta(seconds=number), [Text(str(number))])
    assert own.find([CHAT], [Text("0")], at) is None
    assert own.find([CHAT], [Text("2999")], at) == ("2999", at + timedelta(seconds=2999))
    assert own.find([CHAT], [Text("2999")], at) is None, "one message proves one send"


async def test_history_that_answers_nonsense_ends() -> None:
    """A history that always gives the same page, or rubbish, is read only so often."""
    there = OneBotImplementation(OneBotWorld())
    there.world.found(GROUP, "测试群一")
    frame = there.world.says(GROUP, MEMBER, "早")
    asked: list[object] = []

    async def ask(action: str, params: dict[str, object]) -> object:
        asked.append(params)
        return {"messages": [frame, "rubbish", {"time": -1}, {**frame, "message_id": {}}]}

    from bot.transports.onebot11.dialect import NAPCAT

    reader = HistoryReader(ask=ask, account=ACCOUNT, dialect=NAPCAT)
    past = await reader.read(CHAT, moment(there.world) - timedelta(hours=1))
    assert ([message.text for message in past.messages], past.reaches_back) == (["早"], False)
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("number", "is_bot"),
    [(2854196310, True), (2854216399, True), (2854216400, False), (66600000, True), (3889000001, True), (10001, False)],
)
def test_official_bots_are_told_by_their_numbers(number: int, is_bot: bool) -> None:
    """Where an implementation doesn't say it, the number does: QQ gives these to its own bots only."""
    assert is_official_bot(f"qq:{number}") == is_bot

"""What every network must keep to. A transport's test class inherits `TransportContract` and gives it a `Network`.

class TestOneBot(TransportContract):
    @pytest.fixture
    async def network(self) -> AsyncIterator[Network]: ...
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import UTC, timedelta

import pytest

from bot.core.effects import Kick, Mute, MuteAll, Recall
from bot.core.errors import SendRefused, SendUnknown, TransportError
from bot.core.events import Event, MemberJoined, MemberLeft, MessageReceived, Role
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Mention, Text
from bot.transports.base import Announcement, Message, Transport
from tests.contract.sink import RecordingSink

HOSTILE = "[CQ:at,qq=all] {{ 7 * 7 }} @全体成员 <b>&#91;&amp; 😀"


class Network(ABC):
    """The other side: one group with the bot's account as an administrator and `member` as an ordinary member in it.

    `chat`, `account` and `member` are uids. What its methods do must reach the transport by the network's own way.
    """

    transport: Transport
    account: str
    chat: str
    member: str

    @abstractmethod
    async def says(self, *texts: str) -> None:
        """`member` writes these messages in the group."""

    @abstractmethod
    async def joins(self) -> str:
        """Somebody new comes in; their uid."""

    @abstractmethod
    async def leaves(self, member: str) -> None: ...

    @abstractmethod
    async def gives_role(self, role: Role) -> None:
        """The bot's account gets this role, and the network says so."""

    @abstractmethod
    def group_read(self) -> list[str]:
        """The texts that the bot has sent to the group, as members read them."""

    @abstractmethod
    def member_read(self) -> list[str]:
        """The texts that the bot has sent to `member` in private."""

    @abstractmethod
    def is_muted(self, member: str) -> bool: ...

    @abstractmethod
    def is_here(self, member: str) -> bool: ...


class TransportContract:
    """Override `network`; add what is special about the network in the same class or beside it."""

    @pytest.fixture
    async def network(self) -> Network:
        raise NotImplementedError

    @pytest.fixture
    async def sink(self, network: Network) -> AsyncIterator[RecordingSink]:
        """The transport runs, and has said everything that it says by itself at the beginning."""
        sink = RecordingSink()
        running = asyncio.create_task(network.transport.run(sink))
        await sink.logged(f"connected {network.account}")
        await sink.logged(f"members {network.chat}")
        yield sink
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    # -- what it hears ------------------------------------------------------------------------------------------------

    async def test_introduces_itself(self, network: Network, sink: RecordingSink) -> None:
        """The account comes online first; then its groups with its role in them, and who is there."""
        assert sink.log[0].startswith(f"connected {network.account}")
        (group,) = [group for group in sink.listed[network.account] if group.uid == network.chat]
        assert (group.role, group.size) == ("admin", len(sink.rosters[network.chat]))
        assert {network.member, network.account} <= {member.uid for member in sink.rosters[network.chat]}

    async def test_message_arrives_as_it_was_said(self, network: Network, sink: RecordingSink) -> None:
        """Text, author, group and time arrive unchanged, with uids that carry the network and an aware UTC time."""
        await network.says("打卡 读了三页")
        (heard,) = await sink.next(MessageReceived)
        assert (heard.text, heard.member, heard.chat, heard.account) == (
            "打卡 读了三页",
            network.member,
            network.chat,
            network.account,
        )
        assert heard.segments == (Text("打卡 读了三页"),)
        assert heard.id
        assert heard.message_id
        assert heard.at.utcoffset() == timedelta(0)
        assert heard.chat.startswith(f"{network.transport.platform}:")
        assert not heard.is_private
        assert not heard.is_to_bot

    async def test_text_never_becomes_markup(self, network: Network, sink: RecordingSink) -> None:
        """What looks like markup is text, on the way in and on the way out."""
        await network.says(HOSTILE)
        (heard,) = await sink.next(MessageReceived)
        assert heard.text == HOSTILE
        assert heard.segments == (Text(HOSTILE),)
        assert not heard.mentions_all
        await network.transport.send(network.account, network.chat, Message(segments=(Text(HOSTILE),)))
        assert network.group_read() == [HOSTILE]

    async def test_order_is_kept(self, network: Network, sink: RecordingSink) -> None:
        """Messages of one group arrive in the order in which they were sent."""
        said = [f"第{number}条" for number in range(60)]
        await network.says(*said)
        await sink.next(MessageReceived, len(said))
        assert sink.texts() == said

    async def test_ids_tell_events_apart(self, network: Network, sink: RecordingSink) -> None:
        """The same words twice are two messages."""
        await network.says("早", "早", "早")
        heard = await sink.next(MessageReceived, 3)
        assert len({event.id for event in heard}) == 3

    async def test_full_engine_loses_nothing(self, network: Network, sink: RecordingSink) -> None:
        """While the engine takes nothing, everything waits in order and comes when it takes again."""
        sink.gate.clear()
        said = [f"第{number}条" for number in range(200)]
        await network.says(*said)
        assert not sink.heard
        sink.gate.set()
        await sink.next(MessageReceived, len(said))
        assert sink.texts() == said

    async def test_coming_and_going(self, network: Network, sink: RecordingSink) -> None:
        """Members that come and go are events with their uid."""
        newcomer = await network.joins()
        (joined,) = await sink.next(MemberJoined)
        assert (joined.member, joined.chat) == (newcomer, network.chat)
        await network.leaves(newcomer)
        (left,) = await sink.next(MemberLeft)
        assert (left.member, left.was_kicked) == (newcomer, False)

    async def test_never_hears_itself(self, network: Network, sink: RecordingSink) -> None:
        """The account's own messages are no events."""
        await network.transport.send(network.account, network.chat, Message(segments=(Text("我说的"),)))
        await network.says("别人说的")
        await sink.next(MessageReceived)
        assert sink.texts() == ["别人说的"]

    async def test_times_are_aware(self, network: Network, sink: RecordingSink) -> None:
        """Every event carries an aware UTC time."""
        await network.says("早")
        await network.joins()
        await sink.next(MemberJoined)
        assert all(event.at.tzinfo is UTC for event in sink.of(Event))

    # -- what it does -------------------------------------------------------------------------------------------------

    async def test_sends_with_receipt(self, network: Network, sink: RecordingSink) -> None:
        """A message to the group gives a receipt with the network's message id."""
        receipt = await network.transport.send(network.account, network.chat, Message(segments=(Text("大家早"),)))
        assert receipt.message_id
        assert network.group_read() == ["大家早"]

    async def test_private_message_reaches_the_member_only(self, network: Network, sink: RecordingSink) -> None:
        """`to` sends in private, not to the group."""
        if Capability.PRIVATE not in network.transport.capabilities(network.account, network.chat):
            pytest.skip("this network has no private messages")
        await network.transport.send(
            network.account, network.chat, Message(segments=(Text("悄悄话"),), to=network.member)
        )
        assert (network.member_read(), network.group_read()) == (["悄悄话"], [])

    async def test_acts_by_its_role(self, network: Network, sink: RecordingSink) -> None:
        """An administrator can mute and remove where the network has that; the act is done when the receipt is there."""
        capabilities = network.transport.capabilities(network.account, network.chat)
        if Capability.MUTE in capabilities:
            await network.transport.send(network.account, network.chat, Mute(member=network.member, for_s=600))
            assert network.is_muted(network.member)
            await network.transport.send(network.account, network.chat, Mute(member=network.member, for_s=0))
            assert not network.is_muted(network.member)
        if Capability.KICK in capabilities:
            await network.transport.send(network.account, network.chat, Kick(member=network.member))
            assert not network.is_here(network.member)

    async def test_refused_without_the_right(self, network: Network, sink: RecordingSink) -> None:
        """A member's account has no administrator's capability; trying it is refused and changes nothing."""
        await network.gives_role("member")
        await network.says("之后")
        await sink.next(MessageReceived)
        for outgoing, capability in (
            (Mute(member=network.member, for_s=600), Capability.MUTE),
            (MuteAll(on=True), Capability.MUTE_ALL),
            (Kick(member=network.member), Capability.KICK),
            (Announcement(text="群规"), Capability.ANNOUNCE),
            (Message(segments=(Mention(EVERYONE), Text("开会"))), Capability.MENTION_ALL),
        ):
            assert capability not in network.transport.capabilities(network.account, network.chat)
            with pytest.raises(SendRefused) as refused:
                await network.transport.send(network.account, network.chat, outgoing)
            assert refused.value.capability == capability
        assert not network.is_muted(network.member)
        assert network.is_here(network.member)
        assert network.group_read() == []

    async def test_recalls_its_own(self, network: Network, sink: RecordingSink) -> None:
        """The account can take its own message back where the network has that."""
        if Capability.RECALL_OWN not in network.transport.capabilities(network.account, network.chat):
            pytest.skip("this network takes nothing back")
        receipt = await network.transport.send(network.account, network.chat, Message(segments=(Text("说错了"),)))
        await network.transport.send(network.account, network.chat, Recall(message_id=receipt.message_id))
        assert network.group_read() == []

    async def test_nothing_to_send_is_refused(self, network: Network, sink: RecordingSink) -> None:
        """A message without content is refused before it reaches the network."""
        with pytest.raises(SendRefused):
            await network.transport.send(network.account, network.chat, Message(segments=(Text(""),)))
        assert network.group_read() == []

    async def test_unknown_places_are_no_receipts(self, network: Network, sink: RecordingSink) -> None:
        """An account or a group that does not exist ends in a transport error, never in a receipt."""
        elsewhere = f"{network.chat}9"
        for account, chat in (("nobody:1", network.chat), (network.account, elsewhere)):
            with pytest.raises(TransportError):
                await network.transport.send(account, chat, Message(segments=(Text("在吗"),)))
        assert network.transport.capabilities("nobody:1", network.chat) == frozenset()

    async def test_never_finds_what_was_not_sent(self, network: Network, sink: RecordingSink) -> None:
        """`find_sent` does not take a member's words, or other words of the account, for the message it looks for."""
        await network.says("早")
        (heard,) = await sink.next(MessageReceived)
        await network.transport.send(network.account, network.chat, Message(segments=(Text("晚安"),)))
        for text in ("早", "没发过"):
            message = Message(segments=(Text(text),))
            try:
                found = await network.transport.find_sent(network.account, network.chat, message, heard.at)
            except SendUnknown:
                continue
            assert found is None

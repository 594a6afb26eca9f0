"""The simulated network refuses what the real ones refuse, and reports what really happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.effects import (
    Approve,
    Forward,
    Invite,
    Kick,
    Mute,
    MuteAll,
    Recall,
    Rename,
    SetCard,
    SetRemark,
    SetTitle,
)  # fmt: skip
from bot.core.errors import SendRefused, SendUnknown
from bot.core.events import (
    BotInvited,
    FileUploaded,
    GroupRenamed,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MemberMuted,
    MessageRecalled,
    MessageReceived,
    NameChanged,
    Role,
)
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Image, Mention, Text
from bot.transports.base import Announcement, FileMessage, Message, Outgoing
from bot.transports.simulator import (
    BOT,
    QQ,
    WECHAT,
    Impossible,
    Profile,
    SimulatorTransport,
    World,
    perform,
    private_chat,
)
from tests.contract.sink import RecordingSink
from tests.contract.transport import Network, TransportContract

NOW = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
CHAT = "sim:共读一群"
MING, HONG, CHEN, ADA = "sim:小明", "sim:小红", "sim:老陈", "sim:版主"


def world(role: str = "admin", profile: Profile = QQ, **room: bool) -> World:
    made = World(NOW, profile=profile)
    made.found(CHAT, "共读一群", bot_role=role, **room)  # type: ignore[arg-type]
    for uid in (MING, HONG):
        made.settle(CHAT, uid, uid.removeprefix("sim:"))
    made.settle(CHAT, ADA, "版主", role="admin")
    if role != "owner":
        made.settle(CHAT, CHEN, "老陈", role="owner")
    return made


def text(words: str, to: str | None = None) -> Message:
    return Message(segments=(Text(words),), to=to)


EVERYBODY = Message(segments=(Mention(EVERYONE), Text("开会啦")))

REFUSED: list[tuple[str, str, Profile, Outgoing, str, Capability | None]] = [
    ("a member can't mute", "member", QQ, Mute(member=MING, for_s=60), "role", Capability.MUTE),
    ("a member can't mute all", "member", QQ, MuteAll(on=True), "role", Capability.MUTE_ALL),
    ("a member can't kick", "member", QQ, Kick(member=MING), "role", Capability.KICK),
    ("a member can't announce", "member", QQ, Announcement(text="群规"), "role", Capability.ANNOUNCE),
    ("a member can't set cards", "member", QQ, SetCard(member=MING, card="a"), "role", Capability.SET_CARD),
    ("a member can't mention all", "member", QQ, EVERYBODY, "role", Capability.MENTION_ALL),
    ("an admin gives no titles", "admin", QQ, SetTitle(member=MING, title="达人"), "role", Capability.SET_TITLE),
    ("nobody kicks the owner", "admin", QQ, Kick(member=CHEN), "owner", None),
    ("an admin kicks no admin", "admin", QQ, Kick(member=ADA), "admin", None),
    ("an admin mutes no admin", "admin", QQ, Mute(member=ADA, for_s=60), "admin", None),
    ("nobody mutes a stranger", "admin", QQ, Mute(member="sim:谁", for_s=60), "not in group", None),
    ("nobody mutes for two months", "admin", QQ, Mute(member=MING, for_s=60 * 86400), "range", None),
    ("no title for a stranger", "owner", QQ, SetTitle(member="sim:谁", title="达人"), "not in group", None),
    ("a title is short", "owner", QQ, SetTitle(member=MING, title="读书破万卷的人"), "too long", None),
    ("a card is short", "admin", QQ, SetCard(member=MING, card="很" * 21), "too long", None),
    ("nothing to say", "admin", QQ, text("  \n"), "empty", None),
    ("a member can't rename", "member", QQ, Rename(name="新群名"), "owner and admins", None),
    ("a group has a name", "admin", QQ, Rename(name=" "), "empty", None),
    ("nobody is brought into a QQ group", "owner", QQ, Invite(member="sim:小刚"), "no call", None),
    ("no remark on a stranger", "admin", QQ, SetRemark(member="sim:谁", remark="a"), "not in group", None),
    ("a text has a limit", "admin", QQ, text("长" * 4501), "too long", None),
    ("WeChat's limit is lower", "admin", WECHAT, text("长" * 2001), "too long", None),
    ("an announcement has a limit", "admin", QQ, Announcement(text="长" * 601), "too long", None),
    ("an announcement says something", "admin", QQ, Announcement(text=" "), "empty", None),
    ("no message of that id", "admin", QQ, Recall(message_id="nope"), "no such message", None),
    ("no request of that flag", "admin", QQ, Approve(flag="nope", is_approved=True), "No such request", None),
    ("an empty file", "admin", QQ, FileMessage(name="a.csv", content=b""), "empty", None),
    ("WeChat mutes nobody", "owner", WECHAT, Mute(member=MING, for_s=60), "offers no", Capability.MUTE),
    ("WeChat has no mute all", "owner", WECHAT, MuteAll(on=True), "offers no", Capability.MUTE_ALL),
    ("WeChat sets no cards", "owner", WECHAT, SetCard(member=MING, card="a"), "offers no", Capability.SET_CARD),
    ("WeChat mentions not all", "owner", WECHAT, EVERYBODY, "offers no", Capability.MENTION_ALL),
    ("WeChat writes to friends only", "owner", WECHAT, text("你好", MING), "not a friend", None),
    ("nobody writes to a stranger", "admin", QQ, text("你好", "sim:谁"), "not a friend", None),
]


@pytest.mark.parametrize(("role", "profile", "outgoing", "why", "capability"), [case[1:] for case in REFUSED],
                         ids=[case[0] for case in REFUSED])  # fmt: skip
def test_refusals(role: str, profile: Profile, outgoing: Outgoing, why: str, capability: Capability | None) -> None:
    """Each refusal says why, and names the capability only where the account's standing is the reason."""
    made = world(role, profile)
    with pytest.raises(SendRefused, match=why) as refused:
        perform(made, BOT, CHAT, outgoing)
    assert refused.value.capability == (capability or "")
    assert made.drain() == []


@pytest.mark.parametrize(
    ("happen", "why"),
    [
        (lambda w: w.mute(CHAT, BOT, 600), "muted"),
        (lambda w: w.leave(CHAT, BOT, kicked_by=CHEN), "not in the group"),
        (lambda w: w.dissolve(CHAT), "no such group"),
    ],
)
def test_the_bot_that_may_not_speak(happen: Callable[[World], None], why: str) -> None:
    """Muted, kicked or without a group, the bot can't send."""
    made = world()
    happen(made)
    with pytest.raises(SendRefused, match=why):
        perform(made, BOT, CHAT, text("大家好"))


def test_a_mute_ends() -> None:
    """After the mute has run out the bot speaks again."""
    made = world()
    made.mute(CHAT, BOT, 600)
    made.set_clock(NOW + timedelta(minutes=10))
    assert perform(made, BOT, CHAT, text("大家好")).message_id


def test_whole_group_mute_spares_admins() -> None:
    """Under 全员禁言 an admin speaks, a member and a bot without rights don't."""
    made = world("member")
    made.mute_all(CHAT, True)
    made.say(CHAT, ADA, "通知")
    with pytest.raises(Impossible):
        made.say(CHAT, MING, "我呢")
    with pytest.raises(SendRefused, match="whole group"):
        perform(made, BOT, CHAT, text("大家好"))


def test_recall_own_within_two_minutes() -> None:
    """A bot without rights takes back its own message for two minutes, another's never, an admin always."""
    made = world("member")
    mine = perform(made, BOT, CHAT, text("手滑了"))
    theirs = made.say(CHAT, MING, "广告")
    with pytest.raises(SendRefused, match="role") as refused:
        perform(made, BOT, CHAT, Recall(message_id=theirs.message_id))
    assert refused.value.capability == Capability.RECALL_OTHERS
    made.set_clock(NOW + timedelta(seconds=121))
    with pytest.raises(SendRefused, match="too late"):
        perform(made, BOT, CHAT, Recall(message_id=mine.message_id))
    made.set_role(CHAT, BOT, "admin")
    perform(made, BOT, CHAT, Recall(message_id=mine.message_id))
    perform(made, BOT, CHAT, Recall(message_id=theirs.message_id))
    with pytest.raises(SendRefused, match="no such message"):
        perform(made, BOT, CHAT, Recall(message_id=theirs.message_id))
    recalled = [event for event in made.drain() if isinstance(event, MessageRecalled)]
    assert [(event.member, event.by) for event in recalled] == [(BOT, BOT), (MING, BOT)]


def test_an_admin_takes_back_no_admins_message() -> None:
    """What the owner wrote stays."""
    made = world()
    said = made.say(CHAT, CHEN, "我说了算")
    with pytest.raises(SendRefused, match="owner"):
        perform(made, BOT, CHAT, Recall(message_id=said.message_id))


def test_mention_of_all_has_a_daily_quota() -> None:
    """Ten a day on QQ, and again the next local day."""
    made = world()
    for _ in range(10):
        perform(made, BOT, CHAT, EVERYBODY)
    with pytest.raises(SendRefused, match="left today"):
        perform(made, BOT, CHAT, EVERYBODY)
    made.set_clock(NOW + timedelta(days=1))
    perform(made, BOT, CHAT, EVERYBODY)


def test_private_through_the_group_or_friendship() -> None:
    """QQ lets a bot write to a member of a common group unless the group forbids it; who wrote first is answered."""
    assert perform(world(), BOT, CHAT, text("你好", MING)).message_id
    closed = world(allows_private=False)
    with pytest.raises(SendRefused):
        perform(closed, BOT, CHAT, text("你好", MING))
    closed.befriend(MING)
    closed.whisper(HONG, "小红", "在吗")
    perform(closed, BOT, CHAT, text("你好", MING))
    perform(closed, BOT, CHAT, text("在的", HONG))


def test_actions_come_back_as_events() -> None:
    """Mute, kick and a new card are seen by the bot as the network reports them."""
    made = world("owner")
    perform(made, BOT, CHAT, Mute(member=MING, for_s=600))
    perform(made, BOT, CHAT, SetCard(member=HONG, card="红红"))
    perform(made, BOT, CHAT, Kick(member=ADA, is_banned=True))
    mute, card, left = made.drain()
    assert isinstance(mute, MemberMuted)
    assert (mute.member, mute.for_s, mute.by) == (MING, 600, BOT)
    assert isinstance(card, NameChanged)
    assert (card.old, card.new) == ("", "红红")
    assert isinstance(left, MemberLeft)
    assert left.was_kicked
    with pytest.raises(Impossible, match="may not come back"):
        made.join(CHAT, ADA, "版主")
    with pytest.raises(Impossible, match="muted"):
        made.say(CHAT, MING, "我说两句")


def test_acts_on_the_group_itself() -> None:
    """Somebody is brought in, the group renamed, a message passed on with its segments; the network reports what others see of
    it. A remark is seen by the account alone."""
    made = world(profile=WECHAT)
    made.found("sim:二群", "二群")
    said = made.say(CHAT, MING, "看 [图片]")
    made.drain()
    assert perform(made, BOT, CHAT, Invite(member="sim:小刚")).message_id == ""
    perform(made, BOT, CHAT, Rename(name="共读一群·三月"))
    passed_on = perform(made, BOT, CHAT, Forward(message_id=said.message_id, into="sim:二群"))
    perform(made, BOT, CHAT, SetRemark(member=MING, remark="组长"))
    joined, renamed = made.drain()
    assert isinstance(joined, MemberJoined)
    assert (joined.chat, joined.member, joined.by) == (CHAT, "sim:小刚", BOT)
    assert isinstance(renamed, GroupRenamed)
    assert (renamed.name, renamed.member) == ("共读一群·三月", BOT)
    copy = made.rooms["sim:二群"].messages[passed_on.message_id]
    assert (copy.member, copy.segments) == (BOT, said.segments)
    assert made.rooms[CHAT].people[MING].shown == "小明"


def test_a_message_that_was_taken_back_is_not_passed_on() -> None:
    """Nobody can forward what is gone, into a group that isn't there, or where the account may not speak."""
    made = world()
    made.found("sim:二群", "二群", bot_role="member")
    made.settle("sim:二群", CHEN, "老陈", role="owner")
    said, gone = made.say(CHAT, MING, "早"), made.say(CHAT, MING, "手滑")
    made.recall(CHAT, MING, gone.message_id)
    for message_id, into, why in (
        (gone.message_id, "sim:二群", "no such message"),
        ("m999", "sim:二群", "no such message"),
        (said.message_id, "sim:三群", "no such group"),
    ):
        with pytest.raises(SendRefused, match=why):
            perform(made, BOT, CHAT, Forward(message_id=message_id, into=into))
    made.mute("sim:二群", BOT, 600)
    with pytest.raises(SendRefused, match="muted"):
        perform(made, BOT, CHAT, Forward(message_id=said.message_id, into="sim:二群"))


def test_who_was_banned_is_not_brought_in() -> None:
    """Nor somebody who is there already."""
    made = world(profile=WECHAT)
    perform(made, BOT, CHAT, Kick(member=MING, is_banned=True))
    for uid, why in ((MING, "may not come back"), (HONG, "already")):
        with pytest.raises(SendRefused, match=why):
            perform(made, BOT, CHAT, Invite(member=uid))


def test_a_join_request_is_answered_once() -> None:
    """Approval lets the member in; a second answer is taken and does nothing, as on QQ."""
    made = world()
    made.ask_to_join(CHAT, "sim:小刚", "小刚", "答案:长安")
    (asked,) = made.drain()
    assert isinstance(asked, JoinRequested)
    perform(made, BOT, CHAT, Approve(flag=asked.flag, is_approved=True))
    perform(made, BOT, CHAT, Approve(flag=asked.flag, is_approved=False))
    (joined,) = made.drain()
    assert isinstance(joined, MemberJoined)
    assert (joined.member, joined.by, joined.how) == ("sim:小刚", BOT, "invited")


def test_only_an_admin_bot_hears_and_answers_requests() -> None:
    """Without the right the request goes by unheard, and an answer is refused."""
    made = world("member")
    request = made.ask_to_join(CHAT, "sim:小刚", "小刚")
    assert made.drain() == []
    with pytest.raises(SendRefused) as refused:
        perform(made, BOT, CHAT, Approve(flag=request.flag, is_approved=True))
    assert refused.value.capability == Capability.APPROVE


def test_the_bot_is_invited() -> None:
    """An accepted invitation makes the bot a member, and it hears of it."""
    made = world()
    made.invite_bot("sim:二群", MING, name="二群")
    (invited,) = made.drain()
    assert isinstance(invited, BotInvited)
    perform(made, BOT, "sim:二群", Approve(flag=invited.flag, is_approved=True))
    (joined,) = made.drain()
    assert (joined.chat, joined.member) == ("sim:二群", BOT)
    assert perform(made, BOT, "sim:二群", text("大家好")).message_id


def test_a_line_becomes_segments() -> None:
    """Mentions, pictures and files are segments; the bot's own mention is told apart."""
    made = world()
    made.say(CHAT, MING, "@群小助 @小红 看 [图片][文件 名单.xlsx] @路人")
    message, file = made.drain()
    assert isinstance(message, MessageReceived)
    assert message.is_to_bot
    assert message.mentions == (HONG,)
    assert message.text == "@小红 看  @路人"
    assert any(isinstance(part, Image) for part in message.segments)
    assert isinstance(file, FileUploaded)
    assert file.name == "名单.xlsx"
    made.say(CHAT, MING, "@全体成员 醒醒")
    made.say(CHAT, ADA, "@全体成员 醒醒")
    plain, real = made.drain()
    assert isinstance(plain, MessageReceived)
    assert isinstance(real, MessageReceived)
    assert (plain.mentions_all, real.mentions_all) == (False, True)


def test_what_people_cannot_do() -> None:
    """Members are held to the network's rules too."""
    made = world()
    said = made.say(CHAT, MING, "早")
    with pytest.raises(Impossible, match="no admin"):
        made.recall(CHAT, MING, said.message_id, by=HONG)
    made.set_clock(NOW + timedelta(minutes=3))
    with pytest.raises(Impossible, match="too late"):
        made.recall(CHAT, MING, said.message_id)
    made.recall(CHAT, MING, said.message_id, by=ADA)
    with pytest.raises(Impossible, match="already"):
        made.join(CHAT, HONG, "小红")
    with pytest.raises(Impossible, match="not in"):
        made.say(CHAT, "sim:谁", "在吗")


def test_ids_are_unique_and_repeatable() -> None:
    """Two worlds with the same history make the same ids, and no id twice."""

    def history() -> list[str]:
        made = world()
        for second in range(3):
            made.set_clock(NOW + timedelta(seconds=second))
            for _ in range(5):
                made.say(CHAT, MING, "早")
        return [event.id for event in made.drain()]

    ids = history()
    assert len(set(ids)) == 15
    assert ids == history()


class Simulated(Network):
    """The simulated world behind the contract; people act in it and the transport is told to look."""

    def __init__(self) -> None:
        self.world = world()
        self.account, self.chat, self.member = BOT, CHAT, MING
        self.transport: SimulatorTransport = SimulatorTransport(self.world)

    async def says(self, *texts: str) -> None:
        for words in texts:
            self.world.say(CHAT, MING, words)
        self.transport.deliver()

    async def joins(self) -> str:
        self.world.join(CHAT, "sim:小刚", "小刚")
        self.transport.deliver()
        return "sim:小刚"

    async def leaves(self, member: str) -> None:
        self.world.leave(CHAT, member)
        self.transport.deliver()

    async def gives_role(self, role: Role) -> None:
        self.world.set_role(CHAT, BOT, role)
        self.transport.deliver()

    def group_read(self) -> list[str]:
        kept = self.world.rooms[CHAT].messages.values()
        return [said.text for said in kept if said.member == BOT and not said.is_recalled]

    def member_read(self) -> list[str]:
        return [said.text for said in self.world.private.get(private_chat(MING), []) if said.member == BOT]

    def is_muted(self, member: str) -> bool:
        return self.world.rooms[CHAT].person(member).is_muted(self.world.now)

    def is_here(self, member: str) -> bool:
        return member in self.world.rooms[CHAT].people


class TestSimulator(TransportContract):
    """The simulator keeps the contract of every network."""

    @pytest.fixture
    async def network(self) -> Network:
        return Simulated()

    async def test_finds_its_own_message(self, network: Network, sink: RecordingSink) -> None:
        """The history tells what was sent and what was not."""
        message = Message(segments=(Text("收到"),))
        receipt = await network.transport.send(BOT, CHAT, message)
        assert await network.transport.find_sent(BOT, CHAT, message, NOW) == receipt
        assert await network.transport.find_sent(BOT, CHAT, text("没说过"), NOW) is None

    async def test_a_network_without_history_cannot_tell(self) -> None:
        """WeChat keeps none: nobody knows."""
        with pytest.raises(SendUnknown):
            await SimulatorTransport(world(profile=WECHAT)).find_sent(BOT, CHAT, text("收到"), NOW)

    async def test_the_clock_comes_from_outside(self) -> None:
        """With a clock the world is at its time whenever something is sent."""
        made = world()
        later = NOW + timedelta(hours=3)
        receipt = await SimulatorTransport(made, clock=lambda: later).send(BOT, CHAT, text("收到"))
        assert (made.now, receipt.at) == (later, later)

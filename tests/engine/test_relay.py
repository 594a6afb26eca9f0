"""Where the bot may not speak, operators say it: asked once for what gathered, closed by their receipt."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.effects import Announce, Kick, Literally, Note, Say
from bot.core.events import BotInvited, EffectSettled, Event, MessageReceived
from bot.core.play import CommandSpec, Context, NoState, Play, PlayParams, Step
from bot.core.segments import Text
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound, Settled
from bot.playbook.model import ActivePlay, GroupPlan, Header, RelayRule, plan_of
from bot.transports.base import Message
from storage.database import Database
from storage.invariants import violations

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
GROUP, BOT, OP = "wechat:1@chatroom", "wechat:wxid_bot", "wechat:wxid_op"
_TEMPLATES = Path(__file__).parents[2] / "templates"


def _step(state: NoState, event: Event, ctx: Context[Any]) -> Step[NoState]:
    if isinstance(event, EffectSettled):
        return Step(state, (Note(what="settled", key=event.id, data={"outcome": event.outcome}),))
    if not isinstance(event, MessageReceived) or ctx.command is None:
        return Step(state)
    match ctx.command.rest:
        case "踢":
            return Step(state, (Kick(member=event.member),))
        case "公告":
            return Step(state, (Announce(words=Literally("周六改期")),))
        case words:
            return Step(state, (Say(words=Literally(words), key="said"),))


ECHO: Play[Any, Any] = Play(
    kind="echo", version=1, title="回声", Params=PlayParams, State=NoState, start=lambda ctx: Step(NoState()), step=_step,
    listens=frozenset({EffectSettled}), commands=lambda params: (CommandSpec(name="说", rest="optional"),),
)  # fmt: skip


def plan_for(chat: str) -> GroupPlan | None:
    relay = RelayRule(gather=timedelta(minutes=1), within=timedelta(hours=6)) if chat == GROUP else None
    header = Header(playbook="营", operators=frozenset({OP}), relay=relay)
    return plan_of(chat, [ActivePlay(name="回声", play=ECHO, params=PlayParams(), version="1", header=header)])


def speaking(chat: str) -> GroupPlan | None:
    """The same playbook without `relay`."""
    header = Header(playbook="营", operators=frozenset({OP}))
    return plan_of(chat, [ActivePlay(name="回声", play=ECHO, params=PlayParams(), version="1", header=header)])


class Talk:
    """Messages in; what left for the network out, as `to: text`."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.connection = database.engine.connect()
        self.options, self.now, self.plan = options, NOW, plan_for
        self._count = 0
        self.begin()
        self.says(OP, "早", role="owner")

    def begin(self) -> None:
        """As a new process does."""
        self.kernel = Kernel(self.connection, plan_for=self.plan, renderer=Renderer(_TEMPLATES), **self.options)
        self.kernel.open(self.now)
        self.kernel.outbox.set_online(BOT, True)

    def says(
        self, who: str, words: str, *, private: bool = False, role: Any = "member", chat: str = GROUP
    ) -> list[str]:
        self._count += 1
        event = MessageReceived(
            id=f"m{self._count}", account=BOT, chat=f"wechat:@{who[7:]}" if private else chat, member=who, at=self.now,
            message_id=f"m{self._count}", text=words, segments=(Text(words),), name=who[7:], role=role, is_private=private,
        )  # fmt: skip
        return self.happens(event)

    def happens(self, *events: Event) -> list[str]:
        return self.deliver(self.kernel.cycle(self.now, [Inbound(event, self.now) for event in events]))

    def hands(self, who: str, words: str) -> list[Any]:
        """What a message hands to the network, which has not answered yet."""
        self._count += 1
        event = MessageReceived(
            id=f"m{self._count}", account=BOT, chat=GROUP, member=who, at=self.now, message_id=f"m{self._count}", text=words,
            segments=(Text(words),),
        )  # fmt: skip
        return self.kernel.cycle(self.now, [Inbound(event, self.now)])

    def passes(self, minutes: float) -> list[str]:
        """Until then, waking whenever the kernel asks for it."""
        end, said = self.now + timedelta(minutes=minutes), []
        while (wake := self.kernel.next_wake()) is not None and wake <= end:
            self.now = max(self.now, wake)
            said += self.deliver(self.kernel.cycle(self.now))
        self.now = end
        return said

    def turns(self, plan: Callable[[str], GroupPlan | None]) -> list[str]:
        """An operator saves the playbook with or without `relay`."""
        self.plan = plan
        return self.deliver(self.kernel.reload(plan, self.now))

    def deliver(self, sends: Any) -> list[str]:
        said = []
        while sends:
            for send in sends:
                out = send.outgoing
                words = (
                    "".join(p.text for p in out.segments if isinstance(p, Text))
                    if isinstance(out, Message)
                    else str(out)
                )
                said.append(f"{getattr(out, 'to', None) or send.chat}: {words}")
            sends = self.kernel.cycle(self.now, settled=[Settled(id=send.id, outcome="done") for send in sends])
        return said

    def all(self, query: str) -> list[Any]:
        with self.connection.begin():
            return [tuple(row) for row in self.connection.execute(text(query))]

    def is_sound(self) -> bool:
        with self.connection.begin():
            return violations(self.connection) == []


Start = Callable[..., Talk]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Begins a talk with these options of the kernel."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Talk:
            made = Talk(database, **options)
            stack.callback(made.connection.close)
            return made

        yield begin


@pytest.fixture
def talk(start: Start) -> Talk:
    return start()


def test_what_gathers_is_asked_for_once(talk: Talk) -> None:
    """Nothing reaches the group; after a minute the operator gets one request, then each text alone; 已发 closes it."""
    assert talk.says("wechat:a", "说 今晚八点开讲") == []
    assert talk.says("wechat:b", "说 带上笔") == []
    asked = talk.passes(1)
    assert asked == [
        f"{OP}: 📮 请代发到「{GROUP}」#1(2 条)\n发完回复「已发」或「#1 已发」,不发回「#1 不发」",
        f"{OP}: 今晚八点开讲",
        f"{OP}: 带上笔",
    ]
    assert talk.all("SELECT text FROM task") == [("1. 今晚八点开讲\n\n2. 带上笔",)]
    assert talk.says(OP, "已发", private=True) == [f"{OP}: #1 已按「已发」处理。"]
    assert talk.all("SELECT status FROM outbox WHERE effect_key <> ''") == [("done",), ("done",)]
    assert talk.all("SELECT data FROM note") == [('{"outcome":"done"}',)] * 2
    assert talk.says(OP, "已发", private=True) == []
    assert talk.is_sound()


def test_one_text_is_told_as_it_is(talk: Talk) -> None:
    """A single send needs no numbering; an announcement says what it is; five and more come in one list."""
    talk.says("wechat:a", "说 公告")
    assert talk.passes(1)[1:] == [f"{OP}: 【群公告 announcement】\n周六改期"]
    for n in range(6):
        talk.says("wechat:a", f"说 第{n}条")
    assert talk.passes(1)[1:] == [f"{OP}: " + "\n\n".join(f"{n + 1}. 第{n}条" for n in range(6))]


def test_acts_are_tried_by_the_account(talk: Talk) -> None:
    """A removal is nothing that is said: it goes to the network."""
    assert talk.says("wechat:a", "说 踢") == [f"{GROUP}: {Kick(member='wechat:a')}"]


def test_not_sent_is_a_failure_for_the_play(talk: Talk) -> None:
    """不发 stops the send; the play hears that it failed."""
    talk.says("wechat:a", "说 今晚八点开讲")
    talk.passes(1)
    talk.says(OP, "#1 不发", role="owner")
    assert talk.all("SELECT status, error FROM outbox WHERE effect_key <> ''") == [("stopped", "relay: stopped")]
    assert talk.all("SELECT data FROM note") == [('{"outcome":"failed"}',)]


def test_nobody_in_time(talk: Talk) -> None:
    """After `within` the request is closed; answering it later says so. A restart in between forgets neither."""
    talk.says("wechat:a", "说 今晚八点开讲")
    talk.begin()
    assert len(talk.passes(1)) == 2
    talk.begin()
    talk.passes(6 * 60)
    assert talk.all("SELECT status FROM outbox WHERE effect_key <> ''") == [("expired",)]
    assert talk.all("SELECT status FROM task") == [("expired",)]
    assert talk.says(OP, "#1 已发", private=True) == [f"{OP}: #1 已经处理过了。"]
    assert talk.kernel.next_wake() is None or talk.kernel.outbox.next_wake() is not None
    assert talk.is_sound()


def test_several_requests_need_the_number(talk: Talk) -> None:
    """已发 alone is answered with the numbers when two are open; members who say it are just talking."""
    talk.says("wechat:a", "说 一")
    talk.passes(1)
    talk.says("wechat:a", "说 二")
    talk.passes(1)
    assert talk.says(OP, "已发", private=True) == [f"{OP}: 还有 2 份等着代发,请带上编号:「#1 已发」「#2 已发」"]
    assert talk.says("wechat:a", "已发", private=True) == []
    talk.says(OP, "#2 已发", private=True)
    assert talk.says(OP, "发了", private=True) == [f"{OP}: #1 已按「已发」处理。"]


def test_the_command_line_answers_it_too(talk: Talk) -> None:
    """`qunops tasks decide 1 已发` goes the same way, and a send that expired can be asked for again."""
    talk.says("wechat:a", "说 一")
    talk.passes(1)
    talk.kernel.decide(1, "不发", "console:cli", talk.now)
    ((row_id,),) = talk.all("SELECT id FROM outbox WHERE effect_key <> ''")
    assert talk.kernel.resend(row_id, talk.now, "cli")
    assert talk.passes(1)[1:] == [f"{OP}: 一"]
    talk.kernel.decide(2, "已发", "console:cli", talk.now)
    assert talk.all("SELECT status FROM outbox WHERE effect_key <> ''") == [("done",)]


def test_other_groups_are_spoken_to(talk: Talk) -> None:
    """The rule is the group's: another group of the same account hears the bot itself, unless the account relays."""
    other = "wechat:2@chatroom"
    assert talk.says("wechat:a", "说 你好", chat=other) == [f"{other}: 你好"]
    talk.options["relays"] = lambda account: account == BOT
    talk.begin()
    assert talk.says("wechat:a", "说 你好", chat=other) == []
    assert talk.says(OP, "已发", private=True) == []


def test_what_waits_when_a_group_begins_to_relay_is_asked_for(talk: Talk) -> None:
    """Sends that were ready, and one that the network put off, become one request; nothing of it reaches the group. An answer
    in private and a removal still go out."""
    talk.turns(speaking)
    talk.kernel.outbox.set_online(BOT, False)
    for words in ("一", "二", "踢"):
        talk.says("wechat:a", f"说 {words}")
    talk.turns(plan_for)
    talk.kernel.outbox.set_online(BOT, True)
    assert talk.passes(0) == [f"{GROUP}: {Kick(member='wechat:a')}"]
    assert talk.passes(1)[1:] == [f"{OP}: 一", f"{OP}: 二"]
    talk.says(OP, "已发", private=True)
    assert talk.all("SELECT kind, status FROM outbox WHERE effect_key = 'said'") == [("message", "done")] * 2
    assert talk.is_sound()


def test_a_send_that_was_put_off_is_a_persons_too(talk: Talk) -> None:
    """It was with the network when the group began to relay, and has six hours from then on."""
    talk.turns(speaking)
    (send,) = talk.hands("wechat:a", "说 一")
    talk.turns(plan_for)
    put_off = Settled(id=send.id, outcome="deferred", retry_after_s=5)
    assert talk.kernel.cycle(talk.now, settled=[put_off]) == []
    assert talk.passes(2)[1:] == [f"{OP}: 一"]
    talk.passes(5 * 60 + 50)
    assert talk.all("SELECT status FROM task") == [("open",)]
    talk.passes(10)
    assert talk.all("SELECT status FROM task") == [("expired",)]


def test_what_nobody_was_asked_for_is_said_when_the_relay_ends(talk: Talk) -> None:
    """The account says at once what gathered; what operators were asked for stays with them, or it might be said twice."""
    talk.says("wechat:a", "说 一")
    assert talk.passes(1)[1:] == [f"{OP}: 一"]
    talk.says("wechat:a", "说 二")
    said = talk.turns(speaking) + talk.passes(0)
    assert said == [f"{GROUP}: 二"]
    assert talk.passes(3) == []
    talk.says(OP, "已发", private=True)
    assert talk.all("SELECT status FROM outbox WHERE effect_key = 'said'") == [("done",)] * 2
    assert talk.is_sound()


@pytest.mark.parametrize("seed", range(4))
def test_however_often_it_turns_nothing_is_lost_or_said_twice(talk: Talk, seed: int) -> None:
    """Saves, restarts, outages and members between each other: each text goes to the group or to a person, once."""
    order, said, count = random.Random(seed), list[str](), 0
    for _ in range(30):
        match order.randrange(6):
            case 0 | 1:
                count += 1
                said += talk.says("wechat:a", f"说 第{count}条")
            case 2:
                said += talk.turns(order.choice((speaking, plan_for)))
            case 3:
                talk.begin()
            case 4:
                talk.kernel.outbox.set_online(BOT, order.random() < 0.5)
            case _:
                said += talk.passes(order.choice((0.2, 1, 3)))
        assert talk.is_sound()
    talk.kernel.outbox.set_online(BOT, True)
    said += talk.passes(10)
    texts = [text for line in said for text in re.findall("第[0-9]+条", line.partition(": ")[2])]
    assert sorted(texts) == sorted(f"第{number}条" for number in range(1, count + 1))


INVITED = BotInvited(
    id="invite:i1", account=BOT, chat="wechat:@wxid_a", at=NOW, member="wechat:wxid_a", flag="invite:i1"
)


def test_an_invitation_is_a_question_to_the_operators(start: Start) -> None:
    """They are asked once, in private; 同意 accepts it; somebody else cannot."""
    talk = start(operators=frozenset({OP}))
    asked = talk.happens(INVITED)
    assert asked == [f"{OP}: 📌 {BOT} #1\nwechat:wxid_a 邀请机器人({BOT})进一个群\n回复「#1 同意」或「#1 忽略」"]
    assert talk.happens(INVITED) == []
    assert talk.says("wechat:wxid_b", "#1 同意", private=True) == []
    said = talk.says(OP, "#1 同意", private=True)
    assert any("flag='invite:i1', is_approved=True" in line for line in said)
    assert talk.all("SELECT status, choice, decided_by FROM task") == [("done", "同意", OP)]


@pytest.mark.parametrize(("policy", "sends"), [("accept", 1), ("ignore", 0)])
def test_the_settings_may_decide_invitations(start: Start, policy: str, sends: int) -> None:
    """Accepted at once, or left alone; nobody is asked."""
    talk = start(invitations=policy)
    assert len(talk.happens(INVITED)) == sends
    assert talk.all("SELECT count(*) FROM task") == [(0,)]


def test_an_ignored_invitation_needs_no_answer(start: Start) -> None:
    """忽略 closes the question and sends nothing but the confirmation."""
    talk = start(operators=frozenset({OP}))
    talk.happens(INVITED)
    assert talk.says(OP, "#1 忽略", private=True) == [f"{OP}: #1 已按「忽略」处理。"]

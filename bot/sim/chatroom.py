"""A chat that one person plays alone: be any member, see the bot answer, let time pass.

`enter` takes a typed line and gives back what is to be shown; where the line comes from and where the answer goes is the
command line's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from unicodedata import east_asian_width

from sqlalchemy import select

from bot.core.errors import OperatorMistake
from bot.core.units import parse_duration
from bot.sim import deeds as d
from bot.sim import moments
from bot.sim.report import play_name
from bot.sim.script import parse_line
from bot.sim.simulation import Simulation
from storage import tables as t

_WEEKDAY = "一二三四五六日"


class Goodbye(Exception):
    """`/quit`."""


@dataclass(frozen=True, slots=True)
class _Verb:
    """A slash command. `takes`: what its argument is, for completion and help."""

    name: str
    aliases: tuple[str, ...]
    takes: str
    help: str
    run: Callable[[ChatRoom, str], Iterable[str]]


class ChatRoom:
    """`me` is whom the next line is said by."""

    def __init__(self, simulation: Simulation, *, echoes: bool = True) -> None:
        self.simulation = simulation
        self.me = next(iter(self.names()), "")
        self._echoes = echoes
        """Whether the person's own lines are shown again: not on a terminal, where they were typed."""
        self._shown = len(simulation.transcript.entries)
        self._failed = 0
        """The last buried event that was told."""

    def names(self) -> list[str]:
        return [person.shown for person in self.simulation.people.room.people.values() if not person.is_bot]

    @property
    def clock(self) -> str:
        now = self.simulation.now
        return f"{now.month}月{now.day}日 周{_WEEKDAY[now.weekday()]} {now:%H:%M}"

    def enter(self, line: str) -> list[str]:
        """What the line brings about, ready to be shown. Raises `Goodbye`."""
        text = line.strip()
        if not text:
            return []
        try:
            return [*self._do(text), *self.news()]
        except OperatorMistake as mistake:
            hint = [f"  → {mistake.hint}"] if mistake.hint else []
            return [*self.news(), f"! {mistake.message}", *hint]
        except ValueError as error:
            return [*self.news(), f"! {error}"]

    def news(self) -> list[str]:
        """What has been seen since the last call."""
        transcript = self.simulation.transcript
        fresh = transcript.entries[self._shown :]
        self._shown = len(transcript.entries)
        mine = (f"{self.me}: ", f"{self.me}(")
        lines = [
            transcript.line(entry)
            for entry in fresh
            if self._echoes or entry.who != "member" or not entry.line.startswith(mine)
        ]
        return [*lines, *self._new_failures()]

    def _new_failures(self) -> Iterator[str]:
        """A play that fails is silent in the group; here it is said."""
        dead, connection = t.dead_event.c, self.simulation.house.connection
        with connection.begin():
            rows = connection.execute(select(dead.id, dead.ref, dead.error).where(dead.id > self._failed)).all()
        for row in rows:
            self._failed = max(self._failed, row.id)
            yield f"! 出错: {play_name(row.ref)}: {row.error}"

    def tick(self, now: datetime) -> list[str]:
        """Lets the time come to `now`."""
        if now > self.simulation.now:
            self.simulation.until(now)
        return self.news()

    # -- what a line means -----------------------------------------------------------------------------------------------

    def _do(self, text: str) -> Iterable[str]:
        if text.startswith(("/", "／")) and len(text) > 1:
            word, _, rest = text[1:].partition(" ")
            verb = _BY_NAME.get(word.lower())
            if verb is None:
                raise OperatorMistake(f"没有命令 /{word}", code="chat-command", hint="输入 /help 看有哪些")
            return list(verb.run(self, rest.strip()))
        name, colon, words = text.replace("：", ":", 1).partition(":")
        if colon and name.strip() in self.names():
            self.do(d.Says(name.strip(), words.strip()))
        else:
            self.do(d.Says(self.me, text))
        return ()

    def do(self, deed: d.Deed) -> None:
        """`deed` now, and all that follows from it at once."""
        self.simulation.do(deed)
        self.simulation.settle()

    def play(self, line: str) -> Iterator[str]:
        """A line of a script, with its time."""
        self.simulation.play_line(parse_line(line))
        self.simulation.settle()
        yield from ()

    # -- slash commands --------------------------------------------------------------------------------------------------

    def be(self, name: str) -> Iterator[str]:
        if name not in self.names():
            raise OperatorMistake(
                f"群里没有「{name}」", code="chat-member", hint=f"/join {name} 让 TA 进群;/members 看名单"
            )
        self.me = name
        yield f"现在你是 {name}"

    def join(self, names: str) -> Iterator[str]:
        if not names:
            raise OperatorMistake("谁进群?", code="chat-argument", hint="/join 小红")
        self.do(d.Joins(tuple(names.replace("、", " ").replace(",", " ").split())))
        self.me = self.me or names.split()[0]
        yield from ()

    def leave(self, name: str) -> Iterator[str]:
        self.do(d.Leaves(name or self.me))
        if self.me not in self.names():
            self.me = next(iter(self.names()), "")
            yield f"现在你是 {self.me}"

    def image(self, text: str) -> Iterator[str]:
        self.do(d.Says(self.me, f"{text} [图片]".strip()))
        yield from ()

    def private(self, text: str) -> Iterator[str]:
        self.do(d.Says(self.me, text, is_private=True))
        yield from ()

    def reply(self, rest: str) -> Iterator[str]:
        name, _, text = rest.partition(" ")
        self.do(d.Says(self.me, text.strip(), reply_to=name))
        yield from ()

    def recall(self, text: str) -> Iterator[str]:
        self.do(d.Recalls(self.me, self.me, text))
        yield from ()

    def pass_time(self, span: str) -> Iterator[str]:
        try:
            parse_duration(span or "1h")
        except ValueError:
            raise OperatorMistake(
                f"看不懂「{span}」：数字加单位，例如 30s、10m、2h、7d · not a duration", code="chat-duration"
            ) from None
        yield from self.play(f"过 {span or '1h'}")
        yield from self.news()
        yield f"── {self.clock} ──"

    def until(self, moment: str) -> Iterator[str]:
        try:
            when = moments.parse(moment).resolve(self.simulation.now, self.simulation.start)
        except ValueError:
            raise OperatorMistake(
                f"看不懂「{moment}」：例如 21:00、周一 07:31、第3天 21:00 · not a moment", code="chat-moment"
            ) from None
        self.simulation.until(when)
        self.simulation.settle()
        yield from self.news()
        yield f"── {self.clock} ──"

    def members(self, _: str) -> Iterator[str]:
        roles = {"owner": "群主", "admin": "管理员", "member": ""}
        for person in self.simulation.people.room.people.values():
            marks = [mark for mark in (roles[person.role], "机器人" if person.is_bot else "") if mark]
            if person.is_muted(self.simulation.world.now):
                marks.append("禁言中")
            mine = "→" if person.shown == self.me else " "
            yield f"{mine} {person.shown}" + (f" ({'、'.join(marks)})" if marks else "")

    def admin(self, rest: str) -> Iterator[str]:
        word, _, name = rest.partition(" ")
        if word not in ("on", "off", "开", "关"):
            raise OperatorMistake("写 on 或 off", code="chat-argument", hint="/admin off;/admin on 小明")
        who = name.strip() or self.simulation.people.bot_name
        self.do(d.Promotes(who, "admin" if word in ("on", "开") else "member"))
        yield from ()

    def questions(self, _: str) -> Iterator[str]:
        """What waits for an operator."""
        connection = self.simulation.house.connection
        with connection.begin():
            rows = connection.execute(
                select(t.task.c.key, t.task.c.text, t.task.c.choices).where(t.task.c.status == "open")
            ).all()
        yield from (f"{key}: {text} {choices}" for key, text, choices in rows)
        if not rows:
            yield "没有等着运营决定的事"

    def script(self, line: str) -> Iterator[str]:
        yield from self.play(line)

    def help(self, _: str) -> Iterator[str]:
        yield "直接打字就是以当前成员说话;「小红: 打卡」是以小红说话;@名字、[图片]、[文件 a.pdf] 都认。"
        for verb in _VERBS:
            aliases = " ".join(f"/{alias}" for alias in verb.aliases)
            yield f"  /{_padded(f'{verb.name} {verb.takes}'.strip(), 20)} {_padded(verb.help, 28)} {aliases}"
        yield "Type to speak as the current member; /as NAME changes who you are, /pass 2h lets time pass, /quit ends."

    def quit(self, _: str) -> Iterator[str]:
        raise Goodbye

    # -- completion ------------------------------------------------------------------------------------------------------

    def completions(self, text: str) -> list[tuple[str, str, int]]:
        """(what, its meaning, how many typed characters it replaces) for the text before the cursor."""
        if text.startswith("/"):
            word, space, rest = text[1:].partition(" ")
            if not space:
                return [
                    (f"/{name}", verb.help, len(text))
                    for verb in _VERBS
                    for name in (verb.name, *verb.aliases)
                    if name.startswith(word)
                ]
            verb_of = _BY_NAME.get(word)
            if verb_of is not None and "名字" in verb_of.takes:
                last = rest.rsplit(" ", 1)[-1]
                return [(name, "", len(last)) for name in self.names() if name.startswith(last)]
            return []
        at = text.rfind("@")
        if at >= 0 and " " not in text[at:]:
            typed = text[at + 1 :]
            people = [*self.names(), self.simulation.people.bot_name]
            return [(name + " ", "", len(typed)) for name in people if name.startswith(typed)]
        commands = self._commands()
        return [(word, help_, len(text)) for word, help_ in commands if text and word.startswith(text)]

    def _commands(self) -> list[tuple[str, str]]:
        """The words that this group's plays answer to."""
        plan = self.simulation.plan
        if plan is None:
            return []
        return [(word, spec.help) for _, spec in plan.handbook for word in (spec.name, *spec.aliases)]


_VERBS = (
    _Verb("as", ("我是",), "名字", "换成另一个成员说话", ChatRoom.be),
    _Verb("join", ("进群",), "名字", "让人进群,可以几个", ChatRoom.join),
    _Verb("leave", ("退群",), "[名字]", "退群", ChatRoom.leave),
    _Verb("image", ("图片",), "[文字]", "发图片", ChatRoom.image),
    _Verb("private", ("私聊",), "文字", "私聊机器人", ChatRoom.private),
    _Verb("reply", ("回复",), "名字 文字", "引用某人的上一条", ChatRoom.reply),
    _Verb("recall", ("撤回",), "[文字]", "撤回自己的上一条", ChatRoom.recall),
    _Verb("pass", ("过",), "2h", "让时间过去", ChatRoom.pass_time),
    _Verb("until", ("到",), "21:00", "让时间走到", ChatRoom.until),
    _Verb("members", ("成员",), "", "看群成员", ChatRoom.members),
    _Verb("admin", ("管理员",), "on|off [名字]", "给或收管理员,默认是机器人", ChatRoom.admin),
    _Verb("questions", ("待办",), "", "等运营决定的事", ChatRoom.questions),
    _Verb("do", ("做",), "一行剧本", "例如 /do 老陈 踢出 小刚", ChatRoom.script),
    _Verb("help", ("帮助", "?"), "", "这份说明", ChatRoom.help),
    _Verb("quit", ("退出", "exit", "q"), "", "结束", ChatRoom.quit),
)
_BY_NAME = {name: verb for verb in _VERBS for name in (verb.name, *verb.aliases)}


def _padded(text: str, width: int) -> str:
    """`text` filled up to `width` columns of a terminal, where a Chinese character takes two."""
    taken = sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
    return text + " " * max(0, width - taken)


def live(start: datetime, began_s: float, now_s: float) -> datetime:
    """The virtual time of a chat that runs at the pace of the real clock."""
    return start + timedelta(seconds=now_s - began_s)

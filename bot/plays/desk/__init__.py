"""desk 前台: what works here, my points, the rankings; and for operators what `room` does with the group itself.

It answers and keeps nothing but who does not want to be ranked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from bot.core.effects import Drawing, Say, Template
from bot.core.events import EffectSettled, Event, MessageReceived
from bot.core.play import (
    Capability,
    CommandSpec,
    Context,
    Frozen,
    Needs,
    NoState,
    Play,
    PlayParams,
    Score,
    Step,
    Window,
)
from bot.core.scoring import TITLES
from bot.core.text import CommandTable, fold, parse_command
from bot.plays.desk import room

HELP, POINTS, RANKING, MINE, STATUS = "帮助", "积分", "排行", "我的", "状态"
HIDE, SHOW = "退出排行", "加入排行"
WHY = "为什么"
_DAYS_AGO = {"今天": 0, "昨天": 1, "前天": 2, "大前天": 3}
_RELATED_S = 600
_LINES = 20
"""So many lines of a day are told one by one; what is behind them is summed up."""
_FEW = 8
"""Up to this many commands are explained one by one; more are listed by play."""
_WINDOWS: Sequence[tuple[Window, Sequence[str]]] = (
    ("day", ("日", "今天")),
    ("month", ("月",)),
    ("all", ("总", "全部", "历史")),
    ("week", ("周", "星期")),
)
_OWN_WINDOW: Window = "week"
_OF_ROOM = frozenset(spec.name for spec in room.SPECS)
Board = Literal["points", "activity"]


class Params(PlayParams):
    boards: tuple[Board, ...] = Field(
        ("points", "activity"),
        min_length=1,
        description="有哪些榜:points 积分、activity 活跃 · Which rankings there are",
    )
    window: Window = Field(
        "week", description="「排行」默认看多久:day week month all · Window of 排行 without more words"
    )
    top: int = Field(10, ge=1, le=50, description="榜上列几位 · Rows of a ranking")
    opt_out: bool = Field(True, description="成员能否退出排行 · Whether members may leave the rankings")
    picture: bool = Field(
        False,
        description="「排行」发成海报图片,发不了图就发文字 · 排行 as a poster, in words where no picture can be sent",
    )
    room: bool = Field(
        True,
        description="运营能否在群里用「群公告」「改群名」等指令 · Whether operators may act on the group from the chat",
    )


class Slot(Frozen):
    """Kept only for members who do not want to be ranked."""

    is_hidden: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message asks for: the command, and for 排行 the board and the window."""

    name: str
    rest: str
    board: Board
    window: Window


def commands(params: Params) -> Sequence[CommandSpec]:
    ranking = tuple(f"{span}{RANKING}" for span in ("今日", "本周", "本月", "日", "周", "月", "总", "积分", "活跃"))
    boards = ("日榜", "周榜", "月榜", "总榜", "积分榜", "活跃榜")
    specs = [
        CommandSpec(name=HELP, rest="optional", help="看看这里能做什么"),
        CommandSpec(name=POINTS, aliases=("我的积分", "查积分"), help="自己的积分和名次"),
        CommandSpec(
            name=RANKING, aliases=(*ranking, *boards), rest="optional", help="排行 日/周/月,加「活跃」看活跃榜"
        ),
        CommandSpec(name=MINE, help="自己的积分、名次和活跃度"),
        CommandSpec(
            name=WHY,
            aliases=("为什么是这个分", "我的活跃", "活跃明细"),
            rest="optional",
            help="活跃分一笔一笔怎么来的,如 为什么 昨天",
        ),
        CommandSpec(name=STATUS, for_operators=True, help="这个群里在跑什么"),
    ]
    if params.room:
        specs += room.SPECS
    if params.opt_out:
        specs.append(CommandSpec(name=HIDE, help="名字不再上榜"))
        specs.append(CommandSpec(name=SHOW, help="名字回到榜上"))
    return specs


def asked(params: Params, text: str) -> Asked | None:
    """What `text` asks of this play; None when it is no command of it."""
    found = parse_command(text, CommandTable.build([("desk", commands(params))]))
    if found is None:
        return None
    words = fold(text[:40])
    board: Board = params.boards[0]
    for name, marks in (("activity", ("活跃", "发言")), ("points", ("积分", "分数"))):
        if name in params.boards and any(mark in words for mark in marks):
            board = name
    window = next((window for window, marks in _WINDOWS if any(mark in words for mark in marks)), params.window)
    return Asked(found[1].name, found[1].rest, board, window)


def needs(params: Params, event: Event) -> Needs:
    if not isinstance(event, MessageReceived) or (question := asked(params, event.text)) is None:
        return Needs()
    uid = event.member
    match question.name:
        case name if name == POINTS:
            return Needs(slots=(uid,), balances=(uid,), scores=(("points", "all"),))
        case name if name == MINE:
            scores: tuple[tuple[str, Window], ...] = (
                ("points", "all"),
                *((b, _OWN_WINDOW) for b in ("points", "activity")),
            )
            return Needs(slots=(uid,), balances=(uid,), scores=scores)
        case name if name == WHY:
            return Needs(explain_days_ago=_days_ago(question.rest), recent_s=_RELATED_S)
        case name if name == RANKING:
            return Needs(slots="all", scores=((question.board, question.window),))
        case _:
            return Needs(slots=(uid,) if uid else ())


def start(ctx: Context[Params]) -> Step[NoState]:
    return Step(NoState())


def step(state: NoState, event: Event, ctx: Context[Params]) -> Step[NoState]:
    if isinstance(event, EffectSettled):
        told = room.settled(event)
        return Step(state, (told,) if told is not None else ())
    if not isinstance(event, MessageReceived) or ctx.command is None or not event.member:
        return Step(state)
    question = asked(ctx.params, event.text)
    name = ctx.command.name
    if name == HELP:
        return _say(state, event, "help", _help(ctx, ctx.command.rest))
    if name == POINTS:
        return _say(state, event, "points", _own(event, ctx, ("points",)))
    if name == MINE:
        return _say(state, event, "mine", _own(event, ctx, ("points", "activity")))
    if name == WHY:
        if ctx.explanation is None or not _is_asked(event, ctx):
            return Step(state, why={"asked": False})
        return _say(state, event, "why", _why(event, ctx))
    if name == RANKING:
        board, window = (question.board, question.window) if question else (ctx.params.boards[0], ctx.params.window)
        drawing = _poster(event, ctx, board, window) if ctx.params.picture else None
        return _say(state, event, "ranking", _ranking(event, ctx, board, window), drawing=drawing)
    if name == STATUS:
        if ctx.member is None or not ctx.member.is_operator:
            return Step(state, why={"operator": False})
        return _say(state, event, "status", _status(ctx))
    if name in _OF_ROOM:
        if ctx.member is None or not ctx.member.is_operator:
            return Step(state, why={"operator": False})
        return Step(state, (room.act(event, ctx, name, ctx.command.rest),), why={"command": name})
    if name in (HIDE, SHOW) and ctx.params.opt_out:
        was_hidden = event.member in ctx.slots
        slots: dict[str, Slot | None] = {event.member: Slot()} if name == HIDE else {}
        if name == SHOW and was_hidden:
            slots = {event.member: None}
        data = {"is_hidden": name == HIDE, "was_hidden": was_hidden, "show": SHOW}
        return _say(state, event, "hidden", data, slots)
    return Step(state)


def _help(ctx: Context[Params], topic: str) -> dict[str, Any]:
    """Rows by play, in the order of the playbook; only what this member may use, each word once."""
    is_operator = ctx.member is not None and ctx.member.is_operator
    by_play: dict[str, list[CommandSpec]] = {}
    seen: set[str] = set()
    for play, spec in ctx.handbook:
        if spec.name in seen or (spec.for_operators and not is_operator):
            continue
        seen.add(spec.name)
        by_play.setdefault(play, []).append(spec)
    wanted = fold(topic)
    if wanted:
        by_play = {
            play: found
            for play, specs in by_play.items()
            if (found := specs if wanted in fold(play) else [spec for spec in specs if wanted in fold(spec.name)])
        }
    count = sum(len(specs) for specs in by_play.values())
    rows = [
        {
            "play": play,
            "commands": [{"name": spec.name, "help": spec.help, "op": spec.for_operators} for spec in specs],
        }
        for play, specs in by_play.items()
    ]
    return {
        "rows": rows,
        "is_detailed": bool(wanted) or count <= _FEW,
        "topic": topic[:20],
        "help": HELP,
        "example": rows[0]["play"] if rows else "",
    }


def _own(event: MessageReceived, ctx: Context[Params], boards: Sequence[str]) -> dict[str, Any]:
    uid = event.member
    everyone = ctx.scores.get(("points", "all"), ())
    week = ctx.scores.get(("points", _OWN_WINDOW), ())
    active = ctx.scores.get(("activity", _OWN_WINDOW), ())
    data: dict[str, Any] = {
        "name": " ".join((event.name or (ctx.member.name if ctx.member else "")).split())[:20],
        "points": ctx.balances.get(uid, 0),
        **_standing(everyone, uid),
        "is_hidden": uid in ctx.slots,
        "ranking": RANKING,
    }
    if "activity" in boards:
        place = _standing(active, uid)
        data |= {"week_points": _total(week, uid), "activity": _total(active, uid), "activity_rank": place["rank"]}
        data["level"] = _level(place["rank"], place["ranked"])
    return data


def _days_ago(rest: str) -> int | None:
    """How many days ago the day is that `rest` names; None: it is chat (为什么今天不下雨)."""
    word = fold(rest)
    return 0 if not word else _DAYS_AGO.get(word)


def _is_asked(event: MessageReceived, ctx: Context[Params]) -> bool:
    """「为什么」 alone is what people say to each other all day: it is a question to the bot when it is said to the bot, or
    soon after the member has asked for points or a ranking."""
    if event.is_private or event.is_to_bot or not _is_bare(event.text):
        return True
    mine = (before.text for before in ctx.recent if before.member == event.member)
    return any(not _is_bare(text) and asked(ctx.params, text) for text in mine)


def _is_bare(text: str) -> bool:
    return fold(text).strip("/ ") == WHY


def _why(event: MessageReceived, ctx: Context[Params]) -> dict[str, Any]:
    told = ctx.explanation
    assert told is not None
    lines = [
        {
            "at": f"{ctx.local(line.event.at):%H:%M}",
            "text": line.event.text,
            "by": line.event.by,
            "points": _mp(line.mp),
            "is_gain": line.mp >= 0,
            "parts": [{"part": TITLES.get(part, part), "points": _mp(mp)} for part, mp in line.parts.items()],
            "capped": [TITLES.get(part, part) for part in line.capped],
            "why_not": line.event.why_not,
        }
        for line in told.lines
    ]
    today = ctx.day(ctx.now)
    return {
        "name": " ".join((event.name or (ctx.member.name if ctx.member else "")).split())[:20],
        "total": _mp(told.mp),
        "days": [
            {"weekday": day.weekday(), "points": _mp(mp), "is_today": day == today} for day, mp in told.days.items()
        ],
        "month": told.day.month,
        "day": told.day.day,
        "sum": _mp(sum(line.mp for line in told.lines)),
        "lines": lines[:_LINES],
        "more": len(lines) - _LINES,
        "rest": _mp(sum(line.mp for line in told.lines[_LINES:])),
    }


def _mp(mp: int) -> str:
    """Thousandths as points, without superfluous zeros: 1250 → 1.25."""
    return f"{mp / 1000:.3f}".rstrip("0").rstrip(".")


def _ranking(event: MessageReceived, ctx: Context[Params], board: Board, window: Window) -> dict[str, Any]:
    everyone = ctx.scores.get((board, window), ())
    shown = [row for row in everyone if row.member not in ctx.slots]
    places = _places(shown)
    own = next((n for n, row in enumerate(shown) if row.member == event.member), None)
    rows = [
        {"place": places[n], "name": " ".join(row.name.split())[:16], "total": _number(row.total)}
        for n, row in enumerate(shown[: ctx.params.top])
    ]
    is_listed = own is not None and own < ctx.params.top
    return {
        "board": board,
        "window": window,
        "rows": rows,
        "own_place": places[own] if own is not None and not is_listed else 0,
        "own_total": _number(shown[own].total) if own is not None else "0",
        "is_hidden": event.member in ctx.slots,
        "is_unranked": own is None and event.member not in ctx.slots,
        "show": SHOW,
    }


def _poster(event: MessageReceived, ctx: Context[Params], board: Board, window: Window) -> Drawing:
    shown = [row for row in ctx.scores.get((board, window), ()) if row.member not in ctx.slots]
    places, today = _places(shown), ctx.day(ctx.now)
    own = next((n for n, row in enumerate(shown) if row.member == event.member), None)
    top = min(ctx.params.top, 10)
    rows = [
        {"place": place, "name": row.name[:60], "total": round(row.total, 1)}
        for place, row in zip(places, shown, strict=True)
    ]
    first = {"day": today, "week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}.get(window)
    data = {
        "board": board, "window": window, "unit": board, "group": ctx.title or ctx.chat_name,
        "first": first.isoformat() if first else None, "last": today.isoformat(), "rows": rows[:top],
        "own": rows[own] if own is not None and own >= top else None,
        "own_place": places[own] if own is not None and own < top else 0, "ranked": len(shown),
    }  # fmt: skip
    return Drawing("leaderboard", data)


def _status(ctx: Context[Params]) -> dict[str, Any]:
    by_play: dict[str, int] = {}
    for play, _ in ctx.handbook:
        by_play[play] = by_play.get(play, 0) + 1
    quiet = f"{ctx.quiet_from:%H:%M}-{ctx.quiet_to:%H:%M}" if ctx.quiet_from and ctx.quiet_to else ""
    return {
        "playbook": ctx.playbook,
        "plays": [{"name": play, "commands": count} for play, count in by_play.items()],
        "quiet": quiet,
        "zone": str(ctx.zone),
        "clock": f"{ctx.local(ctx.now):%m-%d %H:%M}",
        "missing": [str(each) for each in Capability if each not in ctx.caps],
    }


def _standing(scores: Sequence[Score], uid: str) -> dict[str, int]:
    """`rank` 0: not ranked. `ahead`: how much more the next better one has."""
    places = _places(scores)
    for n, row in enumerate(scores):
        if row.member == uid:
            better = [other.total for other in scores[:n] if other.total > row.total]
            return {"rank": places[n], "ranked": len(scores), "ahead": round(better[-1] - row.total) if better else 0}
    return {"rank": 0, "ranked": len(scores), "ahead": 0}


def _places(scores: Sequence[Score]) -> list[int]:
    """Places as people count them: equals share one, the next is as many further."""
    places: list[int] = []
    for n, row in enumerate(scores):
        places.append(places[-1] if n and row.total == scores[n - 1].total else n + 1)
    return places


def _level(rank: int, ranked: int) -> str:
    if rank == 0:
        return "silent"
    return "core" if rank <= max(1, ranked // 10) else "active" if rank <= max(1, ranked * 4 // 10) else "seen"


def _total(scores: Sequence[Score], uid: str) -> str:
    return _number(next((row.total for row in scores if row.member == uid), 0))


def _number(value: float) -> str:
    return f"{round(value, 1):g}" if abs(value) < 1e6 else f"{value:.0f}"


def _say(
    state: NoState,
    event: MessageReceived,
    template: str,
    data: dict[str, Any],
    slots: dict[str, Slot | None] | None = None,
    drawing: Drawing | None = None,
) -> Step[NoState]:
    to = event.member if event.is_private else None
    reply_to = None if event.is_private else event.message_id
    say = Say(words=Template(f"desk/{template}", data), to=to, reply_to=reply_to, drawing=drawing)
    return Step(state, (say,), slots or {})


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    return {"picture": Capability.PICTURE} if params.picture else {}


PLAY = Play(
    kind="desk",
    version=1,
    title="前台",
    Params=Params,
    State=NoState,
    Slot=Slot,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, EffectSettled}),
    commands=commands,
    needs=needs,
    wants_capabilities=wants_capabilities,
)

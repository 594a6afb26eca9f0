"""`qunops calendar`: what goes out when, and moving, pausing, sending, stopping it; by the running bot."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

import typer

from bot.cli import NO, UNUSABLE, USAGE
from bot.cli.control import ask_running
from bot.cli.database import spoken
from bot.cli.tables import console, plain, table
from bot.config import load_settings
from bot.console.words import Words
from bot.engine import templates

Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
Playbook = Annotated[str, typer.Argument(help="剧本，如 content-matrix · the playbook")]
Play = Annotated[str, typer.Argument(help="剧本里的玩法，如 内容矩阵 · the play in it")]
Post = Annotated[str, typer.Argument(help="哪一篇 · the name of the post")]
Some = Annotated[str, typer.Argument(help="哪一篇，不写是全部 · the name of the post, else everything")]
On = Annotated[
    datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="它现在在哪天，如 2026-03-06 · the day that it is on now")
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", "-g", help="只在这些群，不写是全部 · only in these groups")
]
Key = Annotated[str, typer.Option(help="给脚本用：同一个编号只算一次 · for scripts: the same key counts once")]


def register(app: typer.Typer) -> None:
    calendar = typer.Typer(help="日历：按时间发什么，移动、暂停、马上发 · what goes out when", no_args_is_help=True)
    calendar.command("show")(show)
    calendar.command("look")(look)
    calendar.command("move")(move)
    calendar.command("pause")(pause)
    calendar.command("resume")(resume)
    calendar.command("stop")(stop)
    calendar.command("send")(send)
    calendar.command("recall")(recall)
    app.add_typer(calendar, name="calendar")


def show(
    week: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="这一周里的任意一天，默认本周 · any day of the week")
    ] = None,
    playbook: Annotated[str, typer.Option(help="只看这份剧本 · only this playbook")] = "",
    group: Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")] = "",
    within: Annotated[
        int, typer.Option(min=1, max=240, help="相隔不到几分钟算撞车 · minutes between two that clash")
    ] = 30,
    format: Format = "text",
) -> None:
    """这一周发什么、发过的怎么样了、要看一看的、要多少条 · a week, its clashes, gaps and cost.

    退出码 exit code: 0，3 机器人没有运行。
    """
    asked = {"week": f"{week:%Y-%m-%d}" if week else "", "playbook": playbook, "group": group, "within": within}
    found = _ask("show", asked)
    if format == "json":
        _print_json(found)
        return
    rows = table("日子 day", "时间", "时段 slot", "内容 what", "群 groups", "条 messages", "结果 outcome", right=(4, 5))
    for each in (each for day in found["days"] for cell in day["cells"] for each in cell):
        fates = " ".join(f"{_word('fate_' + count['fate'])} {count['groups']}" for count in each["fates"])
        marks = "".join(f" ⚠{_word('mark_' + fault)}" for fault in each["faults"])
        title = f"{_word('what_' + each['what'])} · {each['title']}" if each["what"] else each["title"]
        rows.add_row(
            each["day"], each["clock"], plain(each["slot"]) or "–", plain(title), str(each["groups"]),
            "?" if each["messages"] is None else str(each["messages"]), plain(fates + marks),
        )  # fmt: skip
    console().print(rows)
    for each in found["notices"]:
        told = {key: each[key] for key in ("first", "second", "n", "minutes", "slot", "play")}
        typer.echo(f"⚠ {each['day'] or ''} {each['clock']} {_word('tell_' + each['fault'], **told)}".replace("  ", " "))
    for each in found["costs"]:
        left = "" if each["left"] is None else f"，今天还剩 {each['left']} / {each['quota']}"
        over = "，额度不够 · over quota" if each["is_over"] else ""
        typer.echo(f"{each['account']}：还要发 {sum(each['days'])} 条 · messages to send{left}{over}")


def look(
    playbook: Playbook, play: Play, post: Post, on: On,
    group: Annotated[str, typer.Option(help="预览成这个群看到的 · preview as this group sees it")] = "",
    format: Format = "text",
) -> None:  # fmt: skip
    """一篇的预览和各群的结果 · the words of a post, and what became of it in each group.

    退出码 exit code: 0，1 那天没有它，3 机器人没有运行。
    """
    asked = {"playbook": playbook, "play": play, "name": post, "on": f"{on:%Y-%m-%d}", "group": group}
    found = _ask("look", asked)
    if format == "json":
        _print_json(found)
        return
    for text in found["texts"]:
        typer.echo(f"── {_plain(text['group_name'])} {_plain(text['variant'])}".rstrip())
        for line in text["messages"] or [text["problem"]]:
            typer.echo(_plain(line))
    rows = table("群 group", "结果 outcome", "人数 members", "一小时内说话 spoke", right=(2, 3))
    for each in found["reached"]:
        why = f"（{_plain(each['why'])}）" if each["why"] else ""
        replies = "–" if each["replies"] is None else str(each["replies"])
        rows.add_row(
            plain(each["group_name"]), plain(_word(f"fate_{each['fate']}") + why), str(each["members"]), replies
        )
    console().print(rows)


def move(
    playbook: Playbook, play: Play, post: Post, on: On,
    to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="移到哪天，不写是同一天 · to which day")
    ] = None,
    slot: Annotated[str, typer.Option(help="移到哪个时段 · to which slot")] = "",
    clock: Annotated[str, typer.Option(help="移到几点，如 20:30 · to which time")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="不再问 · don't ask")] = False,
) -> None:  # fmt: skip
    """把一篇移到别的日子或时段：先印出剧本里的改动，问过再写 · move a post: shows the change, asks, then publishes.

    退出码 exit code: 0 已移动，1 不能移或没有同意，2 写法不对，3 机器人没有运行。
    """
    day = to or on
    asked = {
        "playbook": playbook, "play": play, "name": post, "on": f"{on:%Y-%m-%d}", "to": f"{day:%Y-%m-%d}",
        "slot": slot, "clock": clock,
    }  # fmt: skip
    found = _ask("move", asked)
    for sign, line in found["changed"]:
        typer.echo(f"{sign if sign != '@' else ''}{_plain(line)}")
    if found["with_it"]:
        typer.echo(_word("along_about", days="、".join(found["with_it"])))
    if found["again"]:
        typer.echo(_word("again_about"))
    if not found["is_sound"]:
        for each in found["findings"]:
            typer.echo(f"{each['line']}: {_plain(each['message'])}", err=True)
        _refuse("has_errors")
    if not yes and not typer.confirm("写进剧本并发布？ write and publish?"):
        raise typer.Exit(NO)
    _ask("move", asked | {"base": found["base"]})
    typer.echo("已移动，剧本已发布 · moved")


def pause(playbook: Playbook, play: Play, post: Some = "", groups: Groups = None, key: Key = "") -> None:
    """暂停一篇或全部 · pause a post, or everything. 退出码 exit code: 0，1 没有这些群，3 机器人没有运行。"""
    _order("pause", playbook, play, post, groups, key)


def resume(playbook: Playbook, play: Play, post: Some = "", groups: Groups = None, key: Key = "") -> None:
    """继续 · resume. 退出码 exit code: 0，1 没有这些群，3 机器人没有运行。"""
    _order("resume", playbook, play, post, groups, key)


def stop(playbook: Playbook, play: Play, post: Some = "", groups: Groups = None, key: Key = "") -> None:
    """停下正在发的，剩下的不发 · stop what is going out. 退出码 exit code: 0，1 没有这些群，3 机器人没有运行。"""
    _order("stop", playbook, play, post, groups, key)


def send(playbook: Playbook, play: Play, post: Post, groups: Groups = None, key: Key = "") -> None:
    """马上发一篇 · send a post now. 退出码 exit code: 0，1 没有这些群，3 机器人没有运行。"""
    _order("send", playbook, play, post, groups, key)


def recall(playbook: Playbook, play: Play, post: Some = "", groups: Groups = None, key: Key = "") -> None:
    """撤回各群最近发的一篇 · take the newest post back. 退出码 exit code: 0，1 没有这些群，3 机器人没有运行。"""
    _order("recall", playbook, play, post, groups, key)


# -- inside -------------------------------------------------------------------------------------------------------------


def _order(act: str, playbook: str, play: str, post: str, groups: Sequence[str] | None, key: str) -> None:
    data = {
        "playbook": playbook, "play": play, "about": post, "groups": list(groups or ()),
        "key": key or secrets.token_urlsafe(12),
    }  # fmt: skip
    done = _ask(act, data)["groups"]
    typer.echo(f"{done} 个群 · {done} groups")


def _ask(what: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """By the running bot; a refusal is spoken and ends the command."""
    with spoken():
        settings = load_settings()
    answer = ask_running(settings, f"/control/calendar/{what}", dict(data), timeout_s=60)
    if answer is None:
        typer.echo("机器人没有运行：先 qunops run · the bot is not running: start it first", err=True)
        raise typer.Exit(UNUSABLE)
    status, body = answer
    if status == 422:
        typer.echo("日期或时间写得不对 · not a day or a time", err=True)
        raise typer.Exit(USAGE)
    if status != 200:
        _refuse(str(body.get("refused", status)))
    return dict(body)


@cache
def _words() -> Words:
    return Words(templates.OWN / "console" / "words")


def _word(key: str, **values: object) -> str:
    return _words().get("zh", f"calendar.{key}", **values)


def _refuse(code: str) -> None:
    words, key = _words(), f"refused.{code}"
    typer.echo(f"{words.get('zh', key)} · {words.get('en', key)}", err=True)
    raise typer.Exit(NO)


def _print_json(found: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


def _plain(text: str) -> str:
    """Members' and operators' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n")

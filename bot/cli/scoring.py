"""`qunops scoring`: the versions of the activity score: what is in force, what another would have meant, putting it in force."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection, select

from bot.cli import NO, UNUSABLE
from bot.cli.control import ask_running
from bot.cli.database import Url, opened, reading
from bot.cli.recounting import recount
from bot.cli.tables import plain
from bot.config import Settings, load_settings
from bot.core.play import Window
from bot.core.scoring import COLUMNS, FOLDED, Scoring, since
from bot.engine import rescoring
from bot.engine.clock import WallClock
from bot.engine.kernel import Kernel
from bot.engine.playbooks import PlaybookFolder
from bot.engine.render import Renderer
from bot.playbook.load import Loaded
from bot.playbook.scoring import SCORING
from bot.usecases.scores import calendar_of
from storage import explanation
from storage import scoring as store
from storage import tables as t
from storage.preview import Preview
from storage.schema import require_current

_BATCH = 20
"""Days of one transaction: the live messages wait for no longer than that takes."""


def register(app: typer.Typer) -> None:
    scoring = typer.Typer(help="活跃分的规则版本 · versions of the activity score", no_args_is_help=True)
    scoring.command("show")(show)
    scoring.command("recompute")(recompute)
    scoring.command("compare")(compare)
    scoring.command("use")(use)
    app.add_typer(scoring, name="scoring")


def show(db: Url = "") -> None:
    """现在用的是哪个版本，scoring.yaml 里有什么不同 · the version in force and what the file changes.

    退出码 exit code: 0.
    """
    with reading(db) as connection:
        active = store.active(connection)
    typer.echo(f"启用中 in force: {active.version}")
    wanted = _wanted(_folder(load_settings()))
    changes = list(_changes(active.document(), wanted.document()))
    for key, before, after in changes:
        typer.echo(f"  {key}: {before} → {after}")
    if changes:
        typer.echo("对比 compare: qunops scoring recompute && qunops scoring compare；启用 adopt: qunops scoring use")
    else:
        typer.echo(f"{SCORING} 没有不同 · the file changes nothing")


def recompute(db: Url = "") -> None:
    """按 scoring.yaml 把整个日志重算一遍，只读，可中断再续，不影响运行 · count the whole log by the file's rules; reads only.

    退出码 exit code: 0 算完了。
    """
    settings = load_settings()
    loaded = _folder(settings)
    wanted = _wanted(loaded)
    with opened(db) as database, database.reading() as connection, _preview(settings, wanted) as preview:
        require_current(connection)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("重算 counting", total=None)
            done, skipped = recount(
                database, connection, preview, wanted, loaded,
                lambda done, of: progress.update(task, completed=done, total=of),
            )  # fmt: skip
    typer.echo(f"{done} 天已重算，{skipped} 天没有变化 · {done} days counted, {skipped} were up to date")
    typer.echo("对比 compare: qunops scoring compare")


def compare(
    group: Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")] = "",
    window: Annotated[Window, typer.Option(help="看多久 · window")] = "all",
    top: Annotated[int, typer.Option(help="每群列出几位 · how many to list", min=1)] = 20,
    db: Url = "",
    format: Annotated[str, typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """新旧两个版本并排 · both versions side by side. 退出码 exit code: 0，1 还没有 recompute。"""
    settings = load_settings()
    loaded = _folder(settings)
    wanted = _wanted(loaded)
    with reading(db) as connection, _preview(settings, wanted) as preview:
        active = store.active(connection)
        rows = []
        for chat in connection.execute(select(t.chat.c.id, t.chat.c.uid).where(t.chat.c.kind == "group")).all():
            if group and chat.uid != group:
                continue
            if active.counting != wanted.counting and preview.mark(chat.id) is None:
                typer.echo("先运行 qunops scoring recompute · recompute first", err=True)
                raise typer.Exit(NO)
            rows += [{"group": chat.uid, **row} for row in _side_by_side(
                connection, preview, chat.id, chat.uid, loaded, active, wanted, window)[:top]]  # fmt: skip
    if format == "json":
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{'成员':<16}{active.version:>12}{wanted.version:>12}{'差':>10}")
    for row in rows:
        name = plain(str(row["name"]))[:14]
        typer.echo(
            f"{name:<16}{row['before']:>12g}{row['after']:>12g}{row['after'] - row['before']:>+10g}  {row['group']}"
        )


def use(db: Url = "") -> None:
    """启用 scoring.yaml 的版本：之后按它算，以前的每一天按它重算 · put the file's version in force, past days included.

    中断了再运行一次就接着算 · stopped in the middle: run it again. 退出码 exit code: 0 已启用，3 数据库用不了。
    """
    settings = load_settings()
    loaded = _folder(settings)
    wanted = _wanted(loaded)
    with reading(db) as connection:
        query = select(t.chat.c.uid, t.chat.c.id).where(t.chat.c.kind == "group")
        days = [(row.uid, day) for row in connection.execute(query).all() for day in store.days_of(connection, row.id)]
    document = {"scoring": wanted.document()}
    answer = None if db else ask_running(settings, "/control/scoring/adopt", document)
    if answer is not None and answer[0] != 200:
        typer.echo("机器人正在运行，但不认这个用户的口令 · the running bot refused the token", err=True)
        raise typer.Exit(UNUSABLE)
    parts = [days[start : start + _BATCH] for start in range(0, len(days), _BATCH)]
    whole = 0
    with Progress(console=Console(stderr=True), transient=True) as progress:
        if answer is not None:
            for part in progress.track(parts, description="重算 recounting"):
                told = ask_running(settings, "/control/scoring/recount", {"days": part})
                if told is None or told[0] != 200:
                    typer.echo("机器人停了：再运行一次就接着算 · the bot has stopped: run this again", err=True)
                    raise typer.Exit(UNUSABLE)
                whole += int(told[1]["whole"])
        else:
            with opened(db, "write") as database, database.engine.connect() as own:
                kernel = Kernel(own, plan_for=loaded.plan, renderer=Renderer(settings.templates))
                kernel.open(WallClock().now())
                rescoring.adopt(kernel, wanted, WallClock().now())
                for part in progress.track(parts, description="重算 recounting"):
                    whole += rescoring.recount(kernel, part)
    typer.echo(f"已启用 {wanted.version}：{whole} 天按新规则重算 · in force, {whole} days counted again")
    if whole < len(days):
        typer.echo(f"{len(days) - whole} 天的日志已清理，保留原来的计数 · their log is gone: the counters stay")


# -- inside -------------------------------------------------------------------------------------------------------------


def _folder(settings: Settings) -> Loaded:
    return PlaybookFolder(settings.playbooks, WallClock().now).load()


def _wanted(loaded: Loaded) -> Scoring:
    if loaded.house.scoring is None:
        typer.echo(f"{SCORING} 有错误，先 qunops check · the file has errors: qunops check", err=True)
        raise typer.Exit(NO)
    return loaded.house.scoring


@contextmanager
def _preview(settings: Settings, wanted: Scoring) -> Iterator[Preview]:
    rules = json.dumps(wanted.document()["counting"], sort_keys=True)
    digest = blake2b(rules.encode(), digest_size=6).hexdigest()
    preview = Preview(Path(settings.data_folder) / f"scoring-{digest}.db")
    try:
        yield preview
    finally:
        preview.close()


def _side_by_side(
    connection: Connection, preview: Preview, chat_id: int, uid: str, loaded: Loaded, active: Scoring, wanted: Scoring,
    window: Window,
) -> list[dict[str, Any]]:  # fmt: skip
    zone, starts = calendar_of(loaded, uid)
    begin = since(window, WallClock().now().astimezone(zone).date(), zone, starts)
    first = begin.day.isoformat() if begin else ""
    newest = explanation.newest_day(connection, chat_id)
    folded = {(day, who): counts for day, who, counts in preview.of(chat_id, first)}
    is_recounted = active.counting != wanted.counting
    sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    names: dict[int, str] = {}
    for row in store.days_with_names(connection, chat_id, first):
        age = (newest - date.fromisoformat(row["day"])).days if newest else 0
        counts = {column: row[column] for column in COLUMNS.values()}
        names[row["member_id"]] = row["name"]
        sums[row["member_id"]][0] += sum(active.day(counts, age).values())
        if is_recounted:
            counts |= folded.get((row["day"], row["member_id"]), dict.fromkeys(FOLDED, 0))
        sums[row["member_id"]][1] += sum(wanted.day(counts, age).values())
    rows = [{"name": names[who], "before": old / 1000, "after": new / 1000} for who, (old, new) in sums.items()]
    return sorted((row for row in rows if row["before"] or row["after"]), key=lambda row: (-row["after"], row["name"]))


def _changes(before: dict[str, Any], after: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any, Any]]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changes(old, new, f"{path}{key}.")
        elif old != new:
            yield f"{path}{key}", old, new

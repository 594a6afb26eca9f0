"""`qunops db`: look after the database. What writes needs the bot stopped; what reads does not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli import NO, UNUSABLE, USAGE
from bot.cli.control import ask_running
from bot.cli.database import Url, opened, spoken
from bot.config import load_settings
from bot.engine.clock import WallClock
from bot.engine.forgetting import forget
from storage import retention as keep
from storage.backup import back_up, restore, verify
from storage.database import WAL_RESET_FIXED
from storage.invariants import violations
from storage.privacy import erase_member
from storage.schema import require_current, upgrade, version

Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
_PATIENCE_S = 600.0
"""An erasure looks through the whole log."""
Yes = Annotated[bool, typer.Option("--yes", help="不再询问 · do not ask")]


def register(app: typer.Typer) -> None:
    db = typer.Typer(help="数据库：升级、备份、检查、清理 · look after the database", no_args_is_help=True)
    db.command("upgrade")(upgrade_command)
    db.command("backup")(backup_command)
    db.command("verify")(verify_command)
    db.command("restore")(restore_command)
    db.command("check")(check_command)
    db.command("retention")(retention_command)
    db.command("erase")(erase_command)
    app.add_typer(db, name="db")


def upgrade_command(db: Url = "") -> None:
    """升级数据库结构，升级前自动备份 · bring the schema up to date, after a backup."""
    with opened(db, "write") as database:
        done = upgrade(database, now=WallClock().now())
        if not done.is_changed:
            typer.echo(f"已经是最新版本 {done.after} · already at {done.after}")
            return
        if done.backup:
            typer.echo(f"升级前的备份 · backup: {done.backup}")
        typer.echo(f"{database}：{done.before or '空'} → {done.after}")


def backup_command(
    target: Annotated[
        Path | None, typer.Argument(help="备份文件，默认在数据库旁边 · file, default beside the database")
    ] = None,
    db: Url = "",
    format: Format = "text",
) -> None:
    """备份并验证，机器人可以继续运行 · copy and verify; the bot may go on running."""
    now = WallClock().now()
    with opened(db) as database:
        if target is None:
            folder = database.path.parent if database.path else Path()
            target = folder / "backups" / f"qunops-{now:%Y%m%dT%H%M%S}.backup"
        with Console(stderr=True).status("备份中 · copying"):
            made = back_up(database, target, now=now)
    if format == "json":
        rows = dict(made.rows)
        typer.echo(json.dumps({"path": str(made.path), "sha256": made.sha256, "bytes": made.size_bytes, "rows": rows}))
        return
    typer.echo(f"{made.path}  {made.size_bytes / 1e6:.1f} MB  sha256 {made.sha256[:16]}…")
    typer.echo(
        f"已验证，共 {sum(made.rows.values())} 行 · verified" if made.rows else "pg_dump 完成；恢复用 pg_restore"
    )


def verify_command(path: Annotated[Path, typer.Argument(help="备份文件 · the backup")]) -> None:
    """检查备份：哈希、完整性、行数 · check a backup: hash, integrity, row counts."""
    with spoken():
        made = verify(path)
    typer.echo(f"{path} 完好，{made.made_at}，共 {sum(made.rows.values())} 行 · sound")


def restore_command(
    source: Annotated[Path, typer.Argument(help="备份文件 · the backup")], db: Url = "", yes: Yes = False
) -> None:
    """用备份换下现在的数据库（先停机器人；旧文件保留）· put a backup in place; the old file is kept."""
    with spoken():
        made = verify(source)
    with opened(db, "write") as database:
        path = database.path
        if path is None:
            typer.echo("只支持 SQLite 文件；PostgreSQL 请用 pg_restore --clean --if-exists -d 数据库 备份", err=True)
            raise typer.Exit(USAGE)
        if not yes:
            typer.confirm(f"用 {made.made_at} 的备份换下 {path}？· replace it?", abort=True)
        old = restore(source, path, now=WallClock().now())
    typer.echo(f"已恢复 {path} · restored" + (f"；原来的在 · the old one is {old}" if old else ""))


def check_command(db: Url = "", format: Format = "text") -> None:
    """检查数据库是否自洽（I1–I9）· check that the database holds together. 退出码 1：有问题 · exit 1: it does not."""
    with opened(db) as database, database.reading() as connection:
        require_current(connection)
        schema = version(connection) or ""
        with Console(stderr=True).status("检查中 · checking"):
            found = violations(connection)
        notes = _notes(database.is_sqlite)
    if format == "json":
        document = {
            "schema": schema,
            "violations": [{"code": each.code, "message": each.message} for each in found],
            "notes": notes,
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for each in found:
            typer.echo(f"{each.code}  {each.message}")
        for note in notes:
            typer.echo(f"提示  {note}")
        typer.echo(f"发现 {len(found)} 处问题 · problems" if found else f"没有问题，结构版本 {schema} · sound")
    if found:
        raise typer.Exit(NO)


def _notes(is_sqlite: bool) -> list[str]:
    if is_sqlite and sqlite3.sqlite_version_info < WAL_RESET_FIXED:
        fixed = ".".join(map(str, WAL_RESET_FIXED))
        return [
            f"SQLite {sqlite3.sqlite_version} 早于 {fixed}：两个连接同时写入可能损坏数据。群运只用一个写连接，不受影响；"
            f"请不要用别的程序写这个文件。 · older than {fixed}: do not write to this file with other programs"
        ]
    return []


def retention_command(
    days: Annotated[int, typer.Option(help="保留天数，0 全部保留 · days to keep, 0: all", min=0)] = keep.DEFAULT_DAYS,
    group: Annotated[
        list[str] | None, typer.Option(help="单独设置，如 qq:123=30，可多次 · days of one group, may be repeated")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只数不删 · count only")] = False,
    db: Url = "",
) -> None:
    """删除过期的消息记录；每日汇总和积分保留 · delete old log rows; rollups and points stay."""
    own = dict(_group_days(text) for text in group or [])
    now = WallClock().now()
    with opened(db, "read" if dry_run else "write") as database:
        with database.reading() as connection:
            require_current(connection)
            cuts = keep.plan(connection, now, own, days)
            due = sum(keep.count(connection, cut) for cut in cuts)
        if dry_run:
            typer.echo(f"会删除 {due} 行 · {due} rows would go")
            return
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("清理 · deleting", total=due)
            for _, deleted in keep.run(database.begin, cuts, now):
                progress.advance(bar, deleted)
        typer.echo(f"删除了 {due} 行 · {due} rows deleted")


def _group_days(text: str) -> tuple[str, int]:
    uid, _, days = text.rpartition("=")
    if not uid or not days.isdigit():
        raise typer.BadParameter(f"{text}：应写成 群=天数，如 qq:123=30 · expected GROUP=DAYS")
    return uid, int(days)


def erase_command(
    member: Annotated[str, typer.Argument(help="成员，如 qq:10001 · whom")], db: Url = "", yes: Yes = False
) -> None:
    """删除一个成员的个人数据，机器人在不在运行都可以；统计和积分以化名保留 · erase one member's data, whether the bot runs or not; sums stay, under a pseudonym.

    退出码 exit code: 0，3 没有这个成员的数据。
    """
    if not yes:
        typer.confirm(f"删除 {member} 的全部个人数据，不能恢复？· erase for good?", abort=True)
    with spoken():
        settings = load_settings()
    # A running bot does it itself: it keeps what it has read.
    request = {"member": member}
    answer = None if db else ask_running(settings, "/control/members/erase", request, timeout_s=_PATIENCE_S)
    changed: Mapping[str, int]
    if answer is None:
        with opened(db, "write") as database, database.begin() as connection:
            require_current(connection)
            changed = erase_member(connection, member, actor="cli", now=WallClock().now(), forget=forget)
    elif answer[0] == 200:
        changed = answer[1]
    else:
        typer.echo(answer[1].get("error", ""), err=True)
        raise typer.Exit(UNUSABLE)
    for table, count in changed.items():
        typer.echo(f"{table}: {count}")
    typer.echo("完成；以前的备份里仍有这些数据 · done; older backups still hold the data")

"""`qunops import`: a group's past, from the files that other tools export."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from bot.cli import NO, UNUSABLE, USAGE
from bot.cli.control import ask_running
from bot.cli.database import Url, spoken
from bot.config import Settings, load_settings
from bot.core.errors import StorageError
from bot.engine.clock import WallClock
from bot.engine.history import Said, Taken
from bot.engine.importing import Account, carry
from bot.engine.kernel import Kernel
from bot.engine.playbooks import PlaybookFolder
from bot.engine.render import Renderer
from bot.playbook.model import GroupPlan
from bot.transports.exports import CODES, FORMATS, Format, Source, Unread, detect, read
from bot.transports.exports.qq_text import sections
from storage.database import Database
from storage.schema import require_current, upgrade

_PATIENCE_S = 120.0

Take = Callable[[Sequence[Said]], Taken]


def register(app: typer.Typer) -> None:
    app.command("import", help="导入其他工具导出的聊天记录 · import chat histories that other tools exported")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="导出的文件 · the exported file")],
    group: Annotated[str, typer.Option(help="记到哪个群，如 qq:123456、wechat:123@chatroom · which group it is")] = "",
    format: Annotated[str, typer.Option(help="格式，默认看内容自动识别 · told from the content unless given")] = "",
    zone: Annotated[str, typer.Option(help="文件里的钟点是哪个时区的 · zone of the file's clocks")] = "Asia/Shanghai",
    section: Annotated[
        str, typer.Option(help="文件里有多个群时，只要这个群名 · of a file with several groups, the one of this name")
    ] = "",
    me: Annotated[str, typer.Option(help="导出者自己的账号，如 wechat:wxid_x · who the exporter (我) is")] = "",
    problems: Annotated[
        Path | None, typer.Option(help="把读不懂的地方逐条写到这个文件 · write each unreadable place here")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会怎样，什么也不写 · write nothing")] = False,
    db: Url = "",
) -> None:
    """Exit 0: all of it is in the log; 1: some places could not be read; 2: wrong call; 3: the database can't be used."""
    clock = _zone(zone)
    if not file.is_file():
        _refuse(f"没有文件 {file} · no such file")
    if ":" not in group:
        _refuse("记到哪个群？加上 --group qq:群号 或 --group wechat:群id · which group? add --group")
    source = Source(file)
    form = _format(source, format, group)
    _one_group(source, form, section)
    typer.echo(f"{file.name}：{form.title}（{source.encoding}，{source.size / 1024 / 1024:.1f} MB）", err=True)
    with spoken():
        settings = load_settings()
        with _port(settings, db, group, is_trial=dry_run, by=(file.name, form.id)) as (take, close):
            account = _run(source, form, clock, group, take, me=me, section=section, problems=problems)
            close(account)
    _say(account, form, file, group, is_trial=dry_run)
    if account.lost:
        raise typer.Exit(NO)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        _refuse(f"没有时区 {name}，例如 Asia/Shanghai · no such time zone")


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(USAGE)


def _format(source: Source, wanted: str, group: str) -> Format:
    known = "\n".join(f"  {each.id:<22}{each.title}" for each in FORMATS)
    found = next((each for each in FORMATS if each.id == wanted), None) if wanted else detect(source)
    if found is None:
        what = f"没有格式 {wanted} · no such format" if wanted else "认不出这个文件是哪个工具导出的 · unknown format"
        _refuse(f"{what}\n支持 known formats（--format）：\n{known}")
    platform = group.partition(":")[0]
    if found.platform and found.platform != platform and platform in ("qq", "wechat"):
        _refuse(f"{found.title} 是 {found.platform} 的记录，群却是 {group} · the export is of another network")
    return found


def _one_group(source: Source, form: Format, section: str) -> None:
    if form.id != "qq-text":
        return
    titles = sections(source)
    listed = "\n".join(f"  {title}" for title in dict.fromkeys(titles))
    if section and section not in titles:
        _refuse(f"文件里没有「{section}」，有 · the file has:\n{listed}")
    if not section and len(set(titles)) > 1:
        _refuse(f"文件里有 {len(set(titles))} 个群或好友，用 --section 选一个 · choose one with --section:\n{listed}")


@contextmanager
def _port(
    settings: Settings, db: str, group: str, *, is_trial: bool, by: tuple[str, str]
) -> Iterator[tuple[Take, Callable[[Account], object]]]:
    """Where batches go: nowhere, to the running bot, or into the database."""
    if is_trial:
        with _trial(settings, db, group) as take:
            yield take, lambda account: None
        return
    answer = None if db else ask_running(settings, "/control/import/begin")
    if answer is not None:
        _accepted(answer)
        yield (
            lambda said: _over_port(settings, group, said),
            lambda account: _accepted(
                ask_running(settings, "/control/import/end", {"chat": group, "detail": account.detail(*by)})
            ),
        )
        return
    with Database(db or settings.database) as database:
        upgrade(database, now=WallClock().now())
        with database.engine.connect() as connection:
            kernel = Kernel(connection, plan_for=_plans(settings), renderer=Renderer(settings.templates))
            kernel.open(WallClock().now())
            kernel.begin_import(is_live=False)
            yield (
                lambda said: kernel.take_history(group, said, WallClock().now()),
                lambda account: kernel.end_import(group, "cli", account.detail(*by), WallClock().now()),
            )


@contextmanager
def _trial(settings: Settings, db: str, group: str) -> Iterator[Take]:
    """Against the database if there is one, else against an empty one in memory."""
    try:
        with Database(db or settings.database, mode="read") as database, database.reading() as connection:
            require_current(connection)
            kernel = Kernel(connection, plan_for=_plans(settings), renderer=Renderer(settings.templates))
            yield lambda said: kernel.try_history(group, said, WallClock().now())
            return
    except StorageError:
        if (db or settings.database).startswith("postgres"):
            raise
    with Database("sqlite://") as database:
        upgrade(database, now=WallClock().now())
        with database.engine.connect() as connection:
            kernel = Kernel(connection, plan_for=_plans(settings), renderer=Renderer(settings.templates))
            with connection.begin():
                yield lambda said: kernel.try_history(group, said, WallClock().now())


def _plans(settings: Settings) -> Callable[[str], GroupPlan | None]:
    if not settings.playbooks.is_dir():
        return lambda chat: None
    loaded = PlaybookFolder(settings.playbooks, WallClock().now).load()

    def plan(chat: str) -> GroupPlan | None:
        found = loaded.plan(chat)
        return found if found.plays else None

    return plan


def _over_port(settings: Settings, group: str, said: Sequence[Said]) -> Taken:
    data = {"chat": group, "said": [asdict(one) for one in said]}
    body = _accepted(ask_running(settings, "/control/import/batch", data, timeout_s=_PATIENCE_S))
    return Taken(new=body["new"], known=body["known"], cut=body["cut"], members=set(body["members"]))


def _accepted(answer: tuple[int, Any] | None) -> dict[str, Any]:
    """The answer's body. Stopping in the middle is harmless: the next import goes on."""
    if answer is None:
        raise StorageError("机器人停了：再运行一次同样的命令就接着导 · the bot stopped; run the same command again")
    status, body = answer
    if status != 200:
        typer.echo(f"机器人正在运行，但没有接受（{status}） · the running bot refused", err=True)
        raise typer.Exit(UNUSABLE)
    found: dict[str, Any] = body
    return found


def _run(
    source: Source, form: Format, zone: ZoneInfo, group: str, take: Take, *, me: str, section: str,
    problems: Path | None,
) -> Account:  # fmt: skip
    account = Account()
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    )  # fmt: skip
    written = problems.open("w", encoding="utf-8") if problems is not None else None
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("导入", total=source.size, said="")

            def note(unread: Unread) -> None:
                if written is not None:
                    written.write(_line(source.path, form, unread) + "\n")

            items = read(source, form, zone, group.partition(":")[2])
            for account in carry(items, group, take, me=me, section=section, on_unread=note):
                bar.update(task, completed=source.done, said=f"{account.taken.new:,} 条")
    finally:
        if written is not None:
            written.close()
    return account


def _line(path: Path, form: Format, unread: Unread) -> str:
    return f"{path.name}:{unread.place}: {unread.code}: {CODES[unread.code]}: {unread.what}"


def _say(account: Account, form: Format, file: Path, group: str, *, is_trial: bool) -> None:
    taken, span = account.taken, ""
    if account.first and account.last:
        span = f"，{_day(account.first)} 至 {_day(account.last)}"
    would = "会新增" if is_trial else "新增"
    typer.echo(f"{would} {taken.new:,} 条消息，{len(taken.members):,} 人{span} · new messages, members")
    if taken.known or account.repeated:
        typer.echo(f"  {taken.known + account.repeated:,} 条已经记过，没有再记 · known before, not counted again")
    if taken.cut:
        typer.echo(
            f"  {taken.cut:,} 条属于已统计、原文已按保留期清理的日子，没有再算 · of days that are counted and whose log is deleted"
        )
    if account.nameless:
        typer.echo(
            f"  {len(account.nameless)} 人在文件里只有名字没有账号：按群和名字给了固定编号（{form.platform or '群'}:~…），"
            "改过名的人会算成两个 · known by name only"
        )
    if account.notices:
        typer.echo(f"  其中 {account.notices:,} 条是系统提示，不计入成员 · notices of the network")
    if account.unread:
        counts = "、".join(f"{CODES[code]} {count}" for code, count in sorted(account.unread.items()))
        typer.echo(f"  读不懂 {sum(account.unread.values()):,} 处 · unreadable: {counts}")
        for unread in account.examples:
            typer.echo(f"    {_line(file, form, unread)}")
        if sum(account.unread.values()) > len(account.examples):
            typer.echo("    …  全部列出 all of them: --problems 文件")
    if not is_trial and taken.new:
        typer.echo(f"看看这个群的过去 next: qunops report {group} --period past")


def _day(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d}"

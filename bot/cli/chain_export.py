"""`qunops chain list`, `show` and `export`: the chains that the bot keeps, read from its database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from bot.cli import NO, USAGE
from bot.cli.database import Url, reading
from bot.console.ports.chains import Chain, ChainRow
from bot.core.text import fold
from bot.engine.clock import WallClock
from bot.engine.files import write_table
from bot.usecases.chain_board import Shown, board_of, table_of
from bot.usecases.chains import listed, one
from bot.usecases.runs import People

Group = Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")]
Which = Annotated[str, typer.Argument(help="标题里的字，或编号 · part of the title, or the number")]
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]


def list_chains(group: Group = "", format: Format = "text", db: Url = "") -> None:
    """各群的接龙:编号、标题、条数 · the chains of every group.

    截止后保留一段时间(剧本的 keep),之后归档,不再列出。退出码 exit code: 1 没有接龙。
    """
    with reading(db) as connection:
        found = list(listed(connection, WallClock().now(), group))
    if format == "json":
        typer.echo(json.dumps([row.model_dump(mode="json") for row in found], ensure_ascii=False, indent=1))
    else:
        for row in found:
            typer.echo(_line(row))
    if not found:
        typer.echo("没有接龙 · no chains", err=True)
        raise typer.Exit(NO)


def show_chain(which: Which = "", group: Group = "", format: Format = "text", db: Url = "") -> None:
    """一个接龙:名单、收款、还差谁、历史 · one chain with payments, who is missing, and its history.

    只有一个接龙时不用写是哪个。退出码 exit code: 1 没有这个接龙,2 有好几个对得上。
    """
    with reading(db) as connection:
        shown, people = meant(connection, which, group)
    board = board_of(shown, people, {}, shows_private=True)
    if format == "json":
        typer.echo(board.model_dump_json(indent=1, exclude={"key", "may_edit"}))
        return
    for line in _told(board, shown):
        typer.echo("".join(sign for sign in line if sign.isprintable()))


def export_chain(
    which: Which = "",
    group: Group = "",
    format: Annotated[Literal["csv", "xlsx"] | None, typer.Option(help="默认看文件名 · else by the name")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="文件，默认写到屏幕 · file, else stdout")] = None,
    db: Url = "",
) -> None:
    """把一个接龙的名单存成表格,含合计、收款和填表内容 · one chain as a table.

    只有一个接龙时不用写是哪个。退出码 exit code: 1 没有这个接龙,2 有好几个对得上。
    """
    form = format or ("xlsx" if out is not None and out.suffix.lower() == ".xlsx" else "csv")
    if form == "xlsx" and out is None:
        typer.echo("XLSX 要写到文件：加上 --out 文件.xlsx · XLSX needs --out", err=True)
        raise typer.Exit(USAGE)
    with reading(db) as connection:
        shown, _ = meant(connection, which, group)
    content = write_table(table_of(shown, form, shows_private=True)).content
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        typer.echo(f"写不了 {out}: {error.strerror} · cannot write", err=True)
        raise typer.Exit(USAGE) from error
    typer.echo(f"{out}：{shown.name}，{len(shown.chain.active)} 条 · written")


def meant(connection: Connection, which: str, group: str) -> tuple[Shown, People]:
    """The one chain that is named; else says what there is, and exits with 1 or 2."""
    now = WallClock().now()
    rows = [row for row in listed(connection, now, group) if _is_meant(row, which)]
    if not rows:
        typer.echo("没有这个接龙 · no such chain", err=True)
        raise typer.Exit(NO)
    if len(rows) > 1:
        typer.echo("有好几个接龙，写上标题、编号或 --group · several chains, say which:", err=True)
        for row in rows:
            typer.echo(_line(row), err=True)
        raise typer.Exit(USAGE)
    found = one(connection, rows[0].group, rows[0].play, rows[0].id, now)
    assert found is not None, "listed a moment ago, in the same snapshot"
    return found


def _is_meant(row: ChainRow, which: str) -> bool:
    wanted = fold(which).strip().removeprefix("#")
    if not wanted or str(row.id) == wanted:
        return True
    return not wanted.isdecimal() and wanted in fold(row.title)


def _line(row: ChainRow) -> str:
    state = "进行中" if row.is_open else "已结束"
    return f"{row.group}  {row.play}  #{row.id}  {row.title}  {state}  {row.entries} 条  {row.opened_at:%Y-%m-%d %H:%M}"


def _told(board: Chain, shown: Shown) -> list[str]:
    lines = [f"{board.group}  {board.play}  #{board.id}  {board.name}  {'进行中' if board.is_open else '已结束'}", ""]
    for entry in board.entries:
        by = "" if entry.is_own else f"（{entry.author_name} 替报）"
        paid = "" if board.unpaid is None else f"  已付 {entry.paid}" if entry.paid else "  未付"
        amount = "" if entry.amount is None else f"  {entry.amount:.2f} 元"
        answers = "".join(f"  {each.field}:{each.value or '–'}" for each in entry.answers)
        lines.append(
            f"{entry.number:>3}. {entry.text}{by}{'  候补' if entry.is_waiting else ''}{amount}{paid}{answers}"
        )
    lines += [f"  -  {gone.text}  已退出，付过 {gone.paid} · left, had paid" for gone in board.gone]
    missing = "、".join(board.missing) + (
        f" 等 {len(board.missing) + board.missing_more} 位" if board.missing_more else ""
    )
    lines += ["", f"还没接 missing: {missing or '–'}", "历史 history:"]
    for step in board.steps:
        did = [*(f"+{text}" for text in step.added), *(f"~{text}" for text in step.edited)]
        did += [f"-{text}" for text in step.removed]
        undone = "（已撤销 undone）" if step.is_undone else ""
        lines.append(f"  {step.n:>3}  {shown.ctx.local(step.at):%m-%d %H:%M}  {step.by_name}  {'；'.join(did)}{undone}")
    return lines

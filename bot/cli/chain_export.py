"""`qunops chain list` and `qunops chain export`: the chains that the bot keeps, read from its database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from bot.cli.database import Url, reading
from bot.core.errors import ConfigMistake
from bot.core.jielong import Chain
from bot.core.play import Context, Member
from bot.core.text import fold
from bot.engine.clock import WallClock
from bot.engine.files import write_table
from bot.playbook.versions import restore_play
from bot.plays import all_plays, asset_parsers
from bot.plays.chain.params import Params
from bot.plays.chain.shelf import Ctx, Shelf, load
from bot.plays.chain.table import export
from storage.extracts import names_in, runs_of, slots_of

Group = Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")]


@dataclass(frozen=True, slots=True)
class _Found:
    """One chain of one group."""

    group: str
    ref: str
    chain: Chain
    shelf: Shelf
    ctx: Ctx

    @property
    def title(self) -> str:
        return self.chain.head.title.split("\n", 1)[0] or "接龙"

    @property
    def line(self) -> str:
        state = "进行中" if self.chain.is_open else "已结束"
        opened = self.ctx.local(self.chain.head.opened_at)
        return (
            f"{self.group}  {self.ref}  #{self.chain.id}  {self.title}  {state}  {len(self.chain.active)} 条  "
            f"{opened:%Y-%m-%d %H:%M}"
        )


def list_chains(
    group: Group = "",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
    db: Url = "",
) -> None:
    """各群的接龙:编号、标题、条数 · the chains of every group.

    截止后保留一段时间(剧本的 keep),之后归档,不再列出。退出码 exit code: 1 没有接龙。
    """
    from bot.cli import NO

    with reading(db) as connection:
        found = list(_chains(connection, group))
    if format == "json":
        rows = [
            {
                "group": each.group,
                "play": each.ref,
                "id": each.chain.id,
                "title": each.chain.head.title,
                "is_open": each.chain.is_open,
                "entries": len(each.chain.active),
            }
            for each in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for each in found:
            typer.echo(each.line)
    if not found:
        typer.echo("没有接龙 · no chains", err=True)
        raise typer.Exit(NO)


def export_chain(
    which: Annotated[str, typer.Argument(help="标题里的字，或编号 · part of the title, or the number")] = "",
    group: Group = "",
    format: Annotated[Literal["csv", "xlsx"] | None, typer.Option(help="默认看文件名 · else by the name")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="文件，默认写到屏幕 · file, else stdout")] = None,
    db: Url = "",
) -> None:
    """把一个接龙的名单存成表格,含合计、收款和填表内容 · one chain as a table.

    只有一个接龙时不用写是哪个。退出码 exit code: 1 没有这个接龙,2 有好几个对得上。
    """
    from bot.cli import NO, USAGE

    form = format or ("xlsx" if out is not None and out.suffix.lower() == ".xlsx" else "csv")
    if form == "xlsx" and out is None:
        typer.echo("XLSX 要写到文件：加上 --out 文件.xlsx · XLSX needs --out", err=True)
        raise typer.Exit(USAGE)
    with reading(db) as connection:
        found = [each for each in _chains(connection, group) if _is_meant(each, which)]
    if not found:
        typer.echo("没有这个接龙 · no such chain", err=True)
        raise typer.Exit(NO)
    if len(found) > 1:
        typer.echo("有好几个接龙，写上标题、编号或 --group · several chains, say which:", err=True)
        for each in found:
            typer.echo(each.line, err=True)
        raise typer.Exit(USAGE)
    (one,) = found
    content = write_table(export(one.shelf, one.chain, one.ctx, "", form)).content
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        typer.echo(f"写不了 {out}: {error.strerror} · cannot write", err=True)
        raise typer.Exit(USAGE) from error
    typer.echo(f"{out}：{one.title}，{len(one.chain.active)} 条 · written")


def _is_meant(found: _Found, which: str) -> bool:
    wanted = fold(which).strip().removeprefix("#")
    if not wanted or str(found.chain.id) == wanted:
        return True
    return not wanted.isdecimal() and wanted in fold(found.chain.head.title)


def _chains(connection: Connection, group: str) -> Iterator[_Found]:
    play = all_plays()["chain"]
    assert play.Slot is not None
    for row in runs_of(connection, "chain", group):
        try:
            active = restore_play(row.source, all_plays(), asset_parsers())
        except ConfigMistake as mistake:
            typer.echo(f"{row.chat} {row.ref}: {mistake.message}", err=True)
            continue
        assert isinstance(active.params, Params)
        names = names_in(connection, row.chat)
        ctx: Ctx = Context(
            params=active.params,
            now=WallClock().now(),
            chat=row.chat,
            zone=active.header.zone,
            slots={key: play.Slot.model_validate_json(data) for key, data in slots_of(connection, row.id).items()},
            roster={uid: Member(uid=uid, name=name) for uid, name in names.items()},
        )
        shelf = load(play.State.model_validate_json(row.state), ctx)
        for chain in shelf.group.chains.values():
            yield _Found(row.chat, row.ref, chain, shelf, ctx)

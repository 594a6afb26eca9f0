"""`qunops report`: what happened in a group, as a page, tables, a picture or words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from bot.cli import NO, USAGE
from bot.cli.database import Url, opened, spoken
from bot.cli.progress import Told, telling
from bot.config import Settings, load_settings
from bot.core.errors import StorageError
from bot.engine.clock import WallClock
from bot.engine.kernel import Kernel
from bot.engine.playbooks import PlaybookFolder
from bot.engine.render import Renderer
from bot.engine.rollups import count_next
from bot.insight import reports
from bot.insight.pictures.studio import Studio
from bot.insight.reports.purpose import purpose_of
from bot.playbook.load import Loaded
from bot.playbook.model import Header
from storage import measures, reporting
from storage.database import Database
from storage.schema import require_current

FORMS = ("html", "xlsx", "png", "text")
_COUNTED, _READ = 0.1, 0.6
"""How much of the work is done when the days are counted, and when the store was read."""


def register(app: typer.Typer) -> None:
    app.command("report", help="一个群的日报、周报、月报、复盘 · a day's, week's, month's, camp's report")(report)


def report(
    group: Annotated[str, typer.Argument(help="群，如 qq:123456 · which group")],
    period: Annotated[
        Literal["day", "week", "month", "camp", "past"],
        typer.Option(help="哪一种：camp 从 --begins 到 --date，past 是全部过去 · which kind of span"),
    ] = "week",
    on: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="这一期里的任意一天，默认最近过完的一期 · a day of the span"),
    ] = None,
    begins: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="camp 的第一天 · first day of a camp")
    ] = None,
    format: Annotated[
        str, typer.Option(help="html、xlsx、png、text，可以用逗号连着写；不写 -o 时是 text · several with commas")
    ] = "",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写到哪个文件夹 · folder for the files")] = None,
    progress: Told = False,
    db: Url = "",
) -> None:
    """Exit 1: there is no such group, or nothing was ever said in it; 2: wrong call."""
    forms = [form.strip() for form in format.split(",") if form.strip()] or (["html"] if out else ["text"])
    if unknown := [form for form in forms if form not in FORMS]:
        typer.echo(f"没有格式 {unknown[0]}，可以是 {' '.join(FORMS)} · no such format", err=True)
        raise typer.Exit(USAGE)
    if out is None and forms != ["text"]:
        typer.echo("文件写到哪里？加上 -o 文件夹 · where to? add -o FOLDER", err=True)
        raise typer.Exit(USAGE)
    if period == "camp" and begins is None:
        typer.echo("营从哪天开始？加上 --begins 2026-03-02 · add the camp's first day", err=True)
        raise typer.Exit(USAGE)
    with telling(progress, "报告 report") as tell:
        with spoken():
            settings = load_settings()
            loaded = _playbooks(settings)
            _count(settings, db, loaded, group)
        tell(_COUNTED)
        with opened(db) as database, database.reading() as connection:
            require_current(connection)
            found = _report(connection, loaded, group, period, on, begins)
        if found is None:
            typer.echo(f"没有群 {group}，或者还没有记录 · no such group, or nothing was heard there yet", err=True)
            raise typer.Exit(NO)
        tell(_READ)
        for place, form in enumerate(forms, 1):
            _write(found, form, out, settings.templates)
            tell(_READ + (1 - _READ) * place / len(forms))


def _playbooks(settings: Settings) -> Loaded | None:
    return PlaybookFolder(settings.playbooks, WallClock().now).load() if settings.playbooks.is_dir() else None


def _header(loaded: Loaded | None, group: str) -> Header:
    plays = loaded.plan(group).plays.values() if loaded is not None else ()
    return next((play.header for play in plays), Header(playbook=""))


def _count(settings: Settings, db: str, loaded: Loaded | None, group: str) -> None:
    """Days of the group that changed since they were counted, where no running bot does it: right after an import, for example."""
    try:
        with Database(db or settings.database, mode="read") as database, database.reading() as connection:
            require_current(connection)
            row = measures.group(connection, group)
            if row is None or not reporting.waits(connection, row.id):
                return
        with Database(db or settings.database) as database, database.engine.connect() as connection:
            kernel = Kernel(
                connection, plan_for=loaded.plan if loaded else lambda chat: None, renderer=Renderer(settings.templates)
            )
            kernel.open(WallClock().now())
            while count_next(kernel, group) is not None:
                pass
    except StorageError:
        # The running bot holds the database and counts by itself; without a database the reading says so.
        return


def _report(
    connection: Connection, loaded: Loaded | None, group: str, kind: reports.Kind, on: datetime | None,
    begins: datetime | None,
) -> reports.Report | None:  # fmt: skip
    row = measures.group(connection, group)
    span = reporting.span(connection, row.id) if row is not None else None
    if row is None or span is None:
        return None
    now, header = WallClock().now(), _header(loaded, group)
    starts = timedelta(hours=header.day_starts.hour, minutes=header.day_starts.minute)
    today = (now.astimezone(header.zone) - starts).date()
    period = _period(kind, on.date() if on else None, begins.date() if begins else None, today, span)
    material = reports.gather(connection, row.id, period, now, zone=header.zone, day_starts=header.day_starts)
    return reports.build(material, purpose_of(loaded, group) if loaded is not None else reports.Purpose())


def _period(
    kind: reports.Kind, on: date | None, begins: date | None, today: date, span: tuple[str, str]
) -> reports.Period:
    first, last = (date.fromisoformat(day) for day in span)
    if kind == "past":
        return reports.period_of(kind, on or last, begins=first)
    if on is not None or kind == "camp":
        return reports.period_of(kind, on or min(last, today), begins=begins)
    # The newest one that is over.
    return reports.period_of(kind, reports.period_of(kind, today).first - timedelta(days=1))


def _write(report: reports.Report, form: str, out: Path | None, templates: Path) -> None:
    makers: dict[str, Callable[[], bytes]] = {
        "html": lambda: reports.html(report, templates).encode(),
        "xlsx": lambda: reports.workbook(report, templates),
        "png": lambda: Studio(templates).draw(reports.CARD, reports.card(report, templates)).png,
        "text": lambda: (reports.plain(report, templates) + "\n").encode(),
    }
    content = makers[form]()
    if out is None:
        typer.echo(content.decode(), nl=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{reports.file_name(report, templates)}.{'txt' if form == 'text' else form}"
    path.write_bytes(content)
    typer.echo(f"{path}  {len(content) / 1024:.0f} KB")

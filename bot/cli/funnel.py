"""`qunops funnel`: how far newcomers get, how far members get in a playbook, and who comes back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer
from rich.console import Console

from bot.cli import NO
from bot.cli.database import Url, reading
from bot.cli.tables import Days, Format, Lang, Language, OneGroup, Zone, between, console, percent, plain, scope, table
from bot.insight.cohorts import Cohort, retention
from bot.insight.figures import Figures
from bot.insight.funnel import Step, newcomers, of_playbook


def register(app: typer.Typer) -> None:
    app.command("funnel", help="漏斗和留存：新人、剧本每一步、分渠道分玩法 · funnels and retention")(funnel)


def funnel(
    group: OneGroup,
    playbook: Annotated[str, typer.Option(help="看这份剧本的每一步 · the steps of this playbook")] = "",
    by: Annotated[
        Literal["cohort", "channel", "play"] | None,
        typer.Option(help="留存按入群周、渠道或玩法分开看 · retention by week, channel or play"),
    ] = None,
    days: Days = 60,
    timezone: Zone = "Asia/Shanghai",
    lang: Language = "zh",
    format: Format = "text",
    db: Url = "",
) -> None:
    """不写 --playbook 和 --by 看新人漏斗。每一步只数前面几步都走过的人，区间是 95%。 · Without options the funnel of newcomers.
    A step counts those who took every step before it, too; intervals are 95 %.

    退出码 exit code: 1 没有这个群，或剧本没在这里运行过 no such group, or the playbook never ran there."""
    with reading(db) as connection:
        span, name = scope(connection, group, days, timezone)
        cohorts = retention(connection, span, by) if by else ()
        steps: tuple[Step, ...] = ()
        if not by:
            steps = of_playbook(connection, span, playbook) if playbook else newcomers(Figures(connection, span))
    if playbook and not by and not steps:
        typer.echo(f"剧本「{playbook}」没有在这个群运行过 · the playbook never ran in this group", err=True)
        raise typer.Exit(NO)
    if format == "json":
        typer.echo(json.dumps([asdict(each) for each in (cohorts if by else steps)], ensure_ascii=False, indent=2))
        return
    out = console()
    out.print(f"[bold]{plain(name)}[/bold]  {span.first} – {span.last}")
    if by:
        _retention(out, cohorts, lang)
    else:
        _steps(out, steps, lang)


def _steps(out: Console, steps: tuple[Step, ...], lang: Lang) -> None:
    is_en = lang == "en"
    heads = (
        ("步骤", "人数", "占第一步", "占上一步", "95% 区间", "做过的人", ""),
        ("step", "people", "of first", "of previous", "95 %", "did it at all", ""),
    )
    shown = table(*heads[is_en], right=(1, 2, 3, 5))
    for step in steps:
        bar = "█" * round(20 * (step.of_first or 0))
        cells = (percent(step.of_first), percent(step.of_previous), between(step.interval))
        shown.add_row(plain(step.en if is_en else step.zh), str(step.people), *cells, str(step.took), bar)
    out.print(shown)


def _retention(out: Console, cohorts: tuple[Cohort, ...], lang: Lang) -> None:
    is_en = lang == "en"
    heads = (("分组", "人数", "次日", "7 日", "30 日"), ("cohort", "people", "D1", "D7", "D30"))
    shown = table(*heads[is_en], right=(1,))
    for cohort in cohorts:
        kept = (f"{k.hits}/{k.of} = {k.hits / k.of:.0%} ({between(k.interval)})" if k.of else "—" for k in cohort.kept)
        shown.add_row(cohort.en if is_en else cohort.zh, str(cohort.size), *kept)
    out.print(shown)

"""`qunops metrics`: the catalogue, and its figures."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli import USAGE
from bot.cli.database import Url, reading
from bot.cli.progress import Told, telling
from bot.cli.tables import (
    Days,
    Format,
    Groups,
    Lang,
    Language,
    Zone,
    console,
    figure,
    plain,
    scope_of_groups,
    sparkline,
    table,
)
from bot.core.metrics import METRICS, Metric
from bot.insight.catalogue import Value, value_of
from bot.insight.figures import Figures
from bot.insight.life import series

_REASONS = {
    "gap": ("有离线缺口", "gap"),
    "small": ("人数少", "few people"),
    "no_data": ("没有数据", "no data"),
    "too_early": ("时间还不够", "too early"),
    "proxy": ("代理指标", "proxy"),
}


def register(app: typer.Typer) -> None:
    app.command("metrics", help="指标目录和数值：12 个一级、38 个二级 · the metric catalogue and its figures")(metrics)


def metrics(
    ids: Annotated[list[str] | None, typer.Argument(help="只看这些指标，默认全部 · only these, else all")] = None,
    group: Groups = None,
    days: Days = 30,
    first: Annotated[bool, typer.Option("--first", help="只看一级指标 · the first level only")] = False,
    list_: Annotated[bool, typer.Option("--list", help="只列定义，不计算 · definitions only")] = False,
    timezone: Zone = "Asia/Shanghai",
    lang: Language = "zh",
    format: Format = "text",
    progress: Told = False,
    db: Url = "",
) -> None:
    """区间是 95% 置信区间，离线缺口会把它放宽，缺口太大就不给数。 · Intervals are 95 %; gaps widen them, long gaps void a figure.

    退出码 exit code: 1 没有这个群 no such group; 2 没有这个指标 no such metric."""
    unknown = [each for each in ids or () if each not in METRICS]
    if unknown:
        typer.echo(f"没有指标 {'、'.join(unknown)}；用 --list 看全部 · no such metric; see --list", err=True)
        raise typer.Exit(USAGE)
    wanted = [METRICS[each] for each in ids] if ids else [m for m in METRICS.values() if not first or m.level == 1]
    if list_:
        _definitions(wanted, lang, format)
        return
    with reading(db) as connection:
        span, name = scope_of_groups(connection, group or [], days, timezone)
        figures = Figures(connection, span)
        values = []
        with telling(progress, "计算 measuring") as tell:
            for count, metric in enumerate(wanted, 1):
                values.append(value_of(figures, metric))
                tell(count / len(wanted))
        line = series(figures)
        seen = figures.coverage.seen
    if format == "json":
        rows = [_row(value) for value in values]
        first_day, last_day = span.first.isoformat(), span.last.isoformat()
        told = {"groups": group or [], "first": first_day, "last": last_day, "seen": round(seen, 4), "metrics": rows}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    out = console()
    out.print(f"[bold]{plain(name)}[/bold]  {span.first} – {span.last}")
    marks = sparkline([None if day.active is None or day.lost_ms > 43_200_000 else day.active for day in line])
    word = ("每日活跃", "daily active")[lang == "en"]
    out.print(f"{word} {marks}" + (f"  {('听到的时间', 'heard')[lang == 'en']} {seen:.1%}" if seen < 1 else ""))
    heads = (
        ("指标", "值", "95% 区间", "基数", "常见水平", "说明"),
        ("metric", "value", "95 %", "n", "norm", "remarks"),
    )
    shown = table(*heads[lang == "en"], right=(1, 3))
    for value in values:
        shown.add_row(*_cells(value, lang), style="bold" if value.metric.level == 1 else None)
    out.print(shown)


def _cells(value: Value, lang: Lang) -> tuple[str, ...]:
    metric, is_en = value.metric, lang == "en"
    interval = ""
    if value.low is not None and value.high is not None:
        interval = f"{figure(value.low, metric.unit, lang)} – {figure(value.high, metric.unit, lang)}"
    return (
        ("" if metric.level == 1 else "  ") + (metric.en if is_en else metric.zh),
        figure(value.value, metric.unit, lang),
        interval,
        str(value.n or ""),
        figure(metric.norm, metric.unit, lang) if metric.norm is not None else "",
        (", " if is_en else "、").join(_REASONS[each][is_en] for each in value.reasons),
    )


def _row(value: Value) -> dict[str, object]:
    metric = value.metric
    return {
        "id": metric.id, "zh": metric.zh, "en": metric.en, "level": metric.level, "unit": metric.unit, "value": value.value,
        "low": value.low, "high": value.high, "n": value.n, "reasons": list(value.reasons), "norm": metric.norm,
    }  # fmt: skip


def _definitions(wanted: list[Metric], lang: Lang, format: str) -> None:
    if format == "json":
        typer.echo(json.dumps([asdict(metric) for metric in wanted], ensure_ascii=False, indent=2))
        return
    is_en = lang == "en"
    heads = (("编号", "名称", "怎么算", "谁负责", "注意"), ("id", "name", "formula", "owner", "caveat"))
    shown = table(*heads[is_en])
    for metric in wanted:
        name = (metric.en if is_en else metric.zh) + (("（代理）", " (proxy)")[is_en] if metric.is_proxy else "")
        style = "bold" if metric.level == 1 else None
        shown.add_row(metric.id, name, metric.formula[is_en], metric.owner[is_en], metric.caveat[is_en], style=style)
    console().print(shown)

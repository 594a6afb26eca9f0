"""`qunops tiers`: who stands where in a group, who moved, who may leave, whom to win."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated

import typer
from rich.console import Console

from bot.cli import NO
from bot.cli.database import Url, reading
from bot.cli.tables import (  # fmt: skip
    Format,
    Lang,
    Language,
    OneGroup,
    Zone,
    between,
    console,
    found_group,
    percent,
    plain,
    table,
    today_in,
)
from bot.core.tiers import ENGLISH, LADDER, Facts
from bot.insight.tiers import Share, Tiers, tiers_of
from storage import measures


def register(app: typer.Typer) -> None:
    app.command("tiers", help="成员分层：金字塔、九级、RFM、潜水、流失风险、KOC 名单 · tiers of a group's members")(
        tiers
    )


def tiers(
    group: OneGroup,
    day: Annotated[str, typer.Option(help="到哪天为止，默认昨天 · as of which day, else yesterday")] = "",
    top: Annotated[int, typer.Option(help="每张名单列几位 · names in each list", min=0)] = 10,
    timezone: Zone = "Asia/Shanghai",
    lang: Language = "zh",
    format: Format = "text",
    db: Url = "",
) -> None:
    """占比后面是 95% 区间、健康水平和一个月前的占比。看没看消息平台不告诉，所以潜水只能看到没说话。 · Shares with their 95 %
    interval, the healthy share and the share a month ago. Reading can't be seen: a lurker is somebody who doesn't speak.

    退出码 exit code: 1 没有这个群，或还没有统计 no such group, or nothing counted yet."""
    with reading(db) as connection:
        row = found_group(connection, group)
        newest = measures.newest_day(connection, row.id)
        if newest is None:
            typer.echo("还没有统计：机器人运行几分钟后再看 · nothing is counted yet", err=True)
            raise typer.Exit(NO)
        yesterday = today_in(timezone)[0] - timedelta(days=1)
        try:
            wanted = date.fromisoformat(day) if day else min(date.fromisoformat(newest), yesterday)
        except ValueError:
            raise typer.BadParameter(f"不是日期：{day}，写 2026-03-01 · not a date") from None
        found = tiers_of(connection, row.id, wanted)
    if format == "json":
        typer.echo(json.dumps(_document(found), ensure_ascii=False, indent=2))
        return
    out = console()
    out.print(f"[bold]{plain(row.name or row.uid)}[/bold]  {found.day}")
    _shares(out, ("金字塔", "pyramid"), found.pyramid, lang)
    _shares(out, ("九级", "ladder"), found.ladder, lang)
    is_en = lang == "en"
    classes = "  ".join(f"{_word(name, lang)} {n}" for name, n in sorted(found.rfm.items(), key=lambda each: -each[1]))
    out.print(f"\n[bold]RFM[/bold]  {classes}  {('M 来自贡献', 'M from contribution')[is_en]}")
    _moves(out, found, lang)
    _people(
        out,
        ("KOL / KOC 名单", "shortlist"),
        ((p.facts, f"{p.title}：{p.because[is_en]}") for p in found.shortlist),
        top,
    )
    _people(out, ("可能流失", "at risk"), ((f, why[is_en]) for f, why in found.at_risk), top)
    silent = (("{} 天没说话", "silent for {} days")[is_en].format(f.silent_days) for f in found.went_silent)
    _people(out, ("沉默了", "went silent"), zip(found.went_silent, silent, strict=True), top)
    never = ("从未发言", "never spoke")[is_en]
    out.print(f"\n[bold]{never}[/bold]  {len(found.never_spoke)}")


def _shares(out: Console, title: tuple[str, str], shares: tuple[Share, ...], lang: Lang) -> None:
    is_en = lang == "en"
    heads = ((title[0], "人数", "占比", "95% 区间", "健康水平", "一个月前"), (title[1], "people", "share", "95 %", "norm", "a month ago"))  # fmt: skip
    shown = table(*heads[is_en], right=(1, 2, 4, 5))
    for each in shares:
        cells = (percent(each.share), between(each.interval), percent(each.norm) if each.norm is not None else "")
        shown.add_row(_word(each.value, lang), str(each.people), *cells, percent(each.before))
    out.print()
    out.print(shown)


def _moves(out: Console, found: Tiers, lang: Lang) -> None:
    """The transition matrix of the ladder; rows: a month ago, columns: now."""
    if not any(old for old, _ in found.moves):
        return
    states = [s for s in (*LADDER, "") if any(s in pair for pair in found.moves)]
    gone = ("不在群", "not here")[lang == "en"]
    shown = table(("从 ↓ 到 →", "from ↓ to →")[lang == "en"], *(_word(s, lang) or gone for s in states), right=range(1, len(states) + 1))  # fmt: skip
    for old in states:
        shown.add_row(_word(old, lang) or gone, *(str(found.moves.get((old, new), "") or "") for new in states))
    out.print()
    out.print(shown)


def _people(out: Console, title: tuple[str, str], people: Iterable[tuple[Facts, str]], top: int) -> None:
    rows = list(people)
    if not rows:
        return
    out.print(f"\n[bold]{title[0]} · {title[1]}[/bold]  {len(rows)}")
    for facts, why in rows[:top]:
        out.print(f"  {plain(facts.name or facts.uid)}（{plain(facts.uid)}） {why}")


def _word(value: str, lang: Lang) -> str:
    return ENGLISH.get(value, value) if lang == "en" else value


def _document(found: Tiers) -> dict[str, object]:
    members = [
        {"uid": p.facts.uid, "name": p.facts.name, "pyramid": p.pyramid, "rfm": p.rfm, "ladder": p.ladder, "because": list(p.because)}
        for p in found.placed
    ]  # fmt: skip
    return {
        "day": found.day,
        "observed_days": found.observed,
        "pyramid": [asdict(each) for each in found.pyramid],
        "ladder": [asdict(each) for each in found.ladder],
        "rfm": dict(found.rfm),
        "moves": [{"from": old, "to": new, "people": n} for (old, new), n in sorted(found.moves.items())],
        "shortlist": [{"uid": p.facts.uid, "name": p.facts.name, "title": p.title, "because": list(p.because)} for p in found.shortlist],
        "at_risk": [{"uid": f.uid, "name": f.name, "because": list(why)} for f, why in found.at_risk],
        "went_silent": [{"uid": f.uid, "name": f.name, "days": f.silent_days} for f in found.went_silent],
        "never_spoke": [{"uid": f.uid, "name": f.name} for f in found.never_spoke],
        "members": members,
    }  # fmt: skip

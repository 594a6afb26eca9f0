"""How long the figures take on a large log: 10 million messages, 1,000 groups, 200,000 members, ninety days.

    python -m benchmarks.biglog --database sqlite:///big.db --playbooks big-playbooks     # once, some minutes, 4 GB
    python -m benchmarks.analytics --database sqlite:///big.db --playbooks big-playbooks  # reads only
    python -m benchmarks.analytics --database … --each                                              # every metric by itself
    python -m benchmarks.analytics --database … --recompute                                         # and all scores again

Asks what commands, pages and reports ask, of the biggest group and of all groups. Prints the median of some tries after the
first one, wall and CPU of this process, beside the target of each; a server's CPU is not in it. Exit 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from benchmarks.pages import Pages
from bot.cli.recounting import recount
from bot.core.metrics import METRICS
from bot.core.scoring import Scoring, since
from bot.core.tally import Counting
from bot.engine.playbooks import PlaybookFolder
from bot.insight import reports
from bot.insight.catalogue import Scope, measure, scope_of, value_of
from bot.insight.cohorts import retention
from bot.insight.figures import Figures
from bot.insight.funnel import newcomers
from bot.insight.life import series
from bot.insight.tiers import tiers_of
from bot.playbook.load import Loaded
from storage import explanation
from storage import figures as group_figures
from storage import tables as t
from storage.boards import board
from storage.database import Database
from storage.preview import Preview
from storage.scoring import Span, active

_ZONE = ZoneInfo("Asia/Shanghai")
_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_CHAT_MS, _REPORT_MS, _ALL_MS, _PAGE_MS, _RECOMPUTE_MS = 50.0, 2_000.0, 5_000.0, 200.0, 120_000.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how long it may take; `most_ms` None: no target, shown to compare."""

    name: str
    most_ms: float | None
    ask: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Taken:
    wall_ms: float
    cpu_ms: float


def timed(ask: Callable[[], object]) -> Taken:
    wall, cpu = time.perf_counter(), _cpu_s()
    ask()
    return Taken(1000 * (time.perf_counter() - wall), 1000 * (_cpu_s() - cpu))


def _cpu_s() -> float:
    """Of this process and of those that it started and that have ended."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def answer(question: Question, tries: int) -> bool:
    """Asks and prints; whether the target was met."""
    first = timed(question.ask)
    taken = [timed(question.ask) for _ in range(tries)] or [first]
    wall, cpu = (statistics.median(getattr(each, name) for each in taken) for name in ("wall_ms", "cpu_ms"))
    is_met = question.most_ms is None or wall <= question.most_ms
    target = f"{question.most_ms:8.0f}" if question.most_ms else "       –"
    verdict = "" if question.most_ms is None else "met" if is_met else "MISSED"
    print(f"{question.name:44} {wall:10.1f} {cpu:10.1f} {first.wall_ms:10.1f} {target}  {verdict}", flush=True)
    return is_met


def questions(connection: Connection, given: argparse.Namespace) -> Iterator[Question]:
    """In the order in which an operator meets them."""
    found, now = scene(connection)
    chat, uid = found.id, found.uid
    today = now.astimezone(_ZONE).date()
    now_ms = int(now.timestamp() * 1000)
    if given.each:
        everything = scope_of(None, today, now_ms)
        for metric in METRICS.values():
            yield Question(
                f"all groups: {metric.id}", _ALL_MS, lambda m=metric: value_of(Figures(connection, everything), m)  # type: ignore[misc]
            )  # fmt: skip
        return
    yield from _in_chat(connection, chat, today)
    yield from _of_a_group(connection, chat, uid, today, now)
    yield from _of_all(connection, today, now_ms)


def scene(connection: Connection) -> tuple[Any, datetime]:
    """The group (id, uid) with most messages, and the moment at which the log ends: the evening of its last day."""
    d, c = t.day_stat.c, t.chat.c
    biggest = select(c.id, c.uid).join_from(t.day_stat, t.chat, c.id == d.chat_id).group_by(c.id, c.uid)
    found = connection.execute(biggest.order_by(func.sum(d.msgs).desc(), c.id).limit(1)).one()
    newest_at = connection.execute(select(func.max(d.to_at))).scalar() or 0
    return found, datetime.fromtimestamp(newest_at / 1000, UTC) - timedelta(hours=4)


def _in_chat(connection: Connection, chat: int, today: date) -> Iterator[Question]:
    week, month = (since(window, today, _ZONE, datetime.min.time()) for window in ("week", "month"))
    busiest = select(t.member_day.c.member_id).where(t.member_day.c.chat_id == chat).group_by(t.member_day.c.member_id)
    who = connection.execute(busiest.order_by(func.sum(t.member_day.c.msgs).desc()).limit(1)).scalar() or 0
    stat = select(t.day_stat.c.from_at, t.day_stat.c.to_at).where(
        t.day_stat.c.chat_id == chat, t.day_stat.c.day == today.isoformat()
    )
    span = Span(chat, today.isoformat(), *connection.execute(stat).one())
    yield Question("排行 activity, this week", _CHAT_MS, lambda: board(connection, chat, "activity", week))
    yield Question("排行 activity, this month", _CHAT_MS, lambda: board(connection, chat, "activity", month))
    yield Question("排行 activity, ninety days", _CHAT_MS, lambda: board(connection, chat, "activity", None))
    yield Question("积分 points", _CHAT_MS, lambda: board(connection, chat, "points", None))
    yield Question("积分 points, this month", _CHAT_MS, lambda: board(connection, chat, "points", month))
    yield Question(
        "为什么 a day's lines", _CHAT_MS,
        lambda: explanation.explain_day(connection, [who], span, active(connection), 0, Counter()),
    )  # fmt: skip


def _of_a_group(connection: Connection, chat: int, uid: str, today: date, now: datetime) -> Iterator[Question]:
    now_ms = int(now.timestamp() * 1000)
    week, month = scope_of(chat, today, now_ms, days=7), scope_of(chat, today, now_ms)
    last_week = reports.period_of("week", reports.period_of("week", today).first - timedelta(days=1))

    def report(*forms: str) -> object:
        found = reports.build(reports.gather(connection, chat, last_week, now), reports.Purpose())
        return [
            {"html": reports.html, "xlsx": reports.workbook, "png": reports.card, "text": reports.plain}[form](found, _TEMPLATES)
            for form in forms
        ]  # fmt: skip

    yield Question("a group's weekly report: HTML", _REPORT_MS, lambda: report("html"))
    yield Question("a group's weekly report: HTML, XLSX, text", _REPORT_MS, lambda: report("html", "xlsx", "text"))
    yield Question("a group's week: fifty metrics", _REPORT_MS, lambda: measure(connection, week))
    yield Question("a group's week: days and gaps", _REPORT_MS, lambda: series(Figures(connection, week)))
    yield Question("a group's month: fifty metrics", _REPORT_MS, lambda: measure(connection, month))
    yield Question("a group's tiers", _REPORT_MS, lambda: tiers_of(connection, chat, today - timedelta(days=1)))
    yield Question("a group's cohorts by play", _REPORT_MS, lambda: retention(connection, month, "play"))
    yield Question("a group's newcomers", _REPORT_MS, lambda: newcomers(Figures(connection, month)))
    yield Question("stats of a group", _REPORT_MS, lambda: group_figures.groups(connection, today, uid=uid))


def _of_all(connection: Connection, today: date, now_ms: int) -> Iterator[Question]:
    scope: Scope = scope_of(None, today, now_ms)
    kept = ["retention.d1", "retention.d7", "retention.d30"]
    first_level = [metric.id for metric in METRICS.values() if metric.level == 1]
    yield Question("all groups: DAU/MAU", _ALL_MS, lambda: measure(connection, scope, ["activity.dau_mau"]))
    yield Question("all groups: D1, D7, D30 cohorts", _ALL_MS, lambda: measure(connection, scope, kept))
    yield Question("all groups: first level", None, lambda: measure(connection, scope, first_level))
    yield Question("all groups: fifty metrics", None, lambda: measure(connection, scope))
    yield Question("stats of all groups", None, lambda: group_figures.groups(connection, today))


def _recompute(database: Database, connection: Connection, loaded: Loaded) -> Question:
    """Everything by other rules, into a file that is thrown away."""
    other = Scoring(version="bench", counting=Counting(min_chars=2))

    def work() -> None:
        with tempfile.TemporaryDirectory(prefix="qunops-recompute-") as folder:
            preview = Preview(Path(folder) / "preview.db")
            recount(database, connection, preview, other, loaded, lambda done, of: None)
            preview.close()

    return Question("scoring recompute, all of the log", _RECOMPUTE_MS, work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True, help="URL of the large log")
    parser.add_argument(
        "--playbooks", type=Path, help="what runs there; without it the console's pages are not asked for"
    )
    parser.add_argument("--tries", type=int, default=5, help="after the first one, which is printed by itself")
    parser.add_argument("--only", default="", help="those whose name holds this text")
    parser.add_argument("--each", action="store_true", help="every metric over all groups by itself")
    parser.add_argument("--recompute", action="store_true", help="all scores again, once")
    given = parser.parse_args()
    print(f"{'':44} {'wall ms':>10} {'CPU ms':>10} {'first ms':>10} {'target':>8}")
    with Database(given.database, mode="read") as database:
        with database.reading() as connection:
            asked = [each for each in questions(connection, given) if given.only in each.name]
            met = [answer(question, given.tries) for question in asked]
            if given.playbooks is not None:
                folder = PlaybookFolder(given.playbooks, lambda: datetime.now(UTC))
                loaded = folder.load()
                if given.recompute:
                    met.append(answer(_recompute(database, connection, loaded), 0))
            chat, now = scene(connection)
        if given.playbooks is not None and not given.each and given.only in "console":
            with asyncio.Runner() as runner:
                pages = Pages(database, folder, loaded, now)
                runner.run(pages.sign_in())
                for name, page in pages.all(chat.uid):
                    met.append(answer(Question(name, _PAGE_MS, lambda page=page: runner.run(page())), given.tries))  # type: ignore[misc]
                runner.run(pages.close())
                runner.run(database.aclose())
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()

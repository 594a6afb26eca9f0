"""A report's tables as XLSX: numbers as numbers, text that a spreadsheet would run as text, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from bot.engine.files import harmless
from bot.insight.reports.model import Figure, Report
from bot.insight.reports.page import coverage, span_of
from bot.insight.reports.words import Words, span, words_of

Cell: TypeAlias = str | int | float | None
_EPOCH = (1980, 1, 1, 0, 0, 0)
_STAMPS = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms)")


def workbook(report: Report, folder: Path) -> bytes:
    from openpyxl import Workbook  # takes 9 MB and 0.1 s that most processes never need

    words = words_of(folder)
    book = Workbook()
    book.remove(book.active)
    _sheet(book, words["sheets.overview"], (), _overview(report, words))
    figures = (*report.first, *report.second)
    head = [words[f"page.{name}"] for name in ("metric", "value", "previous", "change", "range", "basis", "remark")]
    head += [words["sheets.formula"], words["sheets.caveat"], "id"]
    _sheet(book, words["sheets.metrics"], head, (_metric(figure, words) for figure in figures))
    days = [words[name] for name in ("sheets.day", "sheets.day_last", "page.msgs", "page.active", "sheets.lost")]
    _sheet(
        book, words["sheets.days"], days,
        ((f"{b.first}", f"{b.last}", b.msgs, b.active, round(b.lost, 3)) for b in report.course),
    )  # fmt: skip
    people = [words[f"page.{name}"] for name in ("person", "person_msgs", "person_days", "person_replies", "person_checkins", "person_helped")]  # fmt: skip
    rows = ((p.name, p.msgs, p.days, p.replies, p.checkins, p.helped) for p in report.people)
    _sheet(book, words["sheets.people"], people, rows)
    if report.cohorts:
        cohorts = [words["page.cohort_week"], words["page.cohort_size"]]
        cohorts += [words.fill("page.cohort_day", n=n) for n in (1, 7, 14, 28)]
        _sheet(book, words["sheets.cohorts"], cohorts, ((c.label, c.size, *c.shares) for c in report.cohorts))
    actions = [words[f"sheets.{name}"] for name in ("number", "text", "by", "on", "status")]
    states = ((a.number, a.text, a.by, f"{a.on}", words[f"sheets.{a.status}"]) for a in (*report.actions, *report.done))
    _sheet(book, words["sheets.actions"], actions, states)
    if report.questions:
        _sheet(book, words["sheets.questions"], [words["sheets.asked"], words["page.person"], words["sheets.text"]], report.questions)  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return _timeless(out.getvalue())


def _overview(report: Report, words: Words) -> Iterable[Sequence[Cell]]:
    yield words[f"kinds.{report.period.kind}"], report.group
    yield report.uid, span_of(report, words)
    yield words["page.goal"], report.purpose.goal
    if report.star is not None:
        yield words["page.north_star"], report.star.now.metric.zh, report.star.now.value
    for section, remarks in (("story", report.story), ("notable", report.notable), ("ideas", report.ideas)):
        for remark in remarks:
            yield "", words.remark(section, remark)
    yield words["page.method"], words["page.method_text"]
    yield "", coverage(report, words)
    yield "", words.fill("page.footer", version=report.version, group=report.group)


def _metric(figure: Figure, words: Words) -> Sequence[Cell]:
    now, metric = figure.now, figure.now.metric
    return (
        metric.zh, now.value, figure.before.value if figure.before else None, words.change(figure), span(now), now.n or None,
        "、".join(words.reasons(now)), metric.formula[0], metric.caveat[0], metric.id,
    )  # fmt: skip


def _sheet(book: object, name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    def safe(value: Cell) -> Cell:
        return ILLEGAL_CHARACTERS_RE.sub("", str(harmless(value))) if isinstance(value, str) else value

    sheet = book.create_sheet(name)  # type: ignore[attr-defined]
    widths: dict[int, int] = {}
    for row in [head] if head else []:
        sheet.append(list(row))
    for values in rows:
        sheet.append([safe(value) for value in values])
    for row in sheet.iter_rows(max_row=200):
        for cell in row:
            size = sum(2 if ord(sign) > 0x2E7F else 1 for sign in str(cell.value if cell.value is not None else ""))
            widths[cell.column] = max(widths.get(cell.column, 8), min(size + 2, 60))
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = width
    if head:
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"


def _timeless(content: bytes) -> bytes:
    """The same archive without the moment at which it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _STAMPS.sub(rb"\g<1>2000-01-01T00:00:00Z\g<2>", data)
            new.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()

"""Reports on a group: a day, a week, a month, a camp, or all of its past.

    material = gather(connection, chat_id, period, now)     # the only part that reads the store
    report = build(material, purpose)                       # pure: what happened, against the period before
    html(report, templates), workbook(report, templates), card(report, templates), plain(report, templates)

The same log, period and version give the same bytes: nothing of the moment of writing is in a report but `now` for a
period that is not over.
"""

from bot.insight.reports.build import build
from bot.insight.reports.card import NAME as CARD
from bot.insight.reports.card import card
from bot.insight.reports.gather import Material, gather
from bot.insight.reports.model import Purpose, Report
from bot.insight.reports.page import file_name, html, plain
from bot.insight.reports.period import KINDS, Kind, Period, period_of
from bot.insight.reports.workbook import workbook

__all__ = [
    "CARD", "KINDS", "Kind", "Material", "Period", "Purpose", "Report", "build", "card", "file_name", "gather", "html", "period_of", "plain", "workbook",
]  # fmt: skip

"""The metric catalogue as a table."""

from __future__ import annotations

from bot.core.metrics import METRICS
from bot.playbook.wording import Lang
from docs.generator import tables


def catalogue(lang: Lang) -> str:
    """Each first-level metric, and below it those that explain it."""
    is_en = lang == "en"
    order = [m for first in METRICS.values() if first.level == 1 for m in METRICS.values() if first.id in (m.id, m.of)]
    rows = []
    for metric in order:
        name = metric.en if is_en else metric.zh
        name = f"**{name}**" if metric.level == 1 else name
        name += (("（代理）", " (proxy)")[is_en]) if metric.is_proxy else ""
        rows.append((tables.code(metric.id), name, metric.formula[is_en], metric.owner[is_en], metric.caveat[is_en]))
    heads = (("编号", "名称", "怎么算", "负责", "注意"), ("Id", "Name", "Formula", "Owner", "Caveat"))[is_en]
    return tables.table(heads, rows)

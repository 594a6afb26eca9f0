"""The list as a table for operators."""

from __future__ import annotations

from typing import Literal

from bot.core.effects import SendFile
from bot.core.jielong import Chain, goods_of, totals_of
from bot.core.jielong.numerals import plain
from bot.plays.chain.forms import read_line
from bot.plays.chain.shelf import Ctx, Shelf

Format = Literal["xlsx", "csv"]


def export(shelf: Shelf, chain: Chain, ctx: Ctx, to: str, form: Format = "xlsx") -> SendFile:
    """One row per entry, the totals below."""
    group, params = shelf.group, ctx.params
    goods = goods_of(chain, group.options)
    totals = totals_of(
        chain,
        goods,
        capacity=group.options.capacity,
        counts_guests=group.options.counts_guests,
        counts_people=params.counts_people,
    )
    columns = ["序号", "内容", "接龙人", "归属"]
    columns += [good.name for good in goods] + ["金额", "收款"] if goods else ["数量"]
    columns += [asked.name for asked in params.fields]
    if params.capacity:
        columns.append("名额")
    rows: list[tuple[str | int | float, ...]] = []
    for number, counted in enumerate(totals.entries, start=1):
        entry = counted.entry
        row: list[str | int | float] = [number, entry.text, group.directory.name(entry.author)]
        row.append(group.directory.name(entry.owner))
        if counted.order is not None:
            row += [plain(counted.order.items[good.name]) if good.name in counted.order.items else "" for good in goods]
            row.append("待确认" if counted.order.is_unparsed else float(counted.order.amount))
            row.append("已付" if shelf.paid.get((chain.id, entry.id)) else "未付")
        else:
            row.append(plain(counted.quantity))
        if params.fields:
            known = read_line(entry.text, params.fields).answers | shelf.answers.get((chain.id, entry.id), {})
            row += [known.get(asked.name, "") for asked in params.fields]
        if params.capacity:
            row.append("候补" if counted.is_waiting else "正式")
        rows.append(tuple(row))
    last: list[str | int | float] = ["合计", "", "", ""]
    if goods:
        last += [plain(totals.items[good.name]) if good.name in totals.items else 0 for good in goods]
        last += [float(totals.amount), ""]
    else:
        last.append(plain(totals.quantity))
    rows.append(tuple(last + [""] * (len(columns) - len(last))))
    name = chain.head.title.split("\n", 1)[0].strip() or "接龙"
    safe_name = "".join(char for char in name if char.isalnum() or char in " -_·")[:30].strip() or "接龙"
    return SendFile(name=f"{safe_name}.{form}", columns=tuple(columns), rows=tuple(rows), format=form, to=to or None)

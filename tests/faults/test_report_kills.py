"""A report is made between the commit of its order and its send: killed at any point on that way it is sent once, or listed
as unknown."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import tables as t
from storage.database import Database
from tests.faults.network import FIRST_MEMBER, Network
from tests.faults.site import FIRST_GROUP, Site
from tests.faults.storm import quiet

_REPORT = f"""
  周报: {{kind: report, metric: checkin.rate, formats: [html, text]}}

operators: ["qq:{FIRST_MEMBER}"]
"""
_ON_THE_WAY = (
    "commit.before=kill@1",  # nothing has happened
    "report.made=kill@1",  # made, nobody has it
    "report.made=kill@2",  # the second shape is made, the first may have arrived
    "outbox.sent=kill@1",  # it has arrived, nobody wrote that down
)


@pytest.mark.timeout(400)
async def test_a_report_is_sent_once_or_listed_as_unknown(tmp_path: Path, sqlite_template: Path) -> None:
    """The operator asks again after each kill: no shape of any order arrives twice, what is done has arrived, and what is not
    known to have arrived is listed so."""
    url = f"sqlite:///{tmp_path}/qunops.db"
    site = Site(tmp_path / "site", url, groups=1)
    with site.playbook.open("a", encoding="utf-8") as file:
        file.write(_REPORT)
    async with Network(site, groups=1) as network:
        site.start()
        await network.online()
        await network.says(FIRST_GROUP, FIRST_MEMBER, "打卡")
        await quiet(site, network)
        assert await site.stop() == 0
        for failpoint in _ON_THE_WAY:
            site.start(failpoint)
            await network.online()
            await network.says(FIRST_GROUP, FIRST_MEMBER, "周报")
            assert await site.ended(30), f"{failpoint} was not reached:\n{site.last_words()}"
            assert await site.kill() == -9
        site.start()
        await network.online()
        await network.says(FIRST_GROUP, FIRST_MEMBER, "周报")
        await quiet(site, network)
        assert await site.stop() == 0
        arrived = _arrived(network)
    orders = await asyncio.to_thread(_orders, url)
    statuses = Counter(status for status, _ in orders)
    assert statuses.keys() <= {"done", "unknown"}
    assert statuses["unknown"] >= 3, "each kill after the commit leaves what it was about"
    assert len(orders) == 2 * (len(_ON_THE_WAY) + 1), (
        "every call is an order for two shapes, the one that died with its cycle too"
    )
    for form in ("html", "text"):
        done = sum(status == "done" and each == form for status, each in orders)
        unknown = sum(status == "unknown" and each == form for status, each in orders)
        assert done <= arrived[form] <= done + unknown, form
    assert arrived["html"] + arrived["text"] >= 2


def _arrived(network: Network) -> Counter[str]:
    """What the operator's chat holds, by shape."""
    found: Counter[str] = Counter()
    for action, params in network.peer.calls:
        if action == "upload_private_file" and str(params["name"]).endswith(".html"):
            found["html"] += 1
        elif action == "send_private_msg" and "周报" in json.dumps(params, ensure_ascii=False):
            found["text"] += 1
    return found


def _orders(url: str) -> list[tuple[str, str]]:
    with Database(url, mode="read") as database, database.reading() as connection:
        rows = connection.execute(select(t.outbox.c.status, t.outbox.c.body).where(t.outbox.c.kind == "report")).all()
    return [(row.status, json.loads(row.body)["form"]) for row in rows]

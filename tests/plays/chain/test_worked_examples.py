"""The twelve chats that define what a 接龙 is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bot.core.jielong import replay
from tests.plays.chain.replaying import cases

_FILE = cases("worked_examples.json")


@pytest.mark.parametrize("example", _FILE["chats"], ids=lambda example: example["id"])
def test_a_worked_example_gives_its_list_events_and_posts(example: dict[str, Any]) -> None:
    """The list, who wrote each line, the sums, what was refused and when a post is due, all as stated."""
    names = [*_FILE["members"], _FILE["operator"]]
    result = replay(
        {
            "config": {"operators": [_FILE["operator"]]},
            "members": {name: {"name": name} for name in names},
            "messages": [
                {
                    "id": str(number),
                    "t": datetime.strptime(f"2025-{line['at']}", "%Y-%m-%d %H:%M").isoformat(),
                    "from": line["who"],
                    "type": "text",
                    "text": line["says"],
                }
                for number, line in enumerate(example["chat"], start=1)
            ],
        }
    )
    (chain,) = result["chains"]
    assert [
        {
            "text": entry["text"],
            "by": entry["author"],
            **({"for": entry["owner"]} if "owner" in entry else {}),
            **({"count": entry["qty"]} if "qty" in entry else {"order": entry["items"], "yuan": entry["amount"]}),
        }
        for entry in chain["entries"]
    ] == example["list"]
    assert chain["title"] == example["title"]
    assert (chain["status"] == "open") == example["open"]
    sums = {"count": chain.get("total_qty"), "order": chain.get("totals"), "yuan": chain.get("amount")}
    assert {key: value for key, value in sums.items() if value is not None} == example["sum"]
    assert [[int(message), code] for message, code in result["events"]] == example["events"]
    assert [int(message) for message in result["posts_due"]] == example["posts"]

"""The schema, the reference and the handbook come from the same models and are current."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.schema import text_of
from bot.playbook.codes import CODES
from bot.playbook.handbook import diagnostics_page
from bot.playbook.header import Head
from bot.playbook.reference import entries_of, find
from bot.playbook.schema import build
from bot.plays import all_plays
from tests.playbook.demo import KINDS

ROOT = Path(__file__).parent.parent.parent


def test_schema_is_current() -> None:
    """`playbooks/schema.json` is what `qunops schema --write` writes."""
    assert (ROOT / "playbooks" / "schema.json").read_text("utf-8") == text_of()


def test_schema_has_a_branch_for_each_kind() -> None:
    """A play is validated by its kind's branch, unknown keys forbidden, with a reference for every name it uses."""
    schema = build(KINDS)
    text = json.dumps(schema)
    for kind in KINDS:
        branch = schema["$defs"][f"play.{kind}"]
        assert branch["additionalProperties"] is False
        assert branch["properties"]["kind"]["const"] == kind
    assert schema["$defs"]["play.demo"]["properties"]["batch"]["description"] == "攒多久 · how long to collect"
    for part in text.split('"$ref": "#/$defs/')[1:]:
        assert part.split('"')[0] in schema["$defs"]


def test_diagnostics_page_is_current() -> None:
    """`docs/handbook/diagnostics.md` is generated from the registry, both languages."""
    page = (ROOT / "docs" / "handbook" / "diagnostics.md").read_text("utf-8")
    assert page == diagnostics_page()
    assert all(f'id="{code.lower()}"' in page for code in CODES)


def test_reference_of_a_key() -> None:
    """A key has its type, default and description, and lists what stands inside."""
    entries = find(["demo", "content"], KINDS)
    assert [(entry.key, entry.default, entry.type.zh) for entry in entries] == [
        ("demo.content", "–", "一组「键: 值」"),
        ("demo.content.min_chars", "0", "整数"),
        ("demo.content.or", "–", "image"),
    ]
    assert find(["demo", "nothing"], KINDS) == []


def test_every_key_is_described() -> None:
    """No key of the head is without words in both languages."""
    assert [entry.key for entry in entries_of(Head) if not entry.about or entry.about.zh == entry.about.en] == []


@pytest.mark.parametrize("kind", sorted(all_plays()))
def test_every_key_of_every_play_is_described(kind: str) -> None:
    """Completion and the reference depend on it."""
    assert [entry.key for entry in find([kind], all_plays()) if not entry.about] == []

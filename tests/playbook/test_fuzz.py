"""Mutated playbooks: never an exception, never a hang, every problem with a place."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.template_check import check_template
from bot.playbook.checks import Checks
from bot.playbook.load import load
from bot.playbook.report import as_json, render
from bot.plays import all_plays, asset_parsers
from tests.effort import with_effort
from tests.playbook.demo import CHECKS
from tests.playbook.test_cases import CASES, parts
from tests.playbook.test_layers import BASE, CAMP, GROUPS

EXAMPLES = Path(__file__).parent.parent.parent / "playbooks" / "examples"
SEEDS = [CAMP, BASE, GROUPS] + [
    body
    for path in sorted(CASES.glob("*.case"))
    for name, body in parts(path.read_text("utf-8")).items()
    if name == "camp.yaml"
]
REAL = [path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.yaml"))]
BITS = st.sampled_from(
    ["[", "]", "{", "}", ":", ": ", "- ", "\n", "\n  ", "\t", "#", "&a ", "*a", "!!str ", "|\n", "'", '"', "{{ x }}",
     "{% for a in b %}", "null", "true", "1e999", "-1", "99999999999999999999", "：", "，", "\u3000", "\u2028", "\x00",
     "\ud800", "\U0001f600", "<<: ", "? ", "---\n", "%", "kind: demo", "..", "~", "2026-02-30", "25:00", "30"]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, seeds: list[str]) -> str:
    """A playbook with up to six cuts, doublings and insertions."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 30)))
        match draw(st.sampled_from(["cut", "double", "insert", "swap"])):
            case "cut":
                text = text[:at] + text[end:]
            case "double":
                text = text[:end] + text[at:end] * draw(st.integers(1, 4)) + text[end:]
            case "insert":
                text = text[:at] + draw(BITS) + text[at:]
            case _:
                text = text[:at] + draw(BITS) + text[end:]
    return text


def check(text: str, checks: Checks) -> None:
    files = {"camp.yaml": text, "base.yaml": BASE, "groups.yaml": GROUPS}
    loaded, took_s = with_effort(lambda: load(files, checks), within_s=2)
    for problem in loaded.problems:
        assert problem.place.line >= 1
        assert problem.place.col >= 1
        assert problem.message.zh
        as_json(problem)
    render(loaded.problems)
    loaded.plan("qq:1")
    assert took_s < 2, text


@settings(max_examples=60)
@given(mutated(SEEDS))
def test_mutated_playbooks(text: str) -> None:
    """Any damage to a playbook is answered by values, and soon."""
    check(text, CHECKS)


@settings(max_examples=40)
@given(mutated(REAL or SEEDS))
def test_mutated_examples(text: str) -> None:
    """The same with the real plays."""
    checks = Checks(kinds=all_plays(), parsers=asset_parsers(), check_template=check_template)
    check(text, checks)


@settings(max_examples=40)
@given(mutated([GROUPS, BASE]))
def test_mutated_shared_files(text: str) -> None:
    """Damage to the shared files is reported, and no playbook takes it."""
    for name in ("base.yaml", "groups.yaml"):
        load({"camp.yaml": CAMP, name: text}, CHECKS).plan("qq:1")

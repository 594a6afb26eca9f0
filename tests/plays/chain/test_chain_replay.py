"""`qunops chain replay FILE`: recorded cases in, results as JSON out."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import build
from tests.plays.chain.replaying import case_of

_RUN = CliRunner()


def test_replay_prints_every_case(tmp_path: Path) -> None:
    """Chains, events and due posts by the id of the case."""
    first = case_of([{"小美": "#接龙\n徒步\n\n1. 小美 2人"}, {"小美": "+1"}], {}) | {"id": "a"}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"cases": [first, {"id": "b", "messages": []}]}), encoding="utf-8")
    result = _RUN.invoke(build(), ["chain", "replay", str(file)])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "a": {
            "chains": [
                {
                    "title": "徒步",
                    "status": "open",
                    "entries": [{"text": "小美 2人", "author": "小美", "qty": 2}],
                    "total_qty": 2,
                }
            ],
            "events": [["2", "already_joined"]],
            "posts_due": [],
        },
        "b": {"chains": [], "events": [], "posts_due": []},
    }


def test_a_malformed_file_is_named(tmp_path: Path) -> None:
    """No JSON, no cases, or a case without its parts: said in one line, exit code 2."""
    file = tmp_path / "cases.json"
    for text in (
        "{",
        "[]",
        "{}",
        '{"cases": []}',
        '{"cases": {"a": 1}}',
        '{"cases": [{"messages": [{"id": "1"}]}]}',
        '{"cases": [{"id": "a", "messages": [{"id": "1"}]}]}',
        '{"cases": [{"id": "a", "messages": 3}]}',
        '{"cases": [{"id": "a", "messages": [], "config": {"goods": [{"name": "a", "price": "much"}]}}]}',
        '{"cases": [{"id": "a", "messages": [], "config": {"deadline": "soon"}}]}',
        '{"cases": [{"id": "a", "messages": [{"id": "1", "t": "now", "from": "x", "text": "+1"}]}]}',
    ):
        file.write_text(text, encoding="utf-8")
        result = _RUN.invoke(build(), ["chain", "replay", str(file)])
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
    assert _RUN.invoke(build(), ["chain", "replay", str(tmp_path / "none.json")]).exit_code == 3


def test_one_malformed_case_does_not_stop_the_others(tmp_path: Path) -> None:
    """A list of cases without a map around it, a mark of the byte order, one case broken: the other is computed."""
    file = tmp_path / "cases.json"
    good = case_of([{"小美": "#接龙\n徒步\n\n1. 小美"}], {}) | {"id": "good"}
    file.write_text(json.dumps([{"id": "bad", "messages": [{}]}, good]), encoding="utf-8-sig")
    result = _RUN.invoke(build(), ["chain", "replay", str(file)])
    assert result.exit_code == 2
    assert list(json.loads(result.stdout)) == ["good"]
    assert "cases[1] bad: 缺少 id" in result.stderr

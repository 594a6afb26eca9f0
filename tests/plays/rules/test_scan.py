"""`qunops rules scan` and trying words on what was said."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import NO, UNUSABLE, USAGE, build
from bot.plays.rules import try_word
from tests.plays.rules.scene import ADS

_PLAYBOOK = """
playbook: t
title: 试
groups: ["sim:*"]
plays:
  群规:
    kind: rules
    rules:
      - {id: 广告, match: {words: lexicon/ads.txt}}
      - {id: 外链, match: {link: {allow: [qq.com]}}}
      - {id: 手机号, match: {regex: '1[3-9]\\d{9}'}}
      - {id: 太长, match: {length: {characters: 40}}}
"""


def _folder(tmp_path: Path, playbook: str = _PLAYBOOK) -> Path:
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon/ads.txt").write_text(ADS, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(playbook, encoding="utf-8")
    texts = ["加薇信 tom", "你好", "看https://bad.com/x 13812345678", "长" * 41, "a\u2028b"]
    lines = "\n\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in texts)
    (tmp_path / "in.jsonl").write_text(lines + "\n", encoding="utf-8")
    return tmp_path


def _scan(folder: Path, *more: str, source: str = "in.jsonl") -> tuple[int, str, str]:
    lexicon = str(folder / "lexicon/ads.txt")
    result = CliRunner().invoke(build(), ["rules", "scan", "--lexicon", lexicon, *more, str(folder / source)])
    return result.exit_code, result.stdout, result.stderr


def test_scan_prints_what_every_line_hits(tmp_path: Path) -> None:
    """One JSON object a line, words with the lexicon alone, rules with a playbook."""
    folder = _folder(tmp_path)
    code, out, _ = _scan(folder, "--rules", str(folder / "rules.yaml"))
    rows = [json.loads(line) for line in out.split("\n") if line]
    assert code == 0
    assert [(row["hits"], row["rules"]) for row in rows] == [
        (["加微信"], ["广告"]),
        ([], []),
        ([], ["手机号", "外链"]),
        ([], ["太长"]),
        ([], []),
    ]
    _, out, _ = _scan(folder)
    assert [json.loads(line)["rules"] for line in out.split("\n") if line] == [[]] * 5


def test_scan_says_what_is_wrong_with_its_input(tmp_path: Path) -> None:
    """Missing file, not JSON, no text, a playbook with errors or without rules: each by its exit code."""
    folder = _folder(tmp_path)
    assert _scan(folder, source="missing.jsonl")[0] == UNUSABLE
    (folder / "bad.jsonl").write_text('{"text": "好"}\n{"text": 1}\n', encoding="utf-8")
    code, _, err = _scan(folder, source="bad.jsonl")
    assert code == USAGE
    assert "bad.jsonl:2:" in err
    mixed = b'\xef\xbb\xbf{"text": "1"}\n{\n[1]\n' + b"[" * 100_000 + b'\n{"text": "2"}\r\n'
    (folder / "mixed.jsonl").write_bytes(mixed)
    code, out, err = _scan(folder, source="mixed.jsonl")
    assert (code, [json.loads(line)["text"] for line in out.splitlines()]) == (USAGE, ["1", "2"])
    assert [line.split(":")[1] for line in err.splitlines()] == ["2", "3", "4"]
    (folder / "gbk.jsonl").write_bytes('{"text": "好"}\n'.encode("gb18030"))
    assert _scan(folder, source="gbk.jsonl")[0] == USAGE
    (folder / "broken.yaml").write_text(_PLAYBOOK.replace("link", "lnik").replace(": t\n", ": u\n"), encoding="utf-8")
    code, _, err = _scan(folder, "--rules", str(folder / "broken.yaml"))
    assert code == NO
    assert "lnik" in err
    assert _scan(folder, "--rules", str(folder / "missing.yaml"))[0] == USAGE


def test_a_word_is_tried_on_history() -> None:
    """How many messages it would hit, and some of them."""
    trial = try_word("拼单", ["拼单吗", "拼-单", "好的", "拼 单了"])
    assert (trial.messages, trial.hit) == (4, 3)
    assert trial.hits["拼单"] == (3, ("拼单吗", "拼-单", "拼 单了"))
    assert try_word("拼单", ["拼单词游戏"], allow=["拼单词"]).hit == 0

"""Banks as files: YAML with all scalars as text, and CSV as spreadsheets save it. Text in, bank and problems out."""

from __future__ import annotations

import csv
import io
import re
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Any

import yaml

from bot.plays.quiz.bank import Bank, Checker, Draft, Problem, Question
from bot.plays.quiz.judge import key

_LARGEST = 5_000_000
_DEEPEST = 12
_BANK_KEYS = frozenset(["bank", "version", "license", "defaults", "questions"])
_QUESTION_KEYS = frozenset(
    [
        "id",
        "type",
        "text",
        "options",
        "answer",
        "explanation",
        "difficulty",
        "points",
        "limit",
        "tags",
        "image",
        "category",
    ]
)
_HEADERS = {
    "编号": "id",
    "题型": "type",
    "题目": "text",
    "question": "text",
    "答案": "answer",
    "解析": "explanation",
    "难度": "difficulty",
    "分值": "points",
    "时限": "limit",
    "分类": "category",
    "标签": "tags",
    "图片": "image",
}
_TYPES = {"单选": "single", "多选": "multi", "判断": "truefalse", "填空": "text"}
_OPTION = re.compile(r"(?:选项)?([a-j])")
_LETTERS = "ABCDEFGHIJ"
_TRUE_FALSE = frozenset((("对", "错"), ("正确", "错误"), ("是", "否"), ("true", "false")))
"""What tables have in the columns A and B of a truefalse question: it says nothing new."""


def parse_bank(path: str, text: str) -> tuple[Bank, list[Problem]]:
    """The bank of all questions without an error, and every problem with its line; errors mean: don't use it."""
    check = Checker()
    text = text.removeprefix("\ufeff")
    bank = _csv(path, text, check) if path.lower().endswith(".csv") else _yaml(text, check)
    return bank, sorted(check.problems, key=lambda problem: (problem.line, not problem.is_error))


# -- YAML ---------------------------------------------------------------------------------------------------------------


def _yaml(text: str, check: Checker) -> Bank:
    if (root := _compose(text, check)) is None:
        return Bank()
    if not isinstance(root, yaml.MappingNode):
        return _broken(check, 1, "题库要以 bank: 和 questions: 开头", "a bank begins with `bank:` and `questions:`")
    top = _mapping(root, check, _BANK_KEYS)
    name = _scalar(top.get("bank"))
    if not name:
        check.error(1, "missing-field", "bank")
    defaults = _mapping(top["defaults"], check) if isinstance(top.get("defaults"), yaml.MappingNode) else {}
    line = _line(top["defaults"]) if "defaults" in top else 1
    questions: list[tuple[int, Question]] = []
    listed = top.get("questions")
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        check.error(1, "missing-field", "questions")
    else:
        for node in listed.value:
            if not isinstance(node, yaml.MappingNode):
                check.error(_line(node), "missing-field", "id")
                continue
            found = check.question(_draft(node, check), _scalar(defaults.get("category")))
            if found:
                questions.append((_line(node), found))
    return Bank(
        name=name,
        version=_scalar(top.get("version")) or "1",
        license=_scalar(top.get("license")),
        limit_s=check.limit(line, _scalar(defaults.get("limit"))),
        points=check.number(line, _scalar(defaults.get("points")), "points"),
        questions=check.whole(questions),
    )


def _compose(text: str, check: Checker) -> yaml.Node | None:
    """The node tree. Depth, size and aliases are checked on the event stream first: the composer recurses."""
    if len(text) > _LARGEST:
        _broken(check, 1, "题库文件太大(超过 5 MB)", "the bank is larger than 5 MB")
        return None
    depth = 0
    try:
        for event in yaml.parse(text, yaml.CBaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
                _broken(check, _line(event), "题库里不用别名,也不用嵌套这么深", "no aliases, no deep nesting")
                return None
        root: yaml.Node | None = yaml.compose(text, yaml.CBaseLoader)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        _broken(check, mark.line + 1 if mark else 1, f"YAML 写法有误:{error.problem}", f"not YAML: {error.problem}")
        return None
    except yaml.YAMLError as error:
        _broken(check, 1, f"YAML 写法有误:{error}", f"not YAML: {error}")
        return None
    if root is None:
        _broken(check, 1, "题库是空的", "the bank is empty")
    return root


def _broken(check: Checker, line: int, zh: str, en: str) -> Bank:
    check.problems.append(Problem(line, "bank-yaml", zh, en, True))
    return Bank()


def _mapping(node: Any, check: Checker, known: frozenset[str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name_node, value in node.value:
        name = _scalar(name_node)
        if name in found:
            line = _line(name_node)
            check.problems.append(Problem(line, "bank-yaml", f"{name} 写了两次", f"{name} is written twice", True))
        elif known is not None and name not in known:
            if not _scalar(value) and isinstance(value, yaml.ScalarNode):
                # `{explanation: 甲,乙}` is the key 乙 to YAML: text would be lost in silence.
                check.error(_line(name_node), "comma", name)
            else:
                check.warn(_line(name_node), "unknown-key", f"不认识 {name},已忽略", f"unknown key {name}, ignored")
        found.setdefault(name, value)
    return found


def _draft(node: yaml.MappingNode, check: Checker) -> Draft:
    draft = Draft(_line(node))
    for name, value in _mapping(node, check, _QUESTION_KEYS).items():
        if isinstance(value, yaml.SequenceNode):
            draft.lists[name] = tuple(_scalar(item) for item in value.value)
        else:
            draft.fields[name] = _scalar(value)
    if "answer" in draft.fields:
        draft.lists["answer"] = (draft.fields["answer"],)
    return draft


def _scalar(node: Any) -> str:
    return str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


# -- CSV ----------------------------------------------------------------------------------------------------------------


def _csv(path: str, text: str, check: Checker) -> Bank:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [_column(name) for name in next(reader, [])]
        if "text" not in header:
            check.error(1, "missing-field", "text/题目")
            return Bank()
        questions = []
        for row in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in row):
                continue
            cells = {name: cell.strip() for name, cell in zip(header, row, strict=False) if name}
            if found := check.question(_from_row(line, cells, has_id="id" in header)):
                questions.append((line, found))
    except csv.Error as error:
        return _broken(check, reader.line_num, f"CSV 写法有误:{error}", f"not CSV: {error}")
    if not questions and not check.problems:
        check.error(1, "missing-field", "questions")
    return Bank(name=PurePosixPath(path).stem, questions=check.whole(questions))


def _column(name: str) -> str:
    name = name.strip().casefold()
    if match := _OPTION.fullmatch(name):
        return match[1].upper()
    return _HEADERS.get(name, name)


def _from_row(line: int, cells: dict[str, str], *, has_id: bool) -> Draft:
    # An empty cell between two options stays one: the letters behind it must not move.
    last = max((n for n, letter in enumerate(_LETTERS, 1) if cells.get(letter)), default=0)
    options = tuple(cells.get(letter, "") for letter in _LETTERS[:last])
    answer = cells.get("answer", "")
    if not has_id:
        # Statistics hang on the id: one made from the text stays the same when rows are added.
        cells["id"] = "t" + blake2b(key(cells.get("text", "")).encode(), digest_size=5).hexdigest()
    cells["type"] = _TYPES.get(cells.get("type", ""), cells.get("type", "")) or _type_of(options, answer)
    draft = Draft(line, cells)
    if cells["type"] == "truefalse" and tuple(map(key, options)) in _TRUE_FALSE:
        options = ()
    if options:
        draft.lists["options"] = options
    draft.lists["tags"] = tuple(tag for tag in re.split(r"[|、,，;；\s]+", cells.get("tags", "")) if tag)
    return draft


def _type_of(options: tuple[str, ...], answer: str) -> str:
    if not options:
        return "truefalse" if answer in ("对", "错") else "text"
    return "multi" if len(re.sub(r"[^A-Za-z]", "", answer)) > 1 else "single"

"""What the YAML parser says, as an operator would want to hear it."""

from __future__ import annotations

import re
from typing import Any

from bot.playbook.nodes import Source
from bot.playbook.problems import Place, Problem, Wording

_WIDE_COLON = re.compile(r"^(\s*(?:- )?[^\s:#'\"：]+)(：)")
_WIDE_QUOTE = re.compile("[“”]")


def explain_syntax(source: Source, error: Any) -> Problem:
    """The one problem at which the parser gave up. `error` is a `yaml.MarkedYAMLError`."""
    mark = error.problem_mark or error.context_mark
    line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    begin = error.context_mark.line + 1 if error.context_mark else line
    text = f"{error.problem or ''} {error.context or ''}"
    wide = _wide_colon(source, {line, line - 1, begin})
    if wide is not None:
        message = Wording("这里用了中文冒号「：」", "a full-width colon `：` separates nothing")
        hint = Wording("改成英文冒号,后面留一个空格:「键: 值」", "use an ASCII colon followed by a space: `key: value`")
        return Problem(code="PB105", place=wide, message=message, hint=hint)
    opened = error.context_mark
    if (
        opened is not None
        and ("quoted scalar" in text or "flow sequence" in text or "flow mapping" in text)
        and "escape" not in text
    ):
        # Where it was opened says more than where the parser gave up.
        begin, line, col = line, opened.line + 1, opened.column + 1
    line, col = _inside(source, line, col)
    char = source.lines[line - 1][col - 1 : col]
    if char == "\t":
        message = Wording("缩进里用了 Tab", "a tab in the indentation")
        hint = Wording("换成空格,每层两个", "use spaces, two per level")
        return Problem(code="PB106", place=source.place(line, col), message=message, hint=hint)
    message, hint = _words(text, char, begin, line)
    if re.search(r":\s+\{\{", source.lines[line - 1]):
        hint = Wording(
            '以「{{」开头的文字要整句加引号: "{{ 名字 }} 你好"', 'quote text that begins with {{: "{{ name }} hello"'
        )
    return Problem(code="PB105", place=source.place(line, col), message=message, hint=hint)


def _wide_colon(source: Source, numbers: set[int]) -> Place | None:
    for number in sorted(numbers):
        if 0 < number <= len(source.lines):
            found = _WIDE_COLON.match(source.lines[number - 1])
            if found:
                return source.place(number, found.start(2) + 1)
    return None


def _inside(source: Source, line: int, col: int) -> tuple[int, int]:
    """The end of the last line with text when the parser points behind the file."""
    line = min(line, len(source.lines))
    if source.lines[line - 1].strip():
        return line, col
    while line > 1 and not source.lines[line - 1].strip():
        line -= 1
    return line, len(source.lines[line - 1].rstrip()) + 1


def _words(text: str, char: str, begin: int, line: int) -> tuple[Wording, Wording]:
    if "scanning an alias" in text or "scanning an anchor" in text:
        return (
            Wording(
                "以「*」或「&」开头的是引用,名字只能用英文字母和数字",
                "`*` and `&` begin a reference; its name is ASCII",
            ),
            Wording("如果是文字,整句加上引号", "if it is text, put it in quotes"),
        )
    if "mapping values are not allowed" in text:
        return (
            Wording("这里不能再出现「键: 值」", "a `key: value` is not possible here"),
            Wording(
                "看看这一行和上一行的缩进是否对齐;文字里带冒号就整句加引号",
                "check the indentation of this line and the one above; quote text that contains a colon",
            ),
        )
    if "block sequence entries are not allowed" in text:
        return (
            Wording("列表的「- 」不能和键写在同一行", "a list item `- ` can't follow a key on the same line"),
            Wording("另起一行写「- 」,或用方括号 [a, b]", "put the `- ` on a line of its own, or write [a, b]"),
        )
    if "did not find expected ',' or" in text:
        what = "方括号 [ ]" if "]" in text else "花括号 { }"
        return (
            Wording(
                f"{what}没有写完:到第 {begin} 行还缺逗号或右括号",
                f"this bracket is not closed: a comma or the closing one is missing before line {begin}",
            ),
            Wording("检查括号是否成对、各项之间是不是英文逗号", "pair the brackets, separate items with `, `"),
        )
    if "did not find expected key" in text or "did not find expected '-' indicator" in text:
        return (
            Wording("这一行的缩进和上面对不齐", "the indentation of this line doesn't line up with the ones above"),
            Wording(
                "同一层的内容要左对齐,列表和键不能混在同一层",
                "align what belongs together; don't mix list items and keys",
            ),
        )
    if "could not find expected ':'" in text:
        return (
            Wording("这一行不像「键: 值」:缺少冒号", "this line is no `key: value`: the colon is missing"),
            Wording(
                "加上「: 」;如果它属于上面的长文字,就往右缩进", "add `: `; if it belongs to the text above, indent it"
            ),
        )
    if "quoted scalar" in text and "escape" not in text and "hexdecimal" not in text:
        return (
            Wording("引号没有成对", "this quote is not closed"),
            Wording(
                "补上另一半引号;文字里本身有引号就用另一种引号包住",
                "close it; use the other kind around text with quotes",
            ),
        )
    if "unknown escape" in text or "did not find expected hexdecimal" in text:
        return (
            Wording("双引号里的反斜杠「\\」有特殊含义", "a backslash inside double quotes has a special meaning"),
            Wording("改用单引号,或写两个反斜杠", "use single quotes or double the backslash"),
        )
    if "cannot start any token" in text:
        return (
            Wording(f"文字不能以「{char}」开头", f"text can't begin with `{char}`"),
            Wording("给整段文字加上引号", "put the whole text in quotes"),
        )
    if "expected node content" in text and not char:
        return (
            Wording("方括号或花括号没有写完", "a bracket is not closed"),
            Wording("补上右括号", "add the closing bracket"),
        )
    if "unexpected ':'" in text:
        return (
            Wording("这里不该有冒号", "a colon is out of place"),
            Wording("冒号后面要有内容;文字里带冒号就加引号", "something must follow a colon; quote text that has one"),
        )
    if "expected node content" in text:
        return (
            Wording(f"「{char}」不该出现在这里", f"`{char}` is out of place"),
            Wording(
                "检查括号和逗号;以 { } [ ] , 开头的文字要加引号",
                "check brackets and commas; quote text that begins with one",
            ),
        )
    if "directive" in text:
        return (
            Wording("「%」开头的行是 YAML 指令,剧本里用不到", "a line beginning with `%` is a YAML directive"),
            Wording("如果是文字,加上引号或往里缩进", "if it is text, quote or indent it"),
        )
    return (
        Wording("这里不是有效的 YAML", f"not valid YAML: {text}"),
        Wording(
            "检查这一行和上一行的缩进、引号和括号", "check indentation, quotes and brackets here and one line above"
        ),
    )

"""What is wrong in an operator's template, without rendering it: syntax, forbidden constructs, unknown names.

Runs on Jinja2's syntax tree. A name is known when the play or the playbook offers it, or the template sets it itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.engine.sandbox import SafeEnvironment
from bot.playbook.checks import TemplateFault
from bot.playbook.spelling import nearest
from bot.playbook.wording import Wording, bilingual

MOST_CHARACTERS = 8192
_ENVIRONMENT: Environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
_SAFE = SafeEnvironment(trim_blocks=True, lstrip_blocks=True)
_LOOP_NAMES = frozenset(("loop", "true", "false", "none", "True", "False", "None"))
_FORBIDDEN: dict[type[nodes.Node], Wording] = {
    nodes.Macro: Wording("不能定义宏(macro)", "macros are not allowed"),
    nodes.CallBlock: Wording("不能用 call 块", "call blocks are not allowed"),
    nodes.FilterBlock: Wording("不能用 filter 块", "filter blocks are not allowed"),
    nodes.Import: Wording("不能引入别的模板", "imports are not allowed"),
    nodes.FromImport: Wording("不能引入别的模板", "imports are not allowed"),
    nodes.Include: Wording("不能引入别的模板", "includes are not allowed"),
    nodes.Extends: Wording("不能继承别的模板", "template inheritance is not allowed"),
    nodes.Block: Wording("不能用 block 块", "blocks are not allowed"),
    nodes.Pow: Wording("不能用乘方 **", "powers (`**`) are not allowed"),
}
_FORBIDDEN_NAMES = frozenset(("range", "lipsum", "cycler", "joiner", "namespace", "dict", "self", "caller"))


def check_template(source: str, names: frozenset[str]) -> tuple[TemplateFault, ...]:
    """Every fault of `source` when it may use `names`. Never raises."""
    if "{" not in source and len(source) <= MOST_CHARACTERS:
        return ()
    return _checked(source, names)


@lru_cache(maxsize=2048)
def _checked(source: str, names: frozenset[str]) -> tuple[TemplateFault, ...]:
    if len(source) > MOST_CHARACTERS:
        message = Wording(
            f"模板太长:最多 {MOST_CHARACTERS} 个字", f"the template is longer than {MOST_CHARACTERS} characters"
        )
        return (TemplateFault(line=1, col=1, message=message),)
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        return (_syntax(source, error),)
    except RecursionError:
        return (TemplateFault(line=1, col=1, message=Wording("模板嵌套太深", "the template is nested too deep")),)
    faults = tuple(_faults(source, tree, names))
    return (*faults, *_refused(source, {fault.line for fault in faults}))


def _refused(source: str, lines: set[int]) -> Iterator[TemplateFault]:
    """What the renderer's own allow-list says, where nothing better was said about that line."""
    try:
        _SAFE.parse(source)
    except TemplateSyntaxError as error:
        if error.lineno not in lines:
            message = bilingual(str(error.message or ""))
            yield TemplateFault(line=max(1, error.lineno or 1), col=1, message=message)


def _syntax(source: str, error: TemplateSyntaxError) -> TemplateFault:
    line = max(1, error.lineno or 1)
    text = (source.split("\n")[line - 1 :] or [""])[0]
    opened = max(text.rfind("{{"), text.rfind("{%"))
    said = str(error.message or "")
    tag = re.search(r"[Ee]ncountered unknown tag '(\w+)'", said)
    if tag:
        message = Wording(f"没有「{tag[1]}」这种写法", f"there is no tag `{tag[1]}`")
        hint = Wording(
            "能用的有 if / elif / else / endif 和 for / endfor", "allowed: if, elif, else, endif, for, endfor"
        )
    elif "unexpected end of template" in said.lower() or "end of template" in said:
        message = Wording(
            "模板没有写完:少了 endif 或 endfor", "the template ends too early: endif or endfor is missing"
        )
        hint = Wording("每个 {% if %} 要有 {% endif %},每个 {% for %} 要有 {% endfor %}", "close every if and for")
    elif "end of print statement" in said:
        message = Wording("两个花括号里只能写一个变量", "only one name fits between the braces")
        hint = Wording("写成 {{ 名字 }};变量名里不能有空格", "write {{ name }}; names have no spaces")
    elif "unexpected '}'" in said or "unexpected '{'" in said or "unexpected char" in said:
        message = Wording(
            "花括号没有成对,或里面有中文符号", "the braces are not paired, or hold a full-width character"
        )
        hint = Wording("变量写成 {{ 名字 }},左右各两个", "write {{ name }}: two on each side")
    else:
        message = Wording(f"模板写法有误: {said}", f"template syntax: {said}")
        hint = Wording("检查 {{ }} 和 {% %} 是否成对、是否用了英文符号", "check that the braces are paired and ASCII")
    return TemplateFault(line=line, col=max(1, opened + 1), message=message, length=2, hint=hint)


def _faults(source: str, tree: nodes.Template, names: frozenset[str]) -> Iterator[TemplateFault]:
    known = names | _LOOP_NAMES | {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    for kind, message in _FORBIDDEN.items():
        for node in tree.find_all(kind):
            hint = Wording("群里的文字只用变量、if 和 for", "group texts use names, if and for only")
            yield TemplateFault(line=node.lineno, col=1, message=message, hint=hint)
    seen: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        if name.ctx != "load":
            continue
        if name.name in known and name.name not in _FORBIDDEN_NAMES:
            continue
        col = _column(source, name.lineno, name.name, seen)
        if name.name in _FORBIDDEN_NAMES and name.name not in names:
            message = Wording(f"模板里不能用 {name.name}", f"`{name.name}` is not allowed in templates")
            yield TemplateFault(line=name.lineno, col=col, length=len(name.name), message=message)
        else:
            message = Wording(f"模板里没有变量「{name.name}」", f"the template has no variable `{name.name}`")
            yield TemplateFault(line=name.lineno, col=col, length=len(name.name), message=message, name=name.name)
    filters = [name for name in _SAFE.filters if not name.startswith("_")]
    for node in tree.find_all(nodes.Filter):
        if node.name not in filters:
            col = _column(source, node.lineno, node.name, seen)
            message = Wording(f"没有过滤器「{node.name}」", f"there is no filter `{node.name}`")
            near = nearest(node.name, filters)
            listed = "、".join(filters)
            hint = Wording(
                f"是不是 {near}?可用:{listed}" if near else f"可用:{listed}",
                f"{near}? allowed: {', '.join(filters)}" if near else f"allowed: {', '.join(filters)}",
            )
            yield TemplateFault(line=node.lineno, col=col, length=len(node.name), message=message, hint=hint)
    for attribute in tree.find_all(nodes.Getattr):
        if attribute.attr.startswith("_"):
            message = Wording(f"不能访问「{attribute.attr}」", f"`{attribute.attr}` can't be read")
            col = _column(source, attribute.lineno, attribute.attr, seen)
            yield TemplateFault(line=attribute.lineno, col=col, length=len(attribute.attr), message=message)


def _column(source: str, line: int, name: str, seen: dict[str, int]) -> int:
    """The column of the next use of `name` in `line`: Jinja2 keeps lines only."""
    lines = source.split("\n")
    text = lines[line - 1] if line <= len(lines) else ""
    key = f"{line}:{name}"
    found = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)").search(text, seen.get(key, 0))
    found = found or re.compile(re.escape(name)).search(text)
    if found is None:
        return 1
    seen[key] = found.end()
    return found.start() + 1

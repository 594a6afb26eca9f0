"""Text → `Node`, with every syntax mistake as a problem. Bounded in depth, size and aliases while it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from bot.playbook.nodes import Node, Source, resolve
from bot.playbook.problems import NOTHING, Place, Problem, Wording
from bot.playbook.syntax import explain_syntax

MAX_BYTES = 1 << 20
MAX_DEPTH = 40
MAX_NODES = 60_000
MAX_ALIASES = 200

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_WIDE_IN_LIST = re.compile("[，、]")


class _Stop(Exception):
    """Reading on would only repeat the mistake."""


@dataclass(slots=True)
class _Frame:
    node: Node
    anchor: str | None
    key: Node | None = None
    key_is_due: bool = True


def read(path: str, text: str) -> tuple[Node | None, list[Problem]]:
    """The tree of one file and what is wrong with it; no tree when the file can't be read as YAML at all."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    source = Source(path, text)
    problems = _unreadable(source)
    if problems:
        return None, problems
    reader = _Reader(source)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except _Stop:
        return None, reader.problems
    except yaml.MarkedYAMLError as error:
        last = explain_syntax(source, error)
        return None, [*(p for p in reader.problems if p.place.line != last.place.line), last]
    except yaml.YAMLError as error:
        wording = Wording("这个文件不是能读懂的 YAML", f"this file is not readable YAML: {error}")
        return None, [*reader.problems, Problem(code="PB105", place=source.place(1, 1), message=wording)]
    if reader.root is None or (reader.root.kind == "null" and not reader.problems):
        empty = Wording("文件是空的", "the file is empty")
        hint = Wording("从 playbooks/examples/ 里抄一份开始改", "start from a copy of one in playbooks/examples/")
        return None, [Problem(code="PB111", place=source.place(1, 1), message=empty, hint=hint)]
    return reader.root, reader.problems


def _unreadable(source: Source) -> list[Problem]:
    size = len(source.text) if len(source.text) > MAX_BYTES else len(source.text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        message = Wording("文件超过 1 MiB", "the file is larger than 1 MiB")
        hint = Wording(
            "题库、词库、长文放到单独的文件里引用", "keep banks, lexica and long texts in files of their own"
        )
        return [Problem(code="PB101", place=source.place(1, 1), message=message, hint=hint)]
    found = []
    for match in _INVISIBLE.finditer(source.text):
        line = source.text.count("\n", 0, match.start()) + 1
        col = match.start() - (source.text.rfind("\n", 0, match.start()) + 1) + 1
        name = f"U+{ord(match[0]):04X}"
        message = Wording(f"这里有一个看不见的字符 {name}", f"an invisible character {name}")
        hint = Wording(
            "多半是从网页或文档里复制带来的:删掉这一处重新输入",
            "it usually comes with text copied from a page or document: delete and retype it",
        )
        place = Place(source.path, line, col, 1, _INVISIBLE.sub("□", source.lines[line - 1]))
        found.append(Problem(code="PB104", place=place, message=message, hint=hint))
        if len(found) == 5:
            break
    return found


class _Reader:
    """Takes parser events one by one; the explicit stack is what bounds the depth."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._nodes = self._aliases = self._documents = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._count(event)
                kind, value = resolve(event.value) if event.implicit[0] and not event.style else ("text", event.value)
                node = self._node(kind, event)
                node.value, node.style = value, event.style or ""
                if node.kind == "text" and not node.style and self._in_flow_list() and _WIDE_IN_LIST.search(node.value):
                    self._wide_comma(node)
                self._place(node, event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._count(event)
                if len(self._stack) >= MAX_DEPTH:
                    self._too_deep(event)
                node = self._node("map" if isinstance(event, yaml.MappingStartEvent) else "list", event)
                node.style = "flow" if event.flow_style else ""
                self._stack.append(_Frame(node, event.anchor))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                frame, end = self._stack.pop(), event.end_mark
                if end is not None:
                    frame.node.end_line, frame.node.end_col = end.line + 1, end.column + 1
                self._place(frame.node, frame.anchor)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    message = Wording("一个文件里只能有一份内容,这里又开始了一份", "a second document begins here")
                    hint = Wording("去掉「---」,或拆成两个文件", "remove the `---` or split the file in two")
                    self._stop("PB110", event, message, hint)
            case _:
                pass

    def _in_flow_list(self) -> bool:
        return bool(self._stack) and self._stack[-1].node.kind == "list" and self._stack[-1].node.style == "flow"

    def _node(self, kind: Any, event: Any) -> Node:
        start, end = event.start_mark, event.end_mark
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            message = Wording(f"不支持类型标签「{tag}」", f"type tags such as `{tag}` are not supported")
            hint = Wording("去掉感叹号开头的标签;要当文字就加引号", "remove the tag; quote the value to make it text")
            self._problem("PB109", event, message, hint)
        return Node(kind, self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = Wording(f"内容太多:超过 {MAX_NODES} 个值", f"too much content: more than {MAX_NODES} values")
            hint = Wording("题库、词库放到单独的文件里引用", "keep banks and lexica in files of their own")
            self._stop("PB103", event, message, hint)

    def _alias(self, event: Any) -> None:
        self._aliases += 1
        node = self._anchors.get(event.anchor)
        if node is None:
            message = Wording(
                f"「*{event.anchor}」引用的锚点还没有定义", f"`*{event.anchor}` refers to no anchor above"
            )
            hint = Wording(
                f"文字以星号开头要加引号;引用则先在前面写 &{event.anchor}",
                f"quote text that begins with a star; to refer, write &{event.anchor} further up",
            )
            self._problem("PB112", event, message, hint)
            node = self._node_of_nothing(event)
        elif self._aliases > MAX_ALIASES:
            message = Wording(f"引用(*名字)超过 {MAX_ALIASES} 处", f"more than {MAX_ALIASES} aliases")
            self._stop("PB103", event, message, NOTHING)
        if len(self._stack) + node.height > MAX_DEPTH:
            self._too_deep(event)
        self._place(node, None)

    def _node_of_nothing(self, event: Any) -> Node:
        start, end = event.start_mark, event.end_mark
        node = Node("null", self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        return node

    def _place(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        parent = frame.node
        if parent.kind == "map" and frame.key_is_due:
            frame.key, frame.key_is_due = self._key(parent, node), False
            parent.size += 1
            return
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if parent.size > MAX_NODES:
            message = Wording("引用展开之后内容太多", "too much content once the aliases are expanded")
            self.problems.append(Problem(code="PB103", place=node.place(), message=message))
            raise _Stop
        if parent.kind == "list":
            parent.elements.append(node)
            return
        frame.key_is_due = True
        if frame.key is not None:
            key = str(frame.key.value)
            parent.children[key], parent.keys[key] = node, frame.key

    def _key(self, parent: Node, node: Node) -> Node | None:
        """The key node if it may be one; a problem otherwise."""
        if node.kind in ("map", "list"):
            message = Wording("这里应该是一个键名,却是一组内容", "a key is expected here, not a map or list")
            hint = Wording('以「{{」开头的文字要加引号: "{{ 名字 }}"', 'quote text that begins with {{: "{{ name }}"')
            place = node.place()
            self.problems = [p for p in self.problems if p.code != "PB108" or not _is_inside(p.place, node)]
            self.problems.append(Problem(code="PB108", place=place, message=message, hint=hint))
            return None
        if node.kind != "text":
            if node.kind == "int" and node.value is not None:
                # `streak: {7: 30}` reads well and can mean only one thing.
                node = Node("text", node.source, node.line, node.col, node.end_line, node.end_col, str(node.value))
            else:
                message = Wording("键名必须是文字", "a key must be text")
                hint = Wording("给键名加上引号", "put the key in quotes")
                self.problems.append(Problem(code="PB108", place=node.place(), message=message, hint=hint))
                return None
        if node.value == "<<":
            message = Wording("不支持「<<」合并写法", "merge keys (`<<`) are not supported")
            hint = Wording(
                "公共的默认值写在 playbooks/base.yaml,按群的差异写在 overrides",
                "put shared defaults into playbooks/base.yaml, differences between groups into `overrides`",
            )
            self.problems.append(Problem(code="PB113", place=node.place(), message=message, hint=hint))
            return None
        if node.value in parent.keys:
            first = parent.keys[node.value].line
            message = Wording(
                f"「{node.value}」写了两次,第一次在第 {first} 行",
                f"`{node.value}` is here twice, first in line {first}",
            )
            hint = Wording("两处合成一处,或给其中一个换个名字", "merge the two or rename one")
            self.problems.append(Problem(code="PB107", place=node.place(), message=message, hint=hint))
            return None
        return node

    def _wide_comma(self, node: Node) -> None:
        message = Wording(
            "方括号里的中文逗号不会分开内容,这里只有一项", "full-width commas don't separate: this is one single item"
        )
        hint = Wording(
            "改用英文逗号加空格;本来就是一句话就加上引号", "use `, `; if it is one text on purpose, quote it"
        )
        self.problems.append(Problem(code="PB114", place=node.place(), message=message, hint=hint))

    def _too_deep(self, event: Any) -> None:
        message = Wording(f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} levels deep")
        hint = Wording("检查括号是否成对", "check that the brackets are paired")
        self._stop("PB102", event, message, hint)

    def _problem(self, code: str, event: Any, message: Wording, hint: Wording) -> None:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        place = self.source.place(start.line + 1, start.column + 1, length)
        self.problems.append(Problem(code=code, place=place, message=message, hint=hint))

    def _stop(self, code: str, event: Any, message: Wording, hint: Wording) -> None:
        self._problem(code, event, message, hint)
        raise _Stop


def _is_inside(place: Place, node: Node) -> bool:
    return (node.line, node.col) <= (place.line, place.col) < (node.end_line, node.end_col)

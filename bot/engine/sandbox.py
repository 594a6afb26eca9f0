"""The part of Jinja2 that playbooks may use, and a bound on what it may cost.

The stock sandbox stops a template from reaching Python's insides; it does not stop it from looping for minutes or growing a
gigabyte. So three fences: the syntax tree is checked against an allow-list when a template is compiled (no macros, no
includes, no captured blocks, two loops deep); every operation that can grow a text is bounded; and a render has a budget of
steps, charged by each turn of a loop with the size of its body, and of characters.

Whoever changes the lists below has to think of the growth by repetition: `{% set a = a ~ a %}` a hundred times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sized
from typing import Any, ClassVar, cast

from jinja2 import StrictUndefined, TemplateSyntaxError, filters, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

MAX_SOURCE = 8 * 1024
# Compiling costs about 45 µs a node and, in nested expressions, the square of their depth. Our own templates (they have
# a name) reach 120 nodes; operators' texts a few dozen.
MAX_TOKENS = 1000
MAX_NODES = 200
MAX_NODES_OF_OURS = 1000
MAX_DEPTH = 20
MAX_LOOPS = 2
MAX_TEXT = 8000
MAX_NUMBER = 10**12

BUDGET = "_budget"
"""The name under which a render's `Budget` travels in its context; no template can write it."""


class Budget:
    """What one render may still spend."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def charge(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise SecurityError("模板做的事太多了：循环太长或太深 · the template does too much")


class Missing(StrictUndefined):
    """A name that is not there: an error in words, wherever it is used."""

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        if self._undefined_obj is missing:
            return f"没有「{name}」这个变量 · '{name}' is undefined"
        return f"没有「{name}」这一项 · no '{name}' there"


_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Keyword,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Call,
    nodes.Getitem,
    nodes.Getattr,
    nodes.Slice,
    nodes.Concat,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
)
_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Include: "include",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.FilterBlock: "filter",
    nodes.AssignBlock: "set … endset",
    nodes.With: "with",
    nodes.Pow: "**",
    nodes.NSRef: "namespace",
}
_METHODS = frozenset({"items", "keys", "values", "get", "strip", "startswith", "endswith", "cycle", "strftime"})
_TESTS = frozenset(
    {
        "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "greaterthan", "gt", "in",
        "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence",
        "string", "true", "undefined", "upper", "==", "!=", "<", "<=", ">", ">=",
    }
)  # fmt: skip
_COUNTED, _JOINED = "_counted", "_joined"
_GROWS: tuple[type[nodes.Node], ...] = (nodes.List, nodes.Dict, nodes.Tuple)
_COMPLEX = "模板太复杂，请拆开 · the template is too complex"
_WIDTH = re.compile("%[-0-9_^#]")


class SafeEnvironment(ImmutableSandboxedEnvironment):
    """Compiles only what the allow-list knows."""

    intercepted_binops: ClassVar[frozenset[str]] = frozenset({"+", "*", "%"})  # type: ignore[misc]

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=Missing, finalize=_finalize, autoescape=False, **options)
        self.globals.clear()
        self.filters = dict(_FILTERS)
        self.tests = {name: test for name, test in self.tests.items() if name in _TESTS} | {"in": _in}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source.encode("utf-8", "surrogatepass")) > MAX_SOURCE:
            raise TemplateSyntaxError(f"模板太长，最多 {MAX_SOURCE // 1024} KB · the template is too long", 1, name)
        if name is None:
            # Before the parser, which walks the whole text first.
            for count, token in enumerate(self.lexer.tokeniter(source, name)):
                if count == MAX_TOKENS:
                    raise TemplateSyntaxError(_COMPLEX, token[0], name)
        tree = super()._parse(source, name, filename)
        _Checker(name).check(tree)
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if _is_number(left) and _is_number(right):
            if operator == "*" and abs(left) * abs(right) > MAX_NUMBER:
                raise SecurityError("数字太大了 · the number is too large")
            return super().call_binop(context, operator, left, right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right) if len(left) + len(right) <= MAX_TEXT else _too_long()
        if isinstance(left, StrictUndefined) or isinstance(right, StrictUndefined):
            return super().call_binop(context, operator, left, right)
        raise SecurityError(f"「{operator}」只能用在数字上（文字可以用 ~ 连接） · '{operator}' works on numbers only")

    def is_safe_callable(self, obj: Any) -> bool:
        """Methods of plain values, by name; nothing else can be called."""
        return getattr(obj, "__name__", "") in _METHODS and super().is_safe_callable(obj)

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(obj, "__name__", "") == "strftime" and any(not _is_time_format(arg) for arg in args):
            raise SecurityError("strftime 的格式不对，例如 '%m月%d日' · not a time format")
        return super().call(context, obj, *args, **kwargs)


class _Checker:
    """Walks a fresh syntax tree once: refuses what is not allowed, and puts the charges in."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.most = MAX_NODES if name is None else MAX_NODES_OF_OURS
        self.count = 0

    def check(self, tree: nodes.Template) -> None:
        self._visit(tree, depth=0, loops=0)

    def _visit(self, node: nodes.Node, *, depth: int, loops: int) -> int:
        """The number of nodes below and including `node`."""
        self.count += 1
        if self.count > self.most:
            self._refuse(node, _COMPLEX)
        if depth > MAX_DEPTH:
            self._refuse(node, "嵌套太深 · nested too deeply")
        self._allow(node)
        if isinstance(node, nodes.For):
            loops += 1
            if loops > MAX_LOOPS:
                self._refuse(node, f"循环最多套 {MAX_LOOPS} 层 · loops may be nested {MAX_LOOPS} deep")
        size = 1
        for child in node.iter_child_nodes():
            size += self._visit(child, depth=depth + 1, loops=loops)
        self._charge(node, size)
        return size

    def _allow(self, node: nodes.Node) -> None:
        match node:
            case nodes.For(recursive=True):
                self._refuse(node, "不支持 recursive 循环 · recursive loops are not supported")
            case nodes.Assign():
                if any(inner.find(nodes.Name) for inner in _within(node.node, _GROWS)):
                    self._refuse(node, "set 里的列表只能写固定内容 · a list in set holds constants only")
            case nodes.Name(name=name) if name.startswith("_") and name != "_":
                self._refuse(node, f"变量名不能以下划线开头：{name} · names can't begin with an underscore")
            case nodes.Call():
                if not (isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS):
                    self._refuse(node, "模板里不能调用函数 · functions can't be called")
                if node.dyn_args is not None or node.dyn_kwargs is not None:
                    self._refuse(node, "不支持 * 和 ** 参数 · no * and ** arguments")
            case nodes.Filter(name=name):
                if name not in _FILTERS or name.startswith("_"):
                    self._refuse(node, f"没有「{name}」这个过滤器，可用：{_FILTER_NAMES} · no filter '{name}'")
                if node.dyn_args is not None or node.dyn_kwargs is not None:
                    self._refuse(node, "不支持 * 和 ** 参数 · no * and ** arguments")
            case nodes.Test(name=name) if name not in _TESTS:
                self._refuse(node, f"没有「is {name}」这个判断 · no test '{name}'")
            case nodes.Const(value=int() as value) if abs(value) > MAX_NUMBER:
                self._refuse(node, "数字太大了 · the number is too large")
        if type(node) not in _ALLOWED:
            word = _WORDS.get(type(node), type(node).__name__)
            self._refuse(node, f"模板里不能用 {word} · '{word}' is not available in templates")

    def _charge(self, node: nodes.Node, size: int) -> None:
        match node:
            case nodes.For():
                node.iter = self._filter(_COUNTED, cast(nodes.Expr, node.iter), size)
            case nodes.Operand(op="in" | "notin"):
                node.expr = self._filter(_COUNTED, node.expr, 0)
            case nodes.Filter(node=nodes.Expr() as value) if node.name in _WALKS:
                node.node = self._filter(_COUNTED, value, _WALKS[node.name])
        for name, value in node.iter_fields():
            if isinstance(value, nodes.Concat):
                setattr(node, name, self._joined(value))
            elif isinstance(value, list):
                value[:] = [self._joined(item) if isinstance(item, nodes.Concat) else item for item in value]

    def _joined(self, node: nodes.Concat) -> nodes.Filter:
        return self._filter(_JOINED, nodes.List(node.nodes, lineno=node.lineno))

    def _filter(self, name: str, value: nodes.Expr, *args: int) -> nodes.Filter:
        consts = [nodes.Const(arg, lineno=value.lineno) for arg in args]
        made = nodes.Filter(value, name, consts, [], None, None, lineno=value.lineno)
        if value.environment is not None:
            made.set_environment(value.environment)
        return made

    def _refuse(self, node: nodes.Node, message: str) -> None:
        raise TemplateSyntaxError(message, node.lineno, self.name)


def _within(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> list[nodes.Node]:
    return [node, *node.find_all(kinds)] if isinstance(node, kinds) else list(node.find_all(kinds))


# -- values ---------------------------------------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _too_long() -> str:
    raise SecurityError("文字太长了 · the text grows too long")


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_TEXT else _too_long()


def _is_time_format(value: Any) -> bool:
    """A width (`%999999d`) would make a text of that length."""
    return isinstance(value, str) and len(value) <= 64 and not _WIDTH.search(value)


def _finalize(value: Any) -> Any:
    """What `{{ … }}` may write. Lists and objects are refused: their text is Python's, and that of a nested list can be
    exponentially long."""
    kind = type(value)
    if kind is str or kind is int or getattr(kind, "__str__") is not object.__str__:  # noqa: B009
        return value
    raise SecurityError("列表不能直接输出，用 join，例如 {{ names|join('、') }} · a list needs join")


def _scalar(value: Any) -> str:
    value = _finalize(value)
    return _bounded(value if isinstance(value, str) else str(value))


# -- filters --------------------------------------------------------------------------------------------------------


@pass_context
def _counted(context: Context, value: Any, size: int) -> Any:
    """`value`, paid for: each item costs one step and `size` more."""
    budget: Budget = context.parent[BUDGET]
    if not isinstance(value, Sized):
        if isinstance(value, StrictUndefined) or not isinstance(value, Iterable):
            return value
        return _each(budget, value, 1 + size)
    length = len(value)
    # A text is walked by the machine, not by us.
    budget.charge(length // 100 if isinstance(value, str) and size == 0 else length * size + length // 10)
    return value


@pass_context
def _in(context: Context, value: Any, among: Any) -> bool:
    """The test behind `select('in', …)`: each one walks `among`, and the call itself costs a step."""
    budget: Budget = context.parent[BUDGET]
    budget.charge(1)
    return value in _counted(context, among, 0)


def _each(budget: Budget, items: Iterable[Any], cost: int) -> Iterable[Any]:
    for item in items:
        budget.charge(cost)
        yield item


def _joined(items: list[Any]) -> str:
    return _bounded("".join(map(_scalar, items)))


@pass_context
def _join(context: Context, value: Any, d: Any = "", attribute: str | None = None) -> str:
    between, parts, size = _scalar(d), [], 0
    pick = filters.make_attrgetter(context.environment, attribute) if attribute is not None else None
    for item in value:
        parts.append(_scalar(pick(item) if pick else item))
        size += len(parts[-1]) + len(between)
        if size > 4 * MAX_TEXT:
            _too_long()
    return between.join(parts)


def _replace(value: Any, old: Any, new: Any) -> str:
    text, old, new = _scalar(value), _scalar(old), _scalar(new)
    if not old or len(text) + text.count(old) * len(new) > MAX_TEXT:
        return text if not old else _too_long()
    return text.replace(old, new)


def _truncate(value: Any, length: int = 30, killwords: bool = True, end: str = "…") -> str:
    """At most `length` characters, the last of them `end` when something was cut. Chinese has no words to spare."""
    text = _scalar(value)
    return text if len(text) <= length else text[: max(0, length - len(end))] + end


def _round(value: Any, precision: int = 0, method: str = "common") -> Any:
    rounded = filters.do_round(value, max(-12, min(12, precision)), method)  # type: ignore[arg-type]
    return int(rounded) if precision == 0 else rounded


_STOCK = (
    "abs", "count", "d", "default", "first", "float", "int", "last", "length", "list", "lower", "map", "max", "min",
    "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "sum", "trim", "unique", "upper",
)  # fmt: skip
_FILTERS: dict[str, Callable[..., Any]] = {
    **{name: filters.FILTERS[name] for name in _STOCK},
    "join": _join,
    "replace": _replace,
    "round": _round,
    "string": _scalar,
    "truncate": _truncate,
    _COUNTED: _counted,
    _JOINED: _joined,
}
_WALKS: Mapping[str, int] = {
    **dict.fromkeys(("join", "list", "map", "max", "min", "reject", "rejectattr", "reverse", "select"), 1),
    **dict.fromkeys(("selectattr", "sum"), 1),
    **dict.fromkeys(("sort", "unique"), 2),
    **dict.fromkeys(("lower", "replace", "trim", "upper"), 0),
}
"""What a filter costs for each item; 0 for those that walk a text at the machine's own speed."""
_FILTER_NAMES = "、".join(name for name in _FILTERS if not name.startswith("_"))

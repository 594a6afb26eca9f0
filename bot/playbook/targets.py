"""Figures that an operator wants to reach, against what can be: a target outside of a metric's range is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.metrics import METRICS, Metric, TargetRefused, check_target
from bot.playbook.nodes import Node
from bot.playbook.problems import Problem, Wording
from bot.playbook.spelling import nearest


def find_metric(written: str) -> Metric | None:
    """The metric by its id, or by the end of it where that is unique: `dau_mau`, `DAU/MAU`."""
    wanted = _folded(written)
    exact = [metric for id, metric in METRICS.items() if _folded(id) == wanted]
    ending = [metric for id, metric in METRICS.items() if _folded(id.partition(".")[2]) == wanted]
    found = exact or (ending if len(ending) == 1 else [])
    return found[0] if found else None


def target_problems(tree: Node) -> Iterator[Problem]:
    """`purpose.targets`: metrics that nobody knows, and figures that can't be."""
    targets = tree.get("purpose", "targets") if tree.get("purpose") else None
    for name, scalar in targets.children.items() if targets is not None and targets.kind == "map" else ():
        key = f"purpose.targets.{name}"
        metric = find_metric(name)
        if metric is None:
            yield Problem(
                code="PB510",
                place=targets.key_place(name) if targets is not None else scalar.place(),
                message=Wording(f"指标目录里没有「{name}」", f"the catalogue has no metric `{name}`"),
                suggestion=nearest(name, METRICS) or "",
                hint=Wording("用 `qunops metrics --list` 看全部指标", "`qunops metrics --list` shows them all"),
                key=key,
            )
            continue
        checked = check_target(metric, scalar.value)
        if isinstance(checked, TargetRefused):
            yield Problem(code="PB319", place=scalar.place(), message=Wording(checked.zh, checked.en), key=key)


def _folded(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()

"""What a group is for, from its playbooks."""

from __future__ import annotations

from bot.core.metrics import METRICS, check_target
from bot.insight.reports.model import Purpose
from bot.playbook.load import Loaded


def purpose_of(loaded: Loaded, chat: str) -> Purpose:
    """That of the first playbook of the group that says one; targets of all of them, the first word counts."""
    found, targets = Purpose(), dict[str, float]()
    for playbook, tags in loaded.applying(chat):
        head = playbook.variant_for(chat, tags).head
        if head is None or head.purpose is None:
            continue
        written = head.purpose
        for name, value in written.targets.items():
            metric = METRICS.get(name) or METRICS.get(f"activity.{name}")
            target = check_target(metric, value) if metric is not None else None
            if metric is not None and isinstance(target, float):
                targets.setdefault(metric.id, target)
        if not found.goal:
            found = Purpose(
                title=head.title, goal=written.goal, audience=written.audience, north_star=written.north_star
            )
    return Purpose(found.title, found.goal, found.audience, found.north_star, targets)

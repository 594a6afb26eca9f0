"""The metric catalogue: 12 metrics of the first level, 38 that explain them. Definitions only; `bot.insight` computes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.metrics.base import UNITS, Metric, TargetRefused, Unit, check_target, parse_target
from bot.core.metrics.first import FIRST
from bot.core.metrics.second import SECOND

METRICS: Mapping[str, Metric] = MappingProxyType({metric.id: metric for metric in (*FIRST, *SECOND)})
"""By id, the first level first."""

__all__ = ["METRICS", "UNITS", "Metric", "TargetRefused", "Unit", "check_target", "parse_target"]

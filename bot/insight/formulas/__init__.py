"""One function per metric: figures in, a raw number out, a file for each subject. The words of each formula are in
`bot.core.metrics`."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.insight.formulas import (
    activity,
    content,
    growth,
    interaction,
    newcomers,
    plays,
    reach,
    retention,
    service,
    tiers,
)
from bot.insight.formulas.raw import Formula, Raw

_SUBJECTS = (activity, retention, growth, reach, interaction, plays, service, content, newcomers, tiers)
COMPUTED: Mapping[str, Formula] = MappingProxyType(
    {id: formula for subject in _SUBJECTS for id, formula in subject.FORMULAS.items()}
)

__all__ = ["COMPUTED", "Raw"]

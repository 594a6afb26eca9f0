"""What each simulated network offers and where it draws its lines.

The figures are those of the real ones, as far as their implementations tell: an effect that passes here should not be
refused there for a reason that was known.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.events import Role
from bot.core.play import Capability

_FROM_ADMIN = frozenset(
    {
        Capability.MUTE,
        Capability.MUTE_ALL,
        Capability.KICK,
        Capability.RECALL_OTHERS,
        Capability.ANNOUNCE,
        Capability.SET_CARD,
        Capability.MENTION_ALL,
        Capability.APPROVE,
    }
)
_FROM_OWNER = frozenset({Capability.SET_TITLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One network. `offers` is what it can do at all; the account's role narrows that per group."""

    name: str
    offers: frozenset[Capability]
    text_limit: int
    announcement_limit: int
    file_limit_bytes: int
    group_limit: int
    recall_own_s: int = 120
    mute_limit_s: int = 30 * 86400
    mention_all_per_day: int = 0
    card_limit_bytes: int = 60
    title_limit_bytes: int = 18
    is_private_for_friends_only: bool = False
    adds_members: bool = True
    """Whether an account can bring somebody into its group."""
    remembers_messages: int = 5000

    def allows(self, role: Role) -> frozenset[Capability]:
        """What an account of this role may do in its group."""
        if role == "owner":
            return self.offers
        return self.offers - _FROM_OWNER if role == "admin" else self.offers - _FROM_OWNER - _FROM_ADMIN


QQ = Profile(
    name="qq",
    offers=frozenset(Capability),
    text_limit=4500,
    announcement_limit=600,
    file_limit_bytes=100 << 20,
    group_limit=2000,
    mention_all_per_day=10,
    adds_members=False,
)
WECHAT = Profile(
    name="wechat",
    offers=frozenset(
        {
            Capability.KICK,
            Capability.RECALL_OWN,
            Capability.ANNOUNCE,
            Capability.PRIVATE,
            Capability.PICTURE,
            Capability.FILE,
        }
    ),
    text_limit=2000,
    announcement_limit=2000,
    file_limit_bytes=25 << 20,
    group_limit=500,
    is_private_for_friends_only=True,
)
PROFILES = {profile.name: profile for profile in (QQ, WECHAT)}

"""Prizes: things of the group's shop that another play gives away. The shop keeps stock and delivery."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from bot.core.effects import StartPlay
from bot.core.play import PlayParams

SHOP = "商店"


class Prizes(PlayParams):
    """Mixed into the params of a play that gives prizes."""

    prizes: dict[int, str] = Field(
        default_factory=dict,
        description="奖品:{第几名或连续几天: 商品名},从商店的库存里发 · prizes from the shop's stock",
    )
    shop: str = Field(default=SHOP, description="发奖品的商店叫什么 · the play of kind shop that gives the prizes")


def prize(params: Prizes, place: int, member: str, name: str, key: str, reason: str) -> StartPlay | None:
    """The prize of `place` for `member`, if there is one; None else. The same `key` again gives nothing more."""
    item = params.prizes.get(place)
    if item is None:
        return None
    data: Mapping[str, str] = {"grant": item, "member": member, "name": name, "key": key, "reason": reason}
    return StartPlay(play=params.shop, data=data)

"""What an operator may write under `kind: shop`, and the commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from bot.core.play import CommandSpec, PlayParams
from bot.core.units import Duration

GOODS, REDEEM, MINE = "商品", "兑换", "我的兑换"
WAITING, SEND, CANCEL = "待发", "发货", "取消兑换"


class Item(PlayParams):
    """One thing."""

    price: int = Field(ge=0, le=1_000_000, description="多少积分 · points")
    stock: int | None = Field(default=None, ge=0, description="库存一共几份,不写就不限 · how many there are in all")
    per_person: int = Field(default=0, ge=0, description="每人最多几份,0 不限 · the most one member gets")
    delivery: Literal["operator", "none"] = Field(
        default="operator", description="operator 运营发货,none 换到即完成 · `none`: done at once"
    )
    note: str = Field(default="", max_length=200, description="换到后说的话,如「请私聊我地址」 · said to who gets it")
    prize_only: bool = Field(default=False, description="只作奖品,不能用积分换 · only as a prize")


class Params(PlayParams):
    items: dict[str, Item] = Field(description="商品:名字 → 价格、库存 · the goods by name")
    repeat_after: Duration = Field(
        default=timedelta(minutes=2),
        description="多久内再发一次同样的兑换算手滑,不重复扣分 · the same again within this span is a slip",
    )

    @field_validator("items")
    @classmethod
    def _names(cls, items: dict[str, Item]) -> dict[str, Item]:
        if any(not 1 <= len(name.strip()) <= 20 or name.strip().isdigit() for name in items):
            raise ValueError("商品名要有 1 到 20 个字,不能只是数字 · a name of 1 to 20 characters, not only digits")
        return items


def commands(params: Params) -> Sequence[CommandSpec]:
    return (
        CommandSpec(name=GOODS, aliases=("商店", "积分商城", "积分商店", "奖品"), help="能用积分换什么"),
        CommandSpec(name=REDEEM, rest="optional", is_glued=True, help="兑换 商品名"),
        CommandSpec(name=MINE, aliases=("我的奖品", "我的订单"), help="换过什么,发了没有"),
        CommandSpec(name=WAITING, aliases=("待发货",), for_operators=True, help="还没发的"),
        CommandSpec(name=SEND, aliases=("已发",), rest="optional", for_operators=True, help="发货 单号"),
        CommandSpec(name=CANCEL, rest="optional", for_operators=True, help="取消兑换 单号,积分退回"),
    )

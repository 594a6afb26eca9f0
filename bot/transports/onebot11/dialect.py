"""Where the implementations differ, chosen by the `app_name` of get_version_info. One value per implementation, no ifs elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.transports.onebot11.wire import as_id, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`history_start` is the parameter that names the message a page of history ends with; its value is the message's
    short id, or the group's own sequence where `pages_by_sequence`. `older_first_flag` is the value of the order flag
    that asks for older messages. `silent_failures`: a failed call gives no reason, so a failed send may have arrived.
    """

    name: str
    history_start: Literal["message_seq", "message_id", ""] = "message_seq"
    pages_by_sequence: bool = False
    older_flag: bool = False
    has_system_messages: bool = True
    has_at_all_remain: bool = True
    takes_files: bool = True
    has_cards: bool = True
    silent_failures: bool = False
    flag_format: str = "{number}"
    notice_extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_history(self) -> bool:
        return bool(self.history_start)

    def history_position(self, message: Mapping[str, Any]) -> int | str:
        """The value of `history_start` for a page that ends with `message`."""
        if self.pages_by_sequence:
            sequence = as_id(message.get("message_seq"))
            if sequence:
                return number(sequence)
        return number(as_id(message.get("message_id")))

    def request_flag(self, request_number: str, group: int | str) -> str:
        """The flag of a request that get_group_system_msg lists only by number."""
        return self.flag_format.format(number=request_number, group=group)


NAPCAT = Dialect(
    name="NapCat",
    older_flag=True,
    # Without it every notice asks each member for a confirmation.
    notice_extra={"confirm_required": 0},
)
LLBOT = Dialect(name="LuckyLilliaBot", pages_by_sequence=True, flag_format="{group}|{number}|1|0")
LAGRANGE = Dialect(
    name="Lagrange",
    history_start="message_id",
    has_at_all_remain=False,
    takes_files=False,
    silent_failures=True,
    flag_format="{number}-{group}-1-0",
)
GENERIC = Dialect(name="OneBot")
"""Anything else, also before the version is known: offers what the go-cqhttp extensions offer, refused where it lacks it."""


def dialect_of(app: str) -> Dialect:
    """By `app_name`, or by the User-Agent of a connection."""
    folded = app.casefold()
    if "napcat" in folded:
        return NAPCAT
    if any(name in folded for name in ("llonebot", "luckylillia", "llbot", "lltwobot")):
        return LLBOT
    if "lagrange" in folded:
        return LAGRANGE
    return GENERIC

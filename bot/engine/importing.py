"""From what a reader yields to batches for the log, with an account of everything that could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.text import clean
from bot.engine.clock import to_ms
from bot.engine.directory import platform_of
from bot.engine.history import BATCH, Numbering, Said, Taken, member_uid
from bot.transports.exports import Entry, Title, Unread

_SHOWN = 20
_LOSES_NOTHING = frozenset(("bytes", "room"))


@dataclass(slots=True)
class Account:
    """What an import did. `repeated`: the same id twice in the file. `unread` by code, the first few in `examples`.
    `nameless`: members that the export knows by name alone."""

    taken: Taken = field(default_factory=Taken)
    read: int = 0
    repeated: int = 0
    notices: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    examples: list[Unread] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    nameless: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None

    @property
    def title(self) -> str:
        """What the file calls the group; "" when it says nothing, or several things."""
        return clean(self.titles[0])[:60] if len(set(self.titles)) == 1 else ""

    @property
    def lost(self) -> int:
        """Places whose content could not be taken."""
        return sum(count for code, count in self.unread.items() if code not in _LOSES_NOTHING)

    def detail(self, file: str, form: str) -> dict[str, Any]:
        """For the audit log."""
        return {
            "file": file, "format": form, "read": self.read, "new": self.taken.new, "known": self.taken.known,
            "cut": self.taken.cut, "unread": dict(self.unread), "title": self.title,
        }  # fmt: skip


def carry(
    items: Iterable[Entry | Unread | Title],
    group: str,
    take: Callable[[Sequence[Said]], Taken],
    *,
    me: str = "",
    section: str = "",
    on_unread: Callable[[Unread], None] = lambda unread: None,
) -> Iterator[Account]:
    """Takes everything, batch by batch; yields the account after each and at the end.

    `me`: uid of the person who exported, where the tool writes only 我. `section`: only what stands under this title.
    """
    account, numbering = Account(), Numbering()
    batch: list[Said] = []
    is_in = not section
    for item in items:
        match item:
            case Title():
                is_in = not section or item.name == section
                if is_in:
                    account.titles.append(item.name)
            case Unread() if is_in:
                account.unread[item.code] += 1
                if len(account.examples) < _SHOWN:
                    account.examples.append(item)
                on_unread(item)
            case Entry() if is_in:
                said = _said(item, group, me, numbering, account)
                if said is not None:
                    batch.append(said)
            case _:
                continue
        if len(batch) >= BATCH:
            account.taken.add(take(batch))
            batch = []
            yield account
    if batch:
        account.taken.add(take(batch))
    yield account


def _said(entry: Entry, group: str, me: str, numbering: Numbering, account: Account) -> Said | None:
    account.read += 1
    account.first = min(account.first or entry.at, entry.at)
    account.last = max(account.last or entry.at, entry.at)
    member, is_named_only = "", False
    if entry.is_notice:
        account.notices += 1
    elif entry.is_own and me:
        member = me
    else:
        name = entry.name or ("我" if entry.is_own else "")
        member, is_named_only = member_uid(platform_of(group), group, entry.member, clean(name))
        if is_named_only:
            account.nameless.add(member)
    text, at_ms = clean(entry.text), to_ms(entry.at)
    n = numbering.number(at_ms, member, text, entry.message_id)
    if n is None:
        account.repeated += 1
        return None
    return Said(
        at_ms=at_ms, member=member, name=clean(entry.name) or ("我" if entry.is_own else ""), text=text, kind=entry.kind,
        message_id=clean(entry.message_id), reply_to=clean(entry.reply_to), is_named_only=is_named_only, n=n,
    )  # fmt: skip

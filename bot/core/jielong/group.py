"""All chains of one group: a message in, the changed chains and what was decided out.

Order of checks for a message: a list with a header, a short reply, a list without a header. Anything else is chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.jielong.base import find_base
from bot.core.jielong.chain import Chain
from bot.core.jielong.choice import FRAGMENT, LATE, choose, late_for, same_list
from bot.core.jielong.deadline import find_deadline, moved_deadline
from bot.core.jielong.goods import Good, goods_in, order_of
from bot.core.jielong.keys import comparison_key, name_key, without_emoji
from bot.core.jielong.members import Directory
from bot.core.jielong.merge import Item, Merge, Verdict
from bot.core.jielong.parsing import Listed, ListMessage, parse_list
from bot.core.jielong.quantity import quantity_of
from bot.core.jielong.records import Entry, Head, Options, StepKind
from bot.core.jielong.replies import Reply, parse_reply

_FRAGMENT_LINE = 30
_NOT_AN_ENTRY = frozenset("？?！!。\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A text message. `authors`: who wrote each numbered line, where the network tells ("" or None: unknown)."""

    id: str
    at: datetime
    sender: str
    text: str
    reply_to: str | None = None
    authors: Sequence[str | None] | Mapping[str, str] = ()


@dataclass(slots=True)
class Outcome:
    """What a message came to. `chain` None: chat, or no one chain. `verdicts` hold what was not done as asked."""

    chain: Chain | None = None
    what: str = ""
    verdicts: list[Verdict] = field(default_factory=list)
    is_post_due: bool = False
    is_opened: bool = False
    is_closed: bool = False
    replaced: list[Chain] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        """Each code once, in order."""
        return list(dict.fromkeys(verdict.code for verdict in self.verdicts))


def goods_of(chain: Chain, options: Options) -> tuple[Good, ...]:
    return options.goods or goods_in(chain.head.title)


class Group:
    """The chains of one group, by id in order of creation."""

    def __init__(self, options: Options, directory: Directory, chains: Iterable[Chain] = (), *, next_id: int = 1):
        self.options, self.directory = options, directory
        self.chains = {chain.id: chain for chain in sorted(chains, key=lambda chain: chain.id)}
        self.next_id = max([next_id - 1, *self.chains]) + 1

    @property
    def open_chains(self) -> list[Chain]:
        return [chain for chain in self.chains.values() if chain.is_open]

    def pass_time(self, now: datetime) -> list[Chain]:
        """Closes what is over by `now`."""
        closed = []
        for chain in self.open_chains:
            if (at := chain.due_close(now)) is not None:
                chain.close(at)
                closed.append(chain)
        return closed

    def receive(self, message: Posted, parsed: ListMessage | None = None) -> Outcome:
        """Applies one text message. `parsed`: its list, if the caller has read it already."""
        self.pass_time(message.at)
        parsed = parsed or parse_list(message.text)
        if parsed is not None and parsed.has_header:
            return self._list_with_header(message, parsed)
        if reply := parse_reply(message.text):
            return self._reply(message, reply)
        return self._list_without_header(message, parsed) if parsed is not None else Outcome()

    def recall(self, message_id: str, by: str, at: datetime) -> Outcome:
        """Undoes what the message did to entries that nothing later has changed."""
        self.pass_time(at)
        for chain in self.chains.values():
            steps = [
                step for step in chain.steps if step.message == message_id and not step.is_undone and step.by == by
            ]
            if not steps:
                continue
            undone = [chain.undo(step) for step in reversed(steps)]
            if not any(undone):
                return Outcome(chain, "recall")
            chain.commit("recall", message="", by=by, at=at, counts_as_activity=False)
            outcome = Outcome(chain, "recall", is_post_due=True)
            if not chain.active and chain.is_open:
                chain.close(at)
                outcome.is_closed = True
            return outcome
        return Outcome()

    def open(self, message: Posted, parsed: ListMessage) -> Chain:
        """A new, empty chain; other open chains with the same title are closed by the caller."""
        head = Head(
            id=self.next_id,
            title=parsed.title,
            example=parsed.example,
            tail=parsed.tail,
            creator=message.sender,
            opened_at=message.at,
            active_at=message.at,
        )
        chain = Chain(replace(head, deadline=self.options.deadline or find_deadline(head.lines, message.at)))
        self.next_id += 1
        self.chains[chain.id] = chain
        return chain

    def enter(self, message: Posted, text: str) -> Outcome:
        """Adds `text` as the sender's line, or edits the line of the same name (接龙 张三 2份)."""
        self.pass_time(message.at)
        chain = self._replied_to(message)
        if chain is None:
            if len(self.open_chains) != 1:
                return Outcome(None, "fragment", [Verdict("ambiguous_chain")] if self.open_chains else [])
            chain = self.open_chains[0]
        if not chain.is_open:
            return self._too_late(chain, message)
        merge = self._merge(chain, message)
        merge.apply_fragment([Item(text, message.sender)])
        return self._done(chain, message, "fragment", merge, is_accepted=True)

    def undo(self, chain: Chain, number: int, by: str, at: datetime) -> bool:
        """An operator takes back step `number`; what later steps changed stays. Whether anything was undone."""
        step = next((step for step in chain.steps if step.n == number and not step.is_undone), None)
        if step is None or not chain.undo(step, is_new_change=True):
            return False
        chain.commit("undo", message="", by=by, at=at)
        return True

    # -- lists ------------------------------------------------------------------------------------------------------

    def _list_with_header(self, message: Posted, parsed: ListMessage) -> Outcome:
        items = self._items(message, parsed)
        lines = [(item.key, item.name) for item in items]
        chains, is_operator = list(self.chains.values()), self._is_operator(message)
        chain = choose(chains, parsed.title, message.sender, lines, message.at, lambda it: self._may(it, message))
        if chain is None:
            chain = late_for(chains, parsed.title, lines, message.at)
            if chain is not None and not is_operator:
                return self._too_late(chain, message)
        if chain is not None:
            return self._merge_list(chain, message, parsed, items)
        replaced = [
            other
            for other in self.open_chains
            if parsed.title and comparison_key(other.head.title) == comparison_key(parsed.title)
        ]
        for other in replaced:
            other.close(message.at)
        chain = self.open(message, parsed)
        outcome = self._merge_list(chain, message, parsed, items, is_new=True)
        outcome.is_opened, outcome.replaced = True, replaced
        return outcome

    def _list_without_header(self, message: Posted, parsed: ListMessage) -> Outcome:
        items = self._items(message, parsed)
        lines = [(item.key, item.name) for item in items]
        if parsed.first_number == 1 and len(items) >= 2:
            found = [
                (exact, chain.head.active_at, chain.id)
                for chain in self.open_chains
                if (exact := same_list(chain, message.sender, lines, self._may(chain, message))) is not None
            ]
            if found:
                return self._merge_list(self.chains[max(found)[2]], message, parsed, items)
        return self._fragment(message, parsed, items)

    def _fragment(self, message: Posted, parsed: ListMessage, items: list[Item]) -> Outcome:
        chain = self._replied_to(message) or (self.open_chains[0] if len(self.open_chains) == 1 else None)
        looks_like_entries = items and all(
            len(item.text) <= _FRAGMENT_LINE and _NOT_AN_ENTRY.isdisjoint(item.text) for item in items
        )
        if chain is None or not looks_like_entries or not 1 <= parsed.first_number <= chain.active_count + 3:
            return Outcome()
        if not chain.is_open:
            return self._too_late(chain, message)
        if message.at - chain.head.active_at > FRAGMENT:
            return Outcome()
        merge = self._merge(chain, message)
        merge.apply_fragment(items)
        return self._done(chain, message, "fragment", merge, is_accepted=True)

    def _merge_list(
        self, chain: Chain, message: Posted, parsed: ListMessage, items: list[Item], *, is_new: bool = False
    ) -> Outcome:
        outcome = Outcome(chain, "list")
        merge = self._merge(chain, message)
        if message.sender == chain.head.creator or merge.is_operator:
            self._rewrite_head(chain, message, parsed)
        elif parsed.title and comparison_key(parsed.title) != comparison_key(chain.head.title):
            outcome.verdicts.append(Verdict("title_rejected", text=parsed.title))
        if not items and not is_new:
            chain.relate(message.id)
            chain.touch(message.at)
            outcome.is_post_due = bool(chain.active)
            return outcome
        lines = [(item.key, item.name) for item in items]
        base = find_base(chain, message.sender, lines, merge.may_change_id)
        sent = merge.apply_list(items, base.lines)
        chain.commit("list", message=message.id, by=message.sender, at=message.at, sent=sent)
        outcome.verdicts += merge.verdicts
        outcome.is_post_due = [key for key, _ in lines] != [comparison_key(entry.text) for entry in chain.active]
        return outcome

    def _rewrite_head(self, chain: Chain, message: Posted, parsed: ListMessage) -> None:
        before = chain.head
        chain.head = replace(
            before,
            title=parsed.title or before.title,
            example=parsed.example or before.example,
            tail=parsed.tail or before.tail,
        )
        if self.options.follows_header and self.options.deadline is None:
            at = moved_deadline(before.lines, chain.head.lines, message.at)
            chain.head = replace(chain.head, deadline=at or before.deadline)

    # -- short replies ----------------------------------------------------------------------------------------------

    def _reply(self, message: Posted, reply: Reply) -> Outcome:
        if reply.kind == "reopen":
            return self._reopen(message)
        chain = self._replied_to(message)
        if chain is None:
            is_open = self.open_chains
            if len(is_open) > 1:
                return Outcome(None, reply.kind, [Verdict("ambiguous_chain")])
            if not is_open:
                late = [chain for chain in self.chains.values() if message.at - chain.head.active_at <= LATE]
                return self._too_late(late[-1], message) if late and reply.is_join_or_cancel else Outcome()
            chain = is_open[0]
        if not chain.is_open:
            return self._too_late(chain, message)
        if reply.kind == "close":
            return self._close(chain, message)
        merge = self._merge(chain, message)
        kind: StepKind = "cancel"
        match reply.kind:
            case "join":
                kind = "join"
                self._join(chain, message, reply, merge)
            case "remove":
                kind = "remove"
                if not merge.is_operator:
                    merge.verdicts.append(Verdict("not_permitted"))
                elif entry := self._numbered(chain, reply.number, merge):
                    chain.remove(entry)
            case "cancel_number":
                if entry := self._numbered(chain, reply.number, merge):
                    if merge.is_own(entry):
                        chain.remove(entry)
                    else:
                        merge.verdicts.append(Verdict("removal_rejected", entry.id))
            case "cancel_name":
                merge.cancel_one(_named(chain, reply.text), reply.text)
            case _:
                own = [entry for entry in chain.active if merge.is_own(entry)]
                if reply.kind == "less" and len(own) == 1 and self.quantity(chain, own[0]) != reply.number:
                    merge.verdicts.append(Verdict("need_confirm", own[0].id))
                else:
                    merge.cancel_one(own, "")
        return self._done(chain, message, kind, merge)

    def _join(self, chain: Chain, message: Posted, reply: Reply, merge: Merge) -> None:
        own = next((entry for entry in chain.active if merge.is_own(entry)), None)
        if own:
            merge.verdicts.append(Verdict("already_joined", own.id))
        elif chain.active_count >= merge.limit:
            merge.verdicts.append(Verdict("full"))
        else:
            more = reply.number - 1 if self.options.counts_guests else reply.number
            plus = f"+{more}" if reply.number > 1 else ""
            text = " ".join(filter(None, (self.directory.name(message.sender), plus, reply.text)))
            chain.add(text, message.sender, message.sender)

    def quantity(self, chain: Chain, entry: Entry) -> object:
        goods = goods_of(chain, self.options)
        if goods:
            return sum(order_of(entry.text, goods, counts_guests=self.options.counts_guests).items.values())
        return quantity_of(entry.text, counts_guests=self.options.counts_guests)

    def _close(self, chain: Chain, message: Posted) -> Outcome:
        if not (self._is_operator(message) or message.sender == chain.head.creator):
            return Outcome(chain, "close", [Verdict("not_permitted")])
        chain.close(message.at)
        chain.relate(message.id)
        return Outcome(chain, "close", is_post_due=True, is_closed=True)

    def _reopen(self, message: Posted) -> Outcome:
        chain = self._replied_to(message) or next(reversed(self.chains.values()), None)
        if chain is None:
            return Outcome()
        if not self._is_operator(message):
            return Outcome(chain, "reopen", [Verdict("not_permitted")])
        chain.reopen(message.at)
        chain.relate(message.id)
        return Outcome(chain, "reopen", is_post_due=True)

    def _numbered(self, chain: Chain, number: int, merge: Merge) -> Entry | None:
        if 1 <= number <= len(chain.active):
            return chain.active[number - 1]
        merge.verdicts.append(Verdict("nothing_to_cancel", text=str(number)))
        return None

    # -- inside -----------------------------------------------------------------------------------------------------

    def _done(
        self, chain: Chain, message: Posted, kind: StepKind, merge: Merge, *, is_accepted: bool = False
    ) -> Outcome:
        outcome = Outcome(chain, kind, merge.verdicts)
        if chain.is_changed:
            chain.commit(kind, message=message.id, by=message.sender, at=message.at)
            outcome.is_post_due = True
        else:
            chain.relate(message.id)
            if is_accepted:
                chain.touch(message.at)
        return outcome

    def _too_late(self, chain: Chain, message: Posted) -> Outcome:
        chain.relate(message.id)
        return Outcome(chain, "late", [Verdict("closed_rejected")])

    def _is_operator(self, message: Posted) -> bool:
        return message.sender in self.options.operators

    def _merge(self, chain: Chain, message: Posted) -> Merge:
        return Merge(
            chain,
            message.sender,
            is_operator=self._is_operator(message),
            directory=self.directory,
            one_per_member=self.options.one_per_member,
            limit=self.options.limit,
        )

    def _may(self, chain: Chain, message: Posted) -> Callable[[int], bool]:
        return self._merge(chain, message).may_change_id

    def _replied_to(self, message: Posted) -> Chain | None:
        if not message.reply_to:
            return None
        return next((chain for chain in self.chains.values() if chain.concerns(message.reply_to)), None)

    def _items(self, message: Posted, parsed: ListMessage) -> list[Item]:
        return [
            Item(listed.text, _author(message, parsed, listed, place) or message.sender)
            for place, listed in enumerate(parsed.entries)
        ]


def _author(message: Posted, parsed: ListMessage, listed: Listed, place: int) -> str | None:
    """Authors count numbered lines; a list that is as long as the kept entries counts those."""
    if isinstance(message.authors, Mapping):
        return message.authors.get(str(listed.line + 1))
    index = place if len(message.authors) == len(parsed.entries) else listed.line
    return message.authors[index] if index < len(message.authors) else None


def _named(chain: Chain, name: str) -> list[Entry]:
    """Active entries whose N or whole text is `name`; else those that are about the same person as `name`."""
    whole = comparison_key(name)
    keys = (whole, without_emoji(whole))
    found = [entry for entry in chain.active if name_key(entry.text) in keys or comparison_key(entry.text) == whole]
    return found or [entry for entry in chain.active if name_key(entry.text) == name_key(name)]

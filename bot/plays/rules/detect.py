"""Which rules a message breaks. Reads, never decides: what follows from a finding is `sentence`'s business.

The way of a harmless message is the hot path of the whole bot: every group's every message takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.audience import includes
from bot.core.play import Context, Member
from bot.core.text.links import Link, find_links, host_of, judge
from bot.core.text.moderation.folding import fast_kept, fold, single
from bot.plays.rules.book import Book, WordRule, span_of
from bot.plays.rules.params import RulesParams
from bot.plays.rules.rule import Level, Rule
from bot.plays.rules.said import Said
from bot.plays.rules.state import Record, State

_EVERYONE = re.compile(
    r"[@＠]\s?(?:所有人|全体成员|全體成員|everyone(?![A-Za-z0-9])|all(?![A-Za-z0-9.]))", re.IGNORECASE
)
_ANSWER = re.compile(r"[A-Ha-h对错是否√×✓✗\s、,，]{1,8}")
_SHORTEST_REPEAT = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """`span` is what stood in the original, for the evidence. `is_reminder`: no verdict, one friendly word."""

    rule: Rule
    level: Level
    base: str = ""
    span: str = ""
    views: tuple[str, ...] = ()
    is_reminder: bool = False

    @property
    def is_evasion(self) -> bool:
        return bool(self.views)


def find(said: Said, state: State, record: Record, ctx: Context[RulesParams]) -> list[Finding]:
    """Every rule that `said` breaks and that holds here and now."""
    book = ctx.params.book
    found = list(_in_text(said, state.allow, record, book, ctx))
    if said.mentions_all or (book.everyone and ("@" in said.text or "＠" in said.text)):
        found.extend(_everyone(said, book, ctx.member))
    if said.types and book.types:
        found.extend(_types(said, book))
    if not (said.is_edit or said.is_list) and book.recent_s:
        found.extend(_pace(said, state, record, book, ctx))
    if book.quiet or book.closed:
        found.extend(_hours(book, ctx, said.at))
    if not found:
        return found
    return [finding for finding in found if holds(finding.rule, ctx, said.at)]


def find_in_image(said: Said, state: State, record: Record, ctx: Context[RulesParams]) -> list[Finding]:
    """Every rule that the codes of a picture break: words and links as if they had been typed, and the codes as such."""
    book = ctx.params.book
    links = find_links(said.text)
    found = list(word_findings(book.words, said.text, (*ctx.params.allow, *state.allow), ctx.assets))
    found.extend(link_findings(links, book))
    found.extend(_codes(said.codes, book))
    found.extend(_newcomer(said, links, joined_at(record, ctx), book))
    return [finding for finding in found if holds(finding.rule, ctx, said.at)]


def holds(rule: Rule, ctx: Context[RulesParams], at: datetime) -> bool:
    """Whether `rule` applies in this group, at this hour, to this member."""
    if rule.groups and ctx.chat not in rule.groups:
        return False
    if rule.hours is not None and ctx.local(at).time() not in rule.hours:
        return False
    return not includes(rule.exempt, ctx.member, at)


# -- what the text says -------------------------------------------------------------------------------------------------


def word_findings(
    entries: Sequence[WordRule], text: str, allow: Sequence[str], assets: Mapping[str, Any]
) -> Iterator[Finding]:
    """Findings of word rules."""
    singled = single(fast_kept(text))
    if not singled:
        return
    for entry in entries:
        rule = entry.rule
        for lexicon in entry.lexica(assets):
            for hit in lexicon.hits_in(text, singled, allow):
                if hit.is_evasion and not rule.match.normalise:
                    continue
                level: Any = rule.level or hit.level or rule.default_level
                yield Finding(rule, level, hit.base, text[hit.start : hit.end], hit.views)


def _in_text(
    said: Said, allow: tuple[str, ...], record: Record, book: Book, ctx: Context[RulesParams]
) -> Iterator[Finding]:
    text = said.text
    if text:
        if book.words:
            allowed = (*ctx.params.allow, *allow) if allow or ctx.params.allow else ()
            yield from word_findings(book.words, text, allowed, ctx.assets)
        if book.has_regexes:
            yield from regex_findings(book, text)
        if book.lengths and not said.is_list:
            yield from _lengths(text, book)
    if book.links or book.newcomers:
        links = find_links(text) if text else ()
        links += tuple(Link(host, url) for url in said.urls if (host := host_of(url)))
        if links:
            yield from link_findings(links, book)
        if book.newcomers and (links or said.types):
            yield from _newcomer(said, links, joined_at(record, ctx), book)


def regex_findings(book: Book, text: str) -> Iterator[Finding]:
    """Findings of regex rules, each over its own kind of text."""
    for rule in book.raw.find(text):
        yield Finding(rule, rule.default_level, span=span_of(rule, text))
    if book.folded.rules:
        folded = fold(text)
        for rule in book.folded.find(folded):
            yield Finding(rule, rule.default_level, span=span_of(rule, folded))


def link_findings(links: Sequence[Link], book: Book) -> Iterator[Finding]:
    """One finding per link rule and host that its lists do not let pass."""
    for rule in book.links:
        lists = rule.match.link
        if lists is None:
            continue
        for link in {link.host: link for link in links}.values():
            verdict = judge(link.host, lists.allow, lists.deny)
            if verdict == "allowed" or (verdict == "unknown" and lists.unknown == "ignore"):
                continue
            is_mild = verdict == "unknown" and lists.unknown == "warn"
            yield Finding(rule, 1 if is_mild else rule.default_level, link.host, link.text)


def _codes(codes: Sequence[str], book: Book) -> Iterator[Finding]:
    """One finding per rule and code that leads nowhere allowed; what is no web address leads nowhere."""
    for rule in book.codes:
        allow = rule.match.image_qr.allow if rule.match.image_qr else ()
        for code in codes:
            hosts = [link.host for link in find_links(code)]
            if not hosts or any(judge(host, allow) != "allowed" for host in hosts):
                yield Finding(rule, rule.default_level, hosts[0] if hosts else "", code)


def _lengths(text: str, book: Book) -> Iterator[Finding]:
    for rule in book.lengths:
        limit = rule.match.length
        if limit is not None and (len(text) > limit.characters or text.count("\n") >= limit.lines):
            yield Finding(rule, rule.default_level)


def joined_at(record: Record, ctx: Context[RulesParams]) -> datetime | None:
    """When the member joined; where nobody knows, when it was first seen here."""
    known = ctx.member.joined_at if ctx.member is not None else None
    return known or record.first_seen


def _newcomer(said: Said, links: Sequence[Link], joined: datetime | None, book: Book) -> Iterator[Finding]:
    joined = joined or said.at  # nobody knows: then the first message counts, and this is it
    for rule in book.newcomers:
        limit = rule.match.newcomer
        if limit is None or said.at - joined >= limit.within:
            continue
        forbidden = {"card", "mini_program", "contact"} | ({"image"} if limit.images else set())
        if links or said.codes or not said.types.isdisjoint(forbidden):
            yield Finding(rule, rule.default_level, span=links[0].text if links else "")


def _everyone(said: Said, book: Book, member: Member | None) -> Iterator[Finding]:
    if not said.mentions_all and not _EVERYONE.search(said.text):
        return
    for rule in book.everyone:
        allowed = rule.match.mention_all.allow if rule.match.mention_all else ()
        if not includes(allowed, member, said.at):
            yield Finding(rule, rule.default_level)


def _types(said: Said, book: Book) -> Iterator[Finding]:
    for rule in book.types:
        if found := said.types.intersection(rule.match.type):
            yield Finding(rule, rule.default_level, base=sorted(found)[0])


# -- how fast it comes ---------------------------------------------------------------------------------------------------


def _pace(said: Said, state: State, record: Record, book: Book, ctx: Context[RulesParams]) -> Iterator[Finding]:
    uid = said.member
    own = [recent for recent in ctx.recent if recent.member == uid and recent.message_id != said.message_id]
    if own and book.floods and not _ANSWER.fullmatch(said.text):
        for rule in book.floods:
            limit = rule.match.flood
            last = record.flooded.get(rule.id)
            if limit is None or len(own) + 1 < limit.messages or (last and said.at - last <= limit.within):
                continue
            since = said.at - limit.within
            if 1 + sum(1 for recent in own if recent.at >= since) >= limit.messages:
                yield Finding(rule, rule.default_level)
    for rule in book.repeats:
        limits = rule.match.repeat
        if limits is None:
            continue
        is_new = limits.raid is not None and uid in state.newcomers
        if len(own) + 1 < limits.times and not is_new:
            continue
        text = fast_kept(said.text)
        if len(text) < _SHORTEST_REPEAT:
            continue
        since = said.at - limits.within
        if 1 + sum(1 for r in own if r.at >= since and fast_kept(r.text) == text) >= limits.times:
            yield Finding(rule, rule.default_level)
        elif is_new and limits.raid is not None:
            since, fresh = said.at - limits.raid.within, said.at - limits.raid.joined
            crowd = {
                r.member
                for r in ctx.recent
                if r.at >= since and state.newcomers.get(r.member, fresh) > fresh and fast_kept(r.text) == text
            } | {uid}
            if len(crowd) >= limits.raid.members and state.newcomers[uid] > fresh:
                yield Finding(rule, rule.default_level, base="raid")


def _hours(book: Book, ctx: Context[RulesParams], at: datetime) -> Iterator[Finding]:
    for rule in book.quiet:
        quiet = rule.match.quiet_hours
        if quiet is not None and ctx.local(at).time() in quiet.hours:
            yield Finding(rule, rule.default_level, is_reminder=not quiet.strict)
    for rule in book.closed:
        closed = rule.match.mute_group
        if closed is not None and not includes(closed.speakers, ctx.member, ctx.now):
            yield Finding(rule, rule.default_level, is_reminder=True)

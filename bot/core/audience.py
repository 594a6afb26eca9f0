"""Whom a playbook means: `tier:核心`, `silent:14d`, `tag:营员 & !new:7d`. A pure predicate over facts that the engine loaded.

    term     := [!] what [& term]
    what     := all | role:… | level:… | badge:… | tier:… | rfm:… | tag:… | id:… | silent:<span> | silent:never | new:<span> | <a tag>

A list of terms means whoever fits any of them. `silent:14d` fits who said nothing for that long, and who never said anything
and joined that long ago; nobody sees who reads. `level:黄金+` is that level or a higher one. What is not known (when somebody joined) fits no span.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from bot.core.play import Member
from bot.core.tiers import ENGLISH
from bot.core.units import parse_duration

LABELS = ("role", "level", "badge", "tier", "rfm", "tag", "id")
SPANS = ("silent", "new")
EVERYBODY = frozenset(("all", "所有人", "everybody"))
NEVER = frozenset(("never", "从未"))
_CHINESE = {english: value for value, english in ENGLISH.items()}


@dataclass(frozen=True, slots=True)
class Atom:
    """`label`: what a member must carry; or a span that was `silent` or is `new`; neither: everybody."""

    is_negated: bool = False
    label: str = ""
    kind: str = ""
    span: timedelta | None = None

    def fits(self, member: Member, now: datetime) -> bool:
        return self._is_true(member, now) is not self.is_negated

    def _is_true(self, member: Member, now: datetime) -> bool:
        if self.kind == "silent":
            since = member.spoke_at or (member.joined_at if self.span is not None else None)
            if self.span is None:
                return member.spoke_at is None
            return since is not None and now - since >= self.span
        if self.kind == "new":
            return member.joined_at is not None and self.span is not None and now - member.joined_at <= self.span
        if not self.label:
            return True
        return self.label in member.labels or self.label in (f"id:{member.uid}", f"role:{member.role}")


def includes(terms: Iterable[str], member: Member | None, now: datetime) -> bool:
    """Whether `member` fits one of `terms`; nobody is in no audience. Terms are checked when the playbook is read."""
    if member is None:
        return False
    return any(all(atom.fits(member, now) for atom in parse(term)) for term in terms)


@lru_cache(maxsize=1024)
def parse(term: str) -> tuple[Atom, ...]:
    """The atoms of a term, all of which must fit. Raises `ValueError` with Chinese and English words for the operator."""
    return tuple(_atom(part.strip()) for part in term.replace("\uff06", "&").split("&"))


def _atom(text: str) -> Atom:
    is_negated = text[:1] in ("!", "\uff01")
    words = text[1:].strip() if is_negated else text
    what, colon, rest = words.replace("\uff1a", ":", 1).partition(":")
    what, rest = what.strip(), rest.strip()
    if not what or (colon and not rest):
        raise ValueError(f"PB214|「{text[:30]}」没有写完 · `{text[:30]}` is not complete|{_HOW}")
    if not colon:
        return Atom(is_negated) if what in EVERYBODY else Atom(is_negated, what)
    if what in ("tier", "rfm"):
        return Atom(is_negated, f"{what}:{_CHINESE.get(rest, rest)}")
    if what in LABELS:
        return Atom(is_negated, f"{what}:{rest}")
    if what in SPANS:
        return Atom(is_negated, kind=what, span=_span(what, rest))
    guess = get_close_matches(what, (*LABELS, *SPANS), 1)
    hint = f"是不是想写 {guess[0]}:{rest} · did you mean {guess[0]}:{rest}" if guess else _HOW
    raise ValueError(f"PB214|没有「{what[:20]}:」这种人群 · there is no audience `{what[:20]}:`|{hint}")


_HOW = "写 tier:核心、silent:14d、new:7d、tag:标签、role:角色,! 表示不是,& 表示同时 · write tier:core, silent:14d, new:7d, tag:…, role:…; ! negates, & joins"  # fmt: skip


def _span(what: str, rest: str) -> timedelta | None:
    if what == "silent" and rest in NEVER:
        return None
    try:
        span = parse_duration(rest)
    except ValueError:
        raise ValueError(
            f"PB214|「{what}:{rest[:20]}」后面要写多久 · `{what}:{rest[:20]}` needs a span|"
            f"例如 {what}:14d、{what}:12h · e.g. {what}:14d, {what}:12h"
        ) from None
    if span <= timedelta(0):
        raise ValueError(
            f"PB214|「{what}:{rest[:20]}」是零 · `{what}:{rest[:20]}` is no time at all|例如 {what}:14d · e.g. {what}:14d"
        )
    return span


def _as_terms(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _checked(terms: tuple[str, ...]) -> tuple[str, ...]:
    for term in terms:
        parse(term)
    return terms


Audience = Annotated[
    tuple[str, ...],
    BeforeValidator(_as_terms),
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string", "examples": ["tier:核心", "silent:14d", "tag:营员 & !new:7d"]},
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]

"""Addresses in text as people type it, and what a list of hosts says about them. Nothing is ever fetched.

Chinese runs straight into an address (看这个https://a.com/x，很好), so ordinary finders fail. A link is either written
with its scheme, or a bare host: ASCII labels joined by dots, the last one a public suffix. What hides a dot (`[.]`, 。,
点), a scheme (`hxxp`) or the letters (full width, 𝕒𝕓𝕔) is undone first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal

from bot.core.text import tables

SUFFIXES = frozenset(" ".join(tables.lines("suffixes.txt")).split())
SHORTENERS = frozenset(tables.lines("shorteners.txt"))
"""Hosts that lead anywhere: a list entry covers them only when it names them exactly."""

Verdict = Literal["allowed", "denied", "unknown"]


@dataclass(frozen=True, slots=True)
class Link:
    """`host` is lower case in its ASCII form; `text` as found."""

    host: str
    text: str


_ASCII_OF = {
    code: chr(ord(plain))
    for code in (*range(0xFF10, 0xFF5B), *range(0x1D400, 0x1D800), *range(0x2460, 0x24EA), 0xFF0E, 0xFF0D)
    if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1
    and plain.isascii()
    and (plain.isalnum() or plain in ".-")
}
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF, *range(0xFE00, 0xFE10)])
_PLAIN = {**_ASCII_OF, **_INVISIBLE, 0xFF61: "。"}

_LETTERS = re.compile("[A-Za-z0-9\uff10-\uff5a\u2460-\u24e9\U0001d400-\U0001d7ff]|[/／]{2}")
_SCHEME = re.compile(r"h(?:tt|xx)ps?[:：][/／]{2}", re.IGNORECASE)
_FULL_WIDTH = r"\u2018-\u201f\u3000-\u303f\uff00-\uffef"
_CHINESE = r"\u3400-\u9fff\uf900-\ufaff"
_ADDRESS = re.compile(rf"[^\s\"'<>{_FULL_WIDTH}{_CHINESE}]+")
_WIDE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_TRAILING = ".,;:!?)"
_DOT = r"(?:\.|\[\.\]|\(\.\)|。|点)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_BARE = re.compile(
    rf"(?<![A-Za-z0-9@._-])({_LABEL}(?:{_DOT}{_LABEL})+)(?![A-Za-z0-9_.+-]*@)((?::\d+)?(?:[/?#][^\s\"'<>{_FULL_WIDTH}{_CHINESE}]*)?)"
)
_SPLIT = re.compile(rf"({_DOT})")
_MAYBE = re.compile(rf"[/／]{{2}}|[A-Za-z0-9]{_DOT}[A-Za-z0-9]")


def find_links(text: str) -> tuple[Link, ...]:
    """Every address in `text`, in order."""
    if not _LETTERS.search(text):
        return ()
    if not text.isascii():
        text = text.translate(_PLAIN)
    if not _MAYBE.search(text):
        return ()
    return tuple(_links(text))


def _links(text: str) -> Iterator[Link]:
    at = 0
    while scheme := _SCHEME.search(text, at):
        yield from _bare(text[at : scheme.start()])
        found, at = _with_scheme(text, scheme.end())
        if found is not None:
            yield found
    yield from _bare(text[at:])


def _with_scheme(text: str, start: int) -> tuple[Link | None, int]:
    match = _ADDRESS.match(text, start)
    body = match[0].rstrip(_TRAILING) if match else ""
    end = match.end() if match else start
    authority = re.split(r"[/?#\\]", body, maxsplit=1)[0]
    wide = _WIDE_HOST.match(text, start) if len(authority) == len(body) else None
    if wide and wide.end() > end and _ends_in_wide_suffix(wide[0]):
        authority, body, end = wide[0], wide[0], wide.end()
    host = authority.rsplit("@", 1)[-1].replace("[.]", ".").replace("(.)", ".")
    if not host.startswith("["):
        host = re.sub(r":\d*$", "", host)
    host = ascii_host(host)
    if host.rsplit(".", 1)[-1] not in SUFFIXES and (hidden := _BARE.match(text, start)):
        host = _host(hidden[1]) or host
        end = max(end, hidden.end())
    return (Link(host, body) if host else None), end


def _ends_in_wide_suffix(host: str) -> bool:
    """Whether `host` in Chinese letters ends in a suffix; else it is Chinese text that follows an address."""
    last = host.rsplit(".", 1)[-1]
    return not last.isascii() and ascii_host(last) in SUFFIXES


def _host(dotted: str) -> str:
    """The host in labels joined by any kind of dot, "" when no public suffix ends it.

    What follows a hidden dot may be the next sentence (a.com。b), so such labels are given up one by one.
    """
    pieces = _SPLIT.split(dotted)
    labels, dots = pieces[::2], pieces[1::2]
    while len(labels) > 1 and labels[-1].lower() not in SUFFIXES and dots[-1] != ".":
        labels.pop()
        dots.pop()
    return ascii_host(".".join(labels)) if len(labels) > 1 and labels[-1].lower() in SUFFIXES else ""


def _bare(text: str) -> Iterator[Link]:
    for match in _BARE.finditer(text):
        if host := _host(match[1]):
            yield Link(host, (match[1] + match[2]).rstrip(_TRAILING))


@lru_cache(maxsize=4096)
def ascii_host(host: str) -> str:
    """`host` in lower case, every label in its ASCII (`xn--`) form where it has one."""
    labels = []
    for label in host.strip(".").lower().split("."):
        try:
            labels.append(label if label.isascii() else label.encode("idna").decode("ascii"))
        except UnicodeError:
            labels.append(label)
    return ".".join(labels)


def _mixes_scripts(host: str) -> bool:
    for label in host.split("."):
        if label.startswith("xn--"):
            try:
                label = label.encode("ascii").decode("idna")
            except UnicodeError:
                return True
        if len({unicodedata.name(c, "?").split(" ")[0] for c in label if c.isalpha()}) > 1:
            return True
    return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host.replace(".", "").isdigit() or host.startswith("0x")
    return True


def covers(entry: str, host: str) -> bool:
    """Whether a list entry is the host or a parent of it, at a label border."""
    entry = ascii_host(entry.removeprefix("*."))
    return host == entry or host.endswith(f".{entry}")


def judge(host: str, allow: Iterable[str], deny: Iterable[str] = ()) -> Verdict:
    """What the lists say about `host`. A denial wins; addresses, shorteners and mixed scripts are unknown at best."""
    if any(covers(entry, host) for entry in deny):
        return "denied"
    exact, parent = False, False
    for entry in allow:
        exact = exact or ascii_host(entry) == host
        parent = parent or covers(entry, host)
    if _is_address(host) or _mixes_scripts(host):
        return "unknown"
    if any(covers(short, host) for short in SHORTENERS):
        return "allowed" if exact else "unknown"
    return "allowed" if parent else "unknown"


def host_of(url: str) -> str:
    """The host of an address that stands alone (of a card, say), "" when it has none."""
    found = find_links(url if "//" in url else f"http://{url}")
    return found[0].host if found else ""

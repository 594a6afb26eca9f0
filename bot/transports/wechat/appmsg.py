"""The XML that some gateways pass on as the text of a message: 接龙, quotes, links, mini programs, recalls.

The document comes from members' clients, so it is read with its size bounded and its entities refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

from bot.core.text import clean

_LIMIT = 512 * 1024
SOLITAIRE, QUOTE = 53, 57


@dataclass(frozen=True, slots=True)
class AppMessage:
    """`authors`: raw ids of who wrote each line of a native 接龙, in the order of the text. `quoted`: a message id."""

    type: int
    title: str
    url: str = ""
    quoted: str = ""
    authors: tuple[str, ...] = ()


def app_message(text: str) -> AppMessage | None:
    """What the XML says; None for text that is no such XML."""
    root = _root(text, "<appmsg")
    app = None if root is None else root if root.tag == "appmsg" else root.find("appmsg")
    if app is None:
        return None
    number = _text(app, "type")
    info = app.find("extinfo/solitaire_info")
    if info is None:
        info = app.find("solitaire_info")
    return AppMessage(
        type=int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 0,
        title=_text(app, "title"),
        url=_text(app, "url"),
        quoted=_text(app, "refermsg/svrid"),
        authors=_authors(info) if info is not None else (),
    )


def recalled_id(text: str) -> str:
    """The id of the message that was taken back: the text itself, or inside a `revokemsg` document."""
    root = _root(text, "<revokemsg")
    if root is None:
        plain = text.strip()
        return plain if plain and len(plain) < 200 and not plain.startswith("<") and " " not in plain else ""
    revoked = root if root.tag == "revokemsg" else root.find(".//revokemsg")
    if revoked is None:
        return ""
    return _text(revoked, "newmsgid") or _text(revoked, "msgid")


def _authors(info: ElementTree.Element) -> tuple[str, ...]:
    """`<solitaire>` stands inside as elements or as text; each `<i>` has its author `<u>` and its range `<r>`."""
    inner: ElementTree.Element | None = info.find("solitaire")
    if inner is None:
        inner = _root(info.text or "", "<solitaire")
    if inner is None:
        return ()
    lines = []
    for item in inner.findall("content/i"):
        start = _text(item, "r").partition("-")[0]
        lines.append((int(start) if start.isascii() and start.isdigit() and len(start) < 8 else 0, _text(item, "u")))
    return tuple(author for _, author in sorted(lines, key=lambda line: line[0]))


def _root(text: str, mark: str) -> ElementTree.Element | None:
    if mark not in text or len(text) > _LIMIT or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    # Some protocols put the author's id and a line break before the document.
    try:
        return ElementTree.fromstring(text[text.index("<") :].strip())
    except ElementTree.ParseError:
        return None


def _text(element: ElementTree.Element, path: str) -> str:
    return clean((element.findtext(path) or "").strip())

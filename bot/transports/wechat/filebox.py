"""FileBox: how the gateway writes a file. Small ones lie inside as base64, large ones are named by a uuid, some by a URL."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass

import orjson

from bot.transports.wechat.wire import Malformed, loads

BASE64, URL, UUID = 1, 2, 7


@dataclass(frozen=True, slots=True)
class FileBox:
    """One of `content`, `url`, `uuid` says where the bytes are."""

    name: str
    content: bytes | None = None
    url: str = ""
    uuid: str = ""


def dump(box: FileBox) -> str:
    """Both spellings of the type, and of the address: gateways of 0.x and 1.x read different ones."""
    body: dict[str, object] = {"name": box.name or "file", "metadata": {}}
    if box.content is not None:
        body |= {"type": BASE64, "boxType": BASE64, "base64": b64encode(box.content).decode()}
    elif box.uuid:
        body |= {"type": UUID, "boxType": UUID, "uuid": box.uuid}
    else:
        body |= {"type": URL, "boxType": URL, "url": box.url, "remoteUrl": box.url}
    return orjson.dumps(body).decode()


def load(raw: str) -> FileBox:
    """Raises `Malformed`."""
    body = loads(raw)
    kind = body.get("type") or body.get("boxType")
    name = str(body.get("name") or "file")
    if kind == BASE64 and isinstance(body.get("base64"), str):
        try:
            return FileBox(name, content=b64decode(body["base64"], validate=False))
        except NotBase64 as error:
            raise Malformed(f"a file that is no base64: {error}") from None
    if kind == URL and (url := body.get("url") or body.get("remoteUrl")):
        return FileBox(name, url=str(url))
    if kind == UUID and body.get("uuid"):
        return FileBox(name, uuid=str(body["uuid"]))
    raise Malformed(f"a file of unknown type {kind!r}")

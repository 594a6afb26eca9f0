"""The console's own scripts, styles and icons: a fixed list of files, served under an address that changes with them.

What is not in the list cannot be asked for, whatever the path says.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

FOLDER = Path(__file__).parent / "static"
_SERVED = frozenset((".css", ".js", ".svg", ".png", ".woff2", ".json", ".ico"))
_PACKED = frozenset((".css", ".js", ".svg", ".json"))


@dataclass(slots=True)
class _File:
    path: Path
    media_type: str
    packed: bytes = b""


@dataclass(slots=True)
class Assets:
    """`version` is a hash of every file: pages name it, browsers keep the files for a year."""

    folder: Path = FOLDER
    files: dict[str, _File] = field(init=False)
    version: str = field(init=False)

    def __post_init__(self) -> None:
        paths = sorted(path for path in self.folder.rglob("*") if path.suffix in _SERVED)
        self.files = {
            path.relative_to(self.folder).as_posix(): _File(
                path, mimetypes.types_map.get(path.suffix, "application/octet-stream")
            )
            for path in paths
        }
        digest = hashlib.sha256()
        for path in paths:
            digest.update(path.read_bytes())
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Raises `KeyError` for a file that is not there: a page that names it is a mistake."""
        self.files[name]
        return f"/static/{self.version}/{name}"

    async def serve(self, request: Request) -> Response:
        file = self.files.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("not found\n", status_code=404)
        headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
        if file.path.suffix in _PACKED and "gzip" in request.headers.get("accept-encoding", ""):
            file.packed = file.packed or gzip.compress(file.path.read_bytes(), 6)
            return Response(
                file.packed, media_type=file.media_type, headers={**headers, "content-encoding": "gzip"}
            )  # fmt: skip
        return Response(file.path.read_bytes(), media_type=file.media_type, headers=headers)

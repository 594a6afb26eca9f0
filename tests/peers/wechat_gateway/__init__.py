"""The real puppet-service gateway as a child process: installed from its lock file, started, driven, always ended.

Needs Node 18 or later with npm. Without it the tests are left out and the summary says so; where `CI` is set they fail.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_MODULES = FOLDER / "node_modules"
_STAMP = _MODULES / ".installed"
TOKEN = "test-token-of-this-gateway"


@cache
def _without_node() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return "Node 18 or later with npm is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0] or 0) < 18:
        return f"Node 18 or later is needed, this is {version}"
    return ""


def left_out() -> str:
    """Why the tests of the gateway were left out, for the summary; installs nothing."""
    return _without_node() or (
        "" if _STAMP.exists() else "its npm packages are not installed (npm ci failed, or never ran)"
    )


@cache
def missing() -> str:
    """Why the gateway cannot run here; "" when it can. Installs what the lock file names, once."""
    if reason := _without_node():
        return reason
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (Path(tempfile.gettempdir()) / f"qunops-gateway-{os.getuid()}.lock").open("w") as lock:
        # Several test processes start at once; one installs.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _STAMP.exists() and _STAMP.read_text() == wanted:
            return ""
        done = subprocess.run(["npm", "ci"], cwd=FOLDER, capture_output=True, text=True, timeout=280, check=False)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip()[-300:]}"
        _STAMP.write_text(wanted)
    return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gateway:
    """One gateway process at a fixed address. Commands are answered before they return."""

    def __init__(self, *, tls: bool = False, certificate: tuple[str, str] | None = None) -> None:
        """`certificate`: chain and key as PEM, else the gateway's own published ones."""
        self._environment = dict(os.environ)
        if certificate is not None:
            for name, pem in zip(("CERT", "KEY"), certificate, strict=True):
                self._environment[f"WECHATY_PUPPET_SERVICE_TLS_SERVER_{name}"] = pem
        self.endpoint = f"127.0.0.1:{free_port()}"
        self.is_tls = tls
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, **options: Any) -> None:
        """Starts the process where it does not run, and begins anew: one room, the bot an admin in it."""
        if self._process is None or self._process.poll() is not None:
            self.end()
            arguments = ["node", "gateway.mjs", self.endpoint, TOKEN, "tls" if self.is_tls else "plain"]
            self._process = subprocess.Popen(
                arguments, cwd=FOLDER, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self._rest = b""
            self._answer(0)
        self.do("reset", **options)

    def do(self, command: str, **rest: Any) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._numbers)
        self._process.stdin.write(json.dumps({"number": number, "command": command, **rest}).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer(number)

    def _answer(self, number: int, patience_s: float = 60) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        while True:
            line, found, rest = self._rest.partition(b"\n")
            if found:
                self._rest = rest
                if not line.startswith(b'{"number"'):
                    continue
                body = json.loads(line)
                if body["number"] != number:
                    continue
                if "error" in body:
                    raise RuntimeError(body["error"])
                return body["result"]
            if not select.select([stream], [], [], patience_s)[0]:
                raise TimeoutError("the gateway process does not answer")
            data = os.read(stream, 1 << 20)
            if not data:
                raise RuntimeError("the gateway process ended")
            self._rest += data

    def kill(self) -> None:
        """Ends the process at once, as kill -9 does."""
        self.end()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        shutil.rmtree(Path(tempfile.gettempdir()) / f"file-box-urn-registry.{process.pid}", ignore_errors=True)

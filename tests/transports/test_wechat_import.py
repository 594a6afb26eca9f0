"""wechaty costs memory and has habits: it is loaded only when an account connects, and then without its habits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", code],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "TOKEN": "from-the-environment"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_the_bot_starts_without_it(tmp_path: Path) -> None:
    """Importing the whole bot, transport included, imports neither wechaty nor gRPC."""
    code = "import bot.app, sys; print([name for name in sys.modules if name.startswith(('wechaty', 'grpclib', 'betterproto'))])"
    assert _python(code, tmp_path) == "[]\n"


def test_it_leaves_no_trace(tmp_path: Path) -> None:
    """No folder, no web server, no scheduler, no signal handlers, no loggers of its own on stderr, no second `wechaty` layer."""
    code = """
import asyncio, logging, signal, sys
before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
from bot.transports.wechat import WeChatSettings
from bot.transports.wechat.puppet import Puppet
async def main():
    puppet = Puppet(WeChatSettings(endpoint="127.0.0.1:1", token="secret"))
    puppet.close()
    return puppet.options.token
token = asyncio.run(main())
assert before == [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
assert token == "secret"
assert not {"wechaty", "quart", "apscheduler"} & set(sys.modules)
loggers = logging.root.manager.loggerDict.items()
loud = [
    name for name, logger in loggers
    if any(isinstance(each, logging.StreamHandler) for each in getattr(logger, "handlers", ()))
]
print(loud)
"""
    assert _python(code, tmp_path) == "[]\n"
    assert list(tmp_path.iterdir()) == []

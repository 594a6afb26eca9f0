"""The evening in virtual time, whole, and over OneBot, shorter."""

from __future__ import annotations

import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.engine.images.codes import bytes_of, code
from tests.evening import cast, course
from tests.evening.groups import over_onebot, simulated


async def test_an_evening_of_two_hundred_in_virtual_time(tmp_path: Path) -> None:
    """No entry lost, no answer misjudged, no spam missed, nobody wronged, with the real limits of the outbox."""
    outcome = course.Outcome()
    async with simulated(tmp_path / "playbooks") as group:
        await course.chain(group, outcome)
        await course.quiz(group, outcome)
        await course.wave(group, outcome)
    assert outcome.entries >= 60
    assert outcome.answers >= 1000
    assert (outcome.lost, outcome.doubled) == ([], [])
    assert outcome.misjudged == []
    assert outcome.missed == []
    assert outcome.false_alarms == []


async def test_an_evening_over_onebot(tmp_path: Path) -> None:
    """The bot as a process, a socket between: the same promises; pictures of a code among the spam."""
    picture = bytes_of(code())

    class Pictures(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    outcome = course.Outcome()
    try:
        async with over_onebot(tmp_path, picture=picture) as group:
            await course.chain(group, outcome, over_s=1.0, settle_s=2.2)
            by_address, inside = cast.SPAMMERS[-2], cast.SPAMMERS[-3]
            await group.show(by_address, f"http://127.0.0.1:{server.server_port}/a.png")
            await group.show(inside, f"base64://{b64encode(picture).decode()}")
            await course.quiz(group, outcome, questions=1, over_s=1.0)
            assert group.pictures == [f"base64://{b64encode(picture).decode()}"]
            await course.wave(group, outcome, harmless=100, over_s=1.5)
            found = await group.rows(
                "SELECT member.uid FROM note JOIN member ON member.id = note.member_id"
                """ WHERE note.what = 'verdict' AND note.data LIKE '%"u.wechat.com"%'"""
            )
            assert {uid for (uid,) in found} == {group.uid(by_address), group.uid(inside)}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (outcome.entries, outcome.lost, outcome.doubled) == (60, [], [])
    assert outcome.answers >= 100
    assert outcome.misjudged == []
    assert outcome.missed == []
    assert outcome.false_alarms == []

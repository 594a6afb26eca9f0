"""What waited too long is not sent, and whoever wanted it sent hears of that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.core.events import EXPIRED
from bot.engine.clock import from_ms
from bot.engine.kernel import Kernel
from bot.engine.outbox import Outbox, Pending
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.plays import all_plays
from bot.transports.base import Group
from tests.engine.test_kernel import BOT, GROUP, NOW, Bench, bench, says, start

__all__ = ["bench", "start"]  # fixtures


def posting(chat: str) -> GroupPlan:
    """One post a day, a minute after `NOW`."""
    play = all_plays()["campaign"]
    post = {"name": "早安", "daily": "08:01", "text": "早安"}
    active = ActivePlay(
        name="推送", play=play, params=play.Params.model_validate({"posts": [post]}), version="v1",
        header=Header(playbook="营", title="共读营"),
    )  # fmt: skip
    return plan_of(chat, [active])


@pytest.fixture
def away(start: Callable[[], Bench]) -> Bench:
    """A post became due while the account was away."""
    bench = start()
    bench.kernel.reload(posting, NOW)
    bench.kernel.learn_groups(BOT, [Group(uid=GROUP, name="共读营", size=3)], NOW)
    bench.kernel.account_offline(BOT, NOW)
    assert bench.kernel.cycle(NOW + timedelta(minutes=1)) == []
    assert bench.one("select count(*) from outbox where status = 'ready'") == 1
    return bench


def _run_on(kernel: Kernel, until: timedelta) -> None:
    """Cycles whenever the kernel wants one."""
    for _ in range(100):
        wake = kernel.next_wake()
        if wake is None or wake > NOW + until:
            return
        kernel.cycle(wake)
    raise AssertionError("it wakes up again and again")


def test_a_post_that_expires_while_the_account_is_away(away: Bench) -> None:
    """At its expiry, not at the next connection: the row says so, the play notes it and tells its operators, and nothing is
    sent when the account is back."""
    until = from_ms(away.one("select expires_at from outbox"))
    _run_on(away.kernel, until - NOW)
    assert away.one("select status from outbox where kind = 'message'") == "expired"
    assert away.kernel.counters.expired == 1
    note = away.one("select data from note where what = 'post_failed'")
    assert f'"error":"{EXPIRED}"' in note
    assert "等了太久" in away.one("select text from task")
    away.kernel.account_online(BOT, until)
    assert away.deliver(away.kernel.cycle(until)) == []


def test_the_news_survive_a_crash(away: Bench, start: Callable[[], Bench]) -> None:
    """The process ended before the expiry: the next one tells the play."""
    until = from_ms(away.one("select expires_at from outbox"))
    again = start()
    again.kernel.reload(posting, until)
    again.kernel.outbox.set_online(BOT, False)
    again.kernel.cycle(until)
    again.kernel.cycle(until)
    assert again.one("select count(*) from note where what = 'post_failed'") == 1


def test_an_answer_that_expires_leaves_those_behind_it(start: Callable[[], Bench]) -> None:
    """The account was away: the check-in answer of the morning is not said in the evening, the one of the evening is."""
    bench = start()
    bench.hears(says(7, "早"))
    bench.kernel.account_offline(BOT, NOW)
    assert bench.hears(says(8, "打卡")) == []
    bench.now = NOW + timedelta(hours=10)
    assert bench.hears(says(9, "打卡", at=bench.now)) == []
    bench.kernel.account_online(BOT, bench.now)
    (said,) = bench.deliver(bench.kernel.cycle(bench.now))
    assert "成员9" in said


# -- the queue itself ---------------------------------------------------------------------------------------------------


def pending(number: int, **values: Any) -> Pending:
    given: dict[str, Any] = {
        "id": number, "idem": str(number), "account": BOT, "chat": GROUP, "to": "", "lane": 1, "kind": "message",
        "body": "{}", "ref": "", "effect_key": "", "on_unknown": "never", "not_before": 0, "expires_at": None,
    }  # fmt: skip
    return Pending(**{**given, **values})


def test_the_queue_wakes_up_for_an_expiry() -> None:
    """Offline, nothing else would."""
    outbox = Outbox()
    outbox.add(pending(1, expires_at=500))
    outbox.add(pending(2, expires_at=900, not_before=2000))
    outbox.add(pending(3))
    outbox.release(0)
    assert outbox.next_wake() == 500
    assert (outbox.expired(499), [one.id for one in outbox.expired(500)]) == ([], [1])
    assert outbox.next_wake() == 900
    assert [one.id for one in outbox.expired(5000)] == [2]
    assert len(outbox) == 1


def test_what_is_too_late_is_never_released() -> None:
    """Added when its time is over already: it waits to be taken out and holds nobody up."""
    outbox = Outbox()
    outbox.set_online(BOT, True)
    outbox.add(pending(1, expires_at=50))
    outbox.add(pending(2))
    assert [one.id for one in outbox.release(100)] == [2]
    assert [one.id for one in outbox.expired(100)] == [1]

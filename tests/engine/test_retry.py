"""Another try for what failed: the step is done once, whatever the first try left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.engine.clock import to_ms
from bot.engine.kernel import NotRepeatable
from bot.playbook.model import GroupPlan, plan_of
from tests.engine.test_kernel import NOW, Bench, bench, plan_for, says, start

__all__ = ["bench", "start"]  # fixtures


class Defect:
    """A play with a defect, until it is mended."""

    is_there = True

    def plan_for(self, chat: str) -> GroupPlan:
        plan = plan_for(chat)
        assert plan is not None
        (active,) = plan.plays.values()

        def step(state: Any, event: Any, ctx: Any) -> Any:
            if self.is_there:
                raise KeyError("streak")
            return active.play.step(state, event, ctx)

        return plan_of(chat, [replace(active, play=replace(active.play, step=step))])


def _dead(bench: Bench) -> int:
    return int(bench.one("select max(id) from dead_event"))


@pytest.fixture
def failed(start: Callable[[], Bench]) -> Bench:
    """A defect cost member 7 the check-in; then it was mended."""
    bench, defect = start(), Defect()
    bench.kernel.reload(defect.plan_for, NOW)
    assert bench.hears(says(7, "打卡")) == []
    assert bench.one("select error from dead_event") == "KeyError: 'streak'"
    defect.is_there = False
    return bench


def test_a_failed_step_is_done_once(failed: Bench) -> None:
    """The check-in is credited and answered, the dead event is gone; a second retry finds nothing."""
    dead = _dead(failed)
    assert failed.kernel.retry(dead, NOW, "cli") == ""
    (answer,) = failed.deliver(failed.kernel.cycle(NOW))
    assert "成员7" in answer
    assert failed.one("select count(*) from dead_event") == 0
    assert failed.one("select count(*) from ledger") == 1
    assert failed.one("select action || actor from audit") == "dead.retrycli"
    with pytest.raises(LookupError):
        failed.kernel.retry(dead, NOW, "cli")


def test_the_retry_of_what_was_done_meanwhile(failed: Bench) -> None:
    """The member said it again and was credited: the retry pays nothing."""
    failed.hears(says(7, "打卡", n=2, at=NOW + timedelta(minutes=1)))
    assert failed.kernel.retry(_dead(failed), NOW + timedelta(minutes=2), "cli") == ""
    assert failed.one("select count(*) from ledger") == 1
    assert failed.one("select sum(checkins) from member_day") == 1


def test_a_retry_that_fails_again(start: Callable[[], Bench]) -> None:
    """Its error is told, and there is one dead event as before."""
    bench = start()
    bench.kernel.reload(Defect().plan_for, NOW)
    bench.hears(says(7, "打卡"))
    later = NOW + timedelta(minutes=1)
    assert bench.kernel.retry(_dead(bench), later, "cli") == "KeyError: 'streak'"
    assert bench.one("select count(*) from dead_event") == 1
    assert bench.one("select at from dead_event") == to_ms(later)


def test_what_spoiled_its_batch_is_stepped_again(bench: Bench) -> None:
    """Buried with its row in the log: the retry gives it to every play that hears it."""
    said = says(7, "打卡")
    bench.kernel.reload(lambda chat: None, NOW)
    bench.hears(said)
    bench.kernel.reload(plan_for, NOW)
    chat = bench.one("select id from chat")
    with bench.connection.begin():
        bench.kernel.writer.dead([[chat, "", said.id, "DataError", "…", to_ms(NOW)]])
    assert bench.kernel.retry(_dead(bench), NOW, "cli") == ""
    assert bench.one("select count(*) from dead_event") == 0
    assert bench.one("select count(*) from ledger") == 1


def test_what_the_log_cannot_give_back_is_refused(bench: Bench) -> None:
    """A timer has no row that it could be read from; the dead event stays."""
    bench.hears(says(7, "打卡"))
    chat = bench.one("select id from chat")
    with bench.connection.begin():
        bench.kernel.writer.dead([[chat, "营/打卡", "营/打卡#summary@2026-03-02", "KeyError", "…", 0]])
    with pytest.raises(NotRepeatable):
        bench.kernel.retry(_dead(bench), NOW, "cli")
    assert bench.one("select count(*) from dead_event") == 1

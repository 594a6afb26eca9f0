"""A round from its opening to its end.

    idle → nominate → vote → (runoff →) idle

Each phase ends with the timer `close`. Nominations and votes are one for each member, the last one counts; nobody sees how a
vote stands before it is over. Votes of who left meanwhile don't count, and neither do those of who joined after the opening.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core.audience import includes
from bot.core.effects import Award, CancelTimer, Drawing, Effect, Lane, Note, Say, SetTimer, StartPlay, Template
from bot.core.marks import Mark, dress
from bot.core.play import Member
from bot.plays.honours.outcome import Outcome, candidates, outcome
from bot.plays.honours.record import NOMINATION, VOTE, WINNER, Candidate, Hand, Paper, Round

CLOSE = "close"
UNTITLE = "untitle/"
_PICTURES = 3


def begin(turn: Hand) -> None:
    """Opens nominations, unless a round is on."""
    params, ctx, state = turn.params, turn.ctx, turn.state
    if state.round is not None:
        turn.because(refused="a round is on")
        return
    until = ctx.now + params.nominate
    number = state.rounds + 1
    turn.change(rounds=number, round=Round(number=number, opened=ctx.now, until=until, seats=params.winners))
    turn.do(SetTimer(name=CLOSE, at=until), say(turn, "opened", until=clock(turn, until)))


def stop(turn: Hand) -> None:
    """An operator ends the round without a result."""
    turn.do(CancelTimer(name=CLOSE), say(turn, "stopped"))
    _clear(turn)


def close(turn: Hand) -> None:
    """The phase is over."""
    round_ = turn.state.round
    if round_ is None:
        return
    if round_.phase == "nominate":
        _to_the_vote(turn, round_)
    else:
        _count(turn, round_)


def papers(turn: Hand, prefix: str, number: int) -> dict[str, Paper]:
    """uid → what the member handed in, in this round."""
    return {uid: paper for uid, paper in turn.slots(prefix).items() if paper.round == number}


def _to_the_vote(turn: Hand, round_: Round) -> None:
    params, ctx = turn.params, turn.ctx
    here = [paper for paper in papers(turn, NOMINATION, round_.number).values() if paper.candidate in ctx.roster]
    found = candidates(here, params.candidates)
    turn.because(nominations=len(here), candidates=len(found))
    if not found:
        turn.do(say(turn, "nobody"))
        _clear(turn)
        return
    _open_vote(turn, round_, "vote", found, round_.seats)


def _open_vote(turn: Hand, round_: Round, phase: Any, standing: tuple[Candidate, ...], seats: int) -> None:
    until = turn.ctx.now + turn.params.vote
    turn.change(
        round=round_.model_copy(update={"phase": phase, "until": until, "candidates": standing, "seats": seats})
    )
    turn.do(SetTimer(name=CLOSE, at=until))
    turn.do(say(turn, "vote", rows=rows(standing), until=clock(turn, until), phase=phase, seats=seats))


def _count(turn: Hand, round_: Round) -> None:
    params, ctx = turn.params, turn.ctx
    cast = {uid: paper for uid, paper in papers(turn, VOTE, round_.number).items() if uid in ctx.roster}
    standing = [each for each in round_.candidates if each.uid in ctx.roster]
    found = outcome(standing, [paper.candidate for paper in cast.values()], round_.seats)
    turn.because(votes=dict(found.votes), voters=len(cast))
    if len(cast) < params.min_votes and round_.phase == "vote":
        turn.do(say(turn, "too_few", voters=len(cast), needed=params.min_votes))
        _clear(turn)
        return
    winners = found.winners
    if round_.phase == "runoff" and not winners and not found.tied:
        # Nobody came to the second vote: the first one stands.
        winners = tuple(standing)
    if found.tied:
        if params.tie == "runoff" and round_.phase == "vote":
            _runoff(turn, round_, found)
            return
        kept = found.tied[: found.left] if params.tie == "first" else found.tied
        winners = (*winners, *kept)
    _award(turn, round_, (*round_.fixed, *winners), found, len(cast))


def _runoff(turn: Hand, round_: Round, found: Outcome) -> None:
    for uid in papers(turn, VOTE, round_.number):
        turn.put(f"{VOTE}{uid}", None)
    fixed = round_.model_copy(update={"fixed": found.winners})
    _open_vote(turn, fixed, "runoff", found.tied, found.left)


def _award(turn: Hand, round_: Round, winners: tuple[Candidate, ...], found: Outcome, voters: int) -> None:
    params, ctx = turn.params, turn.ctx
    if not winners:
        turn.do(say(turn, "too_few", voters=voters, needed=params.min_votes))
        _clear(turn)
        return
    if params.title and not params.hold:
        for uid in turn.slots(WINNER):
            if uid not in {each.uid for each in winners}:
                untitle(turn, uid)
    names = {each.uid: ctx.roster[each.uid].name if each.uid in ctx.roster else each.name for each in winners}
    rows_ = [{"name": names[c.uid], "votes": found.votes.get(c.uid, 0), "reason": c.reason} for c in winners]
    turn.do(
        say(
            turn, "result", rows=rows_, voters=voters, points=params.points, badge=params.badge, fixed=len(round_.fixed)
        )
    )
    for place, winner in enumerate(winners):
        turn.do(*_prizes(turn, round_, winner, found, voters))
        _title(turn, round_, winner)
        if params.picture and place < _PICTURES:
            turn.do(_certificate(turn, round_, winner, names[winner.uid]))
    _clear(turn)


def _prizes(turn: Hand, round_: Round, winner: Candidate, found: Outcome, voters: int) -> list[Effect]:
    params = turn.params
    reason = f"评选:{params.honour}"
    fact = {"honour": params.honour, "votes": found.votes.get(winner.uid, 0), "voters": voters, "reason": winner.reason}
    done: list[Effect] = [Note(what="honour", key=f"{round_.number}|{winner.uid}", member=winner.uid, data=fact)]
    if params.points:
        done.append(Award(member=winner.uid, points=params.points, reason=reason, key=f"honour:{round_.number}"))
    if params.badge:
        data = {
            "badge": params.badge,
            "member": winner.uid,
            "reason": f"{params.honour} 第 {round_.number} 届",
            "by": params.honour,
        }
        done.append(StartPlay(play=params.badges, data=data))
    return done


def _title(turn: Hand, round_: Round, winner: Candidate) -> None:
    params, ctx = turn.params, turn.ctx
    member = ctx.roster.get(winner.uid)
    key = f"{WINNER}{winner.uid}"
    before: Paper | None = turn.slot(key)
    mark = before.mark if before is not None else Mark()
    if params.title and member is not None:
        mark = dress(turn, member, mark, params.title).mark
        if mark.kept:
            turn.do(say(turn, "kept", name=member.name, kept=mark.kept))
        if params.hold and mark.title:
            turn.do(SetTimer(name=f"{UNTITLE}{winner.uid}", at=ctx.now + params.hold))
    turn.put(key, Paper(round=round_.number, at=ctx.now, name=winner.name, mark=mark))


def untitle(turn: Hand, uid: str) -> None:
    """The title's time is over: taken back if it is still ours."""
    paper: Paper | None = turn.slot(f"{WINNER}{uid}")
    member: Member | None = turn.ctx.roster.get(uid)
    if paper is not None and member is not None and paper.mark.title:
        mark = dress(turn, member, paper.mark, "").mark
        turn.put(f"{WINNER}{uid}", paper.model_copy(update={"mark": mark}))


def _certificate(turn: Hand, round_: Round, winner: Candidate, name: str) -> Say:
    params, ctx = turn.params, turn.ctx
    chosen = f"经大家提名和投票，评为「{params.honour}」"
    reason = f"{winner.reason}，{chosen}" if winner.reason else chosen
    data = {
        "kind": "honour", "name": name, "number": f"{round_.number:03d}", "code": "", "verify": "",
        "day": f"{ctx.local(ctx.now):%Y-%m-%d}", "title": ctx.title or ctx.chat_name, "reason": reason,
    }  # fmt: skip
    words = Template("honours/certificate", {"name": name, "honour": params.honour, "reason": winner.reason})
    return Say(words=words, drawing=Drawing("certificate", data), lane=Lane.NOTICE)


def may_still_be(turn: Hand, member: Member) -> str:
    """Why `member` can't be nominated: `who`, `again`; "": may."""
    params, ctx = turn.params, turn.ctx
    if member.is_bot or not includes(params.may_win, member, ctx.now):
        return "who"
    won: Paper | None = turn.slot(f"{WINNER}{member.uid}")
    if won is not None and params.again_after and ctx.now - won.at < params.again_after:
        return "again"
    return ""


def _clear(turn: Hand) -> None:
    for prefix in (NOMINATION, VOTE):
        for uid in turn.slots(prefix):
            turn.put(f"{prefix}{uid}", None)
    turn.change(round=None)


def rows(standing: tuple[Candidate, ...]) -> list[dict[str, Any]]:
    return [
        {"no": no, "name": each.name, "reason": each.reason, "by": each.nominations}
        for no, each in enumerate(standing, 1)
    ]


def say(turn: Hand, template: str, **data: Any) -> Say:
    """To the group, about the round."""
    params = turn.params
    words = {"honour": params.honour, "command": params.command, "ballot": params.ballot, "table": params.table}
    return Say(words=Template(f"honours/{template}", {**words, **data}), lane=Lane.NOTICE)


def clock(turn: Hand, at: Any) -> str:
    local = turn.ctx.local(at + timedelta(seconds=59))
    return f"{local.month}月{local.day}日 {local:%H:%M}"

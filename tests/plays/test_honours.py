"""honours 评选: nominate, vote once, ties as declared, award; nobody votes twice and nothing is shown too early."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import SetTitle
from bot.playbook.checks import Checks
from bot.playbook.load import load
from bot.plays import all_plays, asset_parsers
from bot.plays.honours import forget
from bot.plays.honours.outcome import outcome
from bot.plays.honours.record import Candidate
from tests.stage import Stage

AT = datetime(2026, 3, 2, tzinfo=UTC)


class Club(Stage):
    def __init__(self, **params: Any) -> None:
        super().__init__("honours", {"min_votes": 2, **params})
        self.members("小明", "小红", "小刚", "小丽", op="老陈")
        self.roster = {uid: replace(member, title="") for uid, member in self.roster.items()}
        self.start()

    def types(self, who: str, text: str, *names: str, private: bool = False) -> list[str]:
        """`text` and then the mentions."""
        shown = " ".join((text, *(f"@{name}" for name in names)))
        self.says(who, shown, mentions=tuple(f"sim:{name}" for name in names), private=private)
        return self.bot()

    def to_the_vote(self, *nominations: tuple[str, str]) -> list[str]:
        self.types("老陈", "开始评选")
        for who, whom in nominations:
            self.types(who, "提名", whom)
            self.passes("1m")
        self.passes("2d")
        return self.bot()

    def votes(self, **ballot: str) -> list[str]:
        for who, number in ballot.items():
            self.types(who, f"投票 {number}")
        self.passes("1d")
        return self.bot()


def test_a_round_from_opening_to_award() -> None:
    """Reasons stand on the ballot, votes are seen at the end only, the winner gets all that was promised."""
    club = Club(points=50, title="月度之星")
    assert club.types("小明", "提名", "小红") == ["现在没有评选「月度之星」，开始时会在群里说"]
    assert club.types("小明", "开始评选") == []
    assert club.types("老陈", "开始评选") == [
        "🌟 「月度之星」开始提名啦，到 3月4日 08:00\n发「提名 @成员 理由」，每人提一位，改主意就再提一次"
    ]
    assert club.types("小明", "提名 每天都回答新人", "小红") == ["📝 记下了，提名 小红，3月4日 08:00 截止"]
    club.types("小丽", "提名", "小红")
    club.types("小红", "提名 书评写得好", "小刚")
    club.passes("2d")
    assert club.bot() == [
        "🗳️ 「月度之星」开始投票，到 3月5日 08:00\n1. 小红：每天都回答新人\n2. 小刚：书评写得好\n"
        "发「投票 编号」，每人一票，改主意就再投一次；也可以私聊我投，结束才看票数"
    ]
    assert club.types("小明", "投票 2") == ["🗳️ 收到，一人一票，截止前可以改"]
    assert club.types("小明", "投1号", private=True) == []
    assert club.types("小明", "投票1号", private=True) == ["bot(私聊 小明): 🗳️ 改投 小红，3月5日 08:00 截止，之前可以改"]
    assert club.types("小丽", "投票", "小红") == ["🗳️ 收到，一人一票，截止前可以改"]
    assert club.types("小刚", "投票 小刚") == ["🗳️ 收到，一人一票，截止前可以改"]
    club.passes("1d")
    assert club.bot() == [
        "🏆 「月度之星」评出来了\n小红　2 票　每天都回答新人\n3 位朋友投了票，奖励 50 积分，恭喜！",
        "🎖️ 荣誉证书：月度之星\n小红：每天都回答新人",
    ]
    assert club.points("小红") == 50
    assert [(each.member, each.title) for each in club.took(SetTitle)] == [("sim:小红", "月度之星")]
    (note,) = [note for note in club.notes.values() if note.what == "honour"]
    assert (note.member, note.data["votes"], note.data["voters"]) == ("sim:小红", 2, 3)
    club.roster["sim:小红"] = replace(club.roster["sim:小红"], title="月度之星")
    club.passes("30d")
    assert [(each.member, each.title) for each in club.took(SetTitle)] == [("sim:小红", "")]


def test_what_is_no_ballot_gets_help() -> None:
    """No number, a number that isn't there, two numbers: the list again, and no vote is guessed."""
    club = Club()
    club.to_the_vote(("小明", "小红"))
    for text in ("投票", "投票 9", "投票 1 2", "投票 小白"):
        assert club.types("小明", text) == ["投给谁？发「投票 编号」：\n1. 小红"]
    assert club.types("小明", "候选人")[0].startswith("「月度之星」正在投票")
    assert club.votes() == ["这次「月度之星」有 0 人投票，不到 2 人，先不颁，谢谢来投票的朋友"]


def test_talk_about_it_is_no_command() -> None:
    """Whoever says 投票结果出来了吗 is left in peace, whether a round is on or not."""
    club = Club()
    for _ in range(2):
        for text in ("投票结果什么时候出来呀", "提名的事我们晚上再说吧", "投票真的好难选"):
            assert club.types("小明", text) == []
        club.to_the_vote(("小明", "小红"))


def test_a_long_name_is_a_ballot() -> None:
    club = Club()
    club.members("Christopher Robin")
    club.to_the_vote(("小明", "Christopher Robin"))
    assert club.types("小明", "投票 christopher robin") == ["🗳️ 收到，一人一票，截止前可以改"]


def test_who_may_be_nominated() -> None:
    """Not oneself, no operator, no bot; nobody twice by one nominator; not so soon after a win."""
    club = Club(again_after="60d")
    club.types("老陈", "开始评选")
    assert club.types("小明", "提名", "小明")[0].startswith("提名留给别人吧")
    assert club.types("小明", "提名", "老陈") == ["老陈 不参加「月度之星」，换一位吧～"]
    assert club.types("小明", "提名 他") == ["写法：提名 @成员 理由，一次@一位"]
    club.types("小明", "提名", "小红")
    assert club.types("小明", "提名", "小刚") == ["📝 改提 小刚 了，小红 的提名不算"]
    club.passes("2d")
    club.take()
    club.votes(小明="1", 小红="1")
    club.types("老陈", "开始评选")
    assert club.types("小红", "提名", "小刚") == ["小刚 不久前得过「月度之星」，这次把机会留给别人～"]


def test_ties() -> None:
    """`all` share it, `first` goes by the first nomination, `runoff` asks once more and then shares."""
    nominations = (("小明", "小红"), ("小红", "小刚"))
    club = Club()
    club.to_the_vote(*nominations)
    assert "小红　1 票\n小刚　1 票" in club.votes(小明="1", 小丽="2")[0]
    club = Club(tie="first")
    club.to_the_vote(*nominations)
    result = club.votes(小明="2", 小丽="1")[0]
    assert "小红　1 票" in result
    assert "小刚" not in result
    club = Club(tie="runoff")
    club.to_the_vote(*nominations)
    assert club.votes(小明="1", 小丽="2")[0].startswith("⚖️ 票数一样")
    assert "小刚　2 票" in club.votes(小明="2", 小丽="2")[0]
    club = Club(tie="runoff")
    club.to_the_vote(*nominations)
    club.votes(小明="1", 小丽="2")
    assert "小红　1 票\n小刚　1 票" in club.votes(小明="1", 小丽="2")[0]
    club = Club(tie="runoff")
    club.to_the_vote(*nominations)
    club.votes(小明="1", 小丽="2")
    assert "小红\n小刚" in club.votes()[0]


def test_votes_of_who_came_or_went_do_not_count() -> None:
    """Nobody is brought in to vote; who leaves takes the vote along, and a candidate who left can't win."""
    club = Club()
    club.to_the_vote(("小明", "小红"), ("小红", "小刚"))
    club.joins("水军")
    assert club.types("水军", "投票 2") == ["这次「月度之星」开始之后才进群的朋友，下次再一起投～"]
    for who, number in (("小明", "1"), ("小丽", "2"), ("小刚", "2"), ("小红", "2")):
        club.types(who, f"投票 {number}")
    club.leaves("小刚")
    club.passes("1d")
    assert "小红　1 票" in club.bot()[0]


def test_nobody_nominated_and_stopped() -> None:
    """Both end without a result, and the next round begins with an empty box."""
    club = Club()
    assert club.to_the_vote() == ["这次「月度之星」还没有人被提名，下次再来，心里有人选可以先记着～"]
    club.to_the_vote(("小明", "小红"))
    club.types("小明", "投票 1")
    assert club.types("老陈", "停止评选") == ["「月度之星」这一轮先停在这里，之前的提名和投票不算"]
    club.passes("5d")
    assert club.bot() == []
    assert club.slots["测试/honours"] == {}


def test_a_humans_title_stays() -> None:
    club = Club(title="月度之星")
    club.roster["sim:小红"] = replace(club.roster["sim:小红"], title="镇群之宝")
    club.to_the_vote(("小明", "小红"))
    assert "小红 有群主给的头衔「镇群之宝」，保留着，没有改成评选的" in club.votes(小明="1", 小丽="1")
    assert club.took(SetTitle) == []


def test_a_title_without_an_end_goes_with_the_next_winner() -> None:
    club = Club(title="月度之星", hold="0s")
    club.to_the_vote(("小明", "小红"))
    club.votes(小明="1", 小丽="1")
    club.took(SetTitle)
    club.roster["sim:小红"] = replace(club.roster["sim:小红"], title="月度之星")
    club.to_the_vote(("小明", "小刚"))
    club.votes(小明="1", 小丽="1")
    assert [(each.member, each.title) for each in club.took(SetTitle)] == [("sim:小红", ""), ("sim:小刚", "月度之星")]


def test_a_badge_comes_with_it() -> None:
    """The winner gets it from the badges of the same playbook, with the round as its reason."""
    plays = {
        "评选": ("honours", {"min_votes": 1, "badge": "月度之星"}),
        "徽章": ("badges", {"badges": [{"name": "月度之星", "emoji": "🌟"}]}),
    }
    club = Club()
    Stage.__init__(club, plays=plays)
    club.members("小明", "小红", op="老陈").start()
    club.to_the_vote(("小明", "小红"))
    club.votes(小明="1")
    assert "🌟 月度之星　月度之星 第 1 届" in club.types("小红", "我的徽章")[0]


def test_a_badge_that_no_play_has_is_named() -> None:
    """`check` says so before the first winner goes without."""
    text = "playbook: a\ntitle: a\ngroups: [tag:a]\nplays:\n  评选: {kind: honours, metric: m, badge: 月度之星}\n"
    more = "  徽章: {kind: badges, metric: m, badges: [{name: 月度之星}]}\n"
    checks = Checks(kinds=all_plays(), parsers=asset_parsers())
    found = [
        [p.message.zh for p in load({"a.yaml": each}, checks).problems if p.code == "PB312"]
        for each in (text, text + more)
    ]
    assert found == [["没有「月度之星」这个徽章"], []]


def test_forgetting_takes_names_and_words() -> None:
    """A candidate's name and what was written about them; a nominator's words on the ballot."""
    club = Club()
    club.types("老陈", "开始评选")
    club.types("小明", "提名 每天都回答新人", "小红")
    club.types("小红", "提名 书评写得好", "小刚")
    club.passes("2d")
    state, slots = club.states["测试/honours"], club.slots["测试/honours"]
    for uid, words in (("sim:小红", {"小红", "每天都回答新人", "书评写得好"}), ("sim:小明", {"每天都回答新人"})):
        left = forget(state, slots, uid)
        assert words <= left.words
        dump = left.state.model_dump_json() + "".join(
            slot.model_dump_json() for key, slot in {**slots, **left.slots}.items() if not key.endswith(f"/{uid}")
        )
        dump = dump.replace(uid, "")  # Ids are taken out elsewhere.
        assert [word for word in words if word in dump] == []


UIDS = st.sampled_from(list("abcdef"))


@given(standing=st.lists(UIDS, unique=True, min_size=1), votes=st.lists(UIDS, max_size=20), seats=st.integers(1, 4))
def test_the_count_is_fair(standing: list[str], votes: list[str], seats: int) -> None:
    """Nobody wins with fewer votes than somebody who does not; equals are treated the same; no vote, no win."""
    people = [Candidate(uid=uid, name=uid, since=AT) for uid in standing]
    found = outcome(people, votes, seats)
    counts = Counter(vote for vote in votes if vote in standing)
    sure, tied = [c.uid for c in found.winners], [c.uid for c in found.tied]
    assert len(sure) + found.left <= seats or not found.tied
    assert all(counts[uid] for uid in (*sure, *tied))
    assert len({counts[uid] for uid in tied}) <= 1
    assert len(tied) > found.left or not tied
    losers = set(standing) - set(sure) - set(tied)
    lowest = min((counts[uid] for uid in (*sure, *tied)), default=0)
    assert all(counts[uid] < lowest or (counts[uid] == 0 and lowest == 0) or counts[uid] == 0 for uid in losers)

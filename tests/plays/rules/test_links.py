"""Addresses are found where Chinese runs into them, and lists of hosts say what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.text.links import Verdict, covers, find_links, host_of, judge

_FOUND = [
    ("看这个https://a.com/x，很好", ["a.com"]),
    ("访问www.b.com。", ["www.b.com"]),
    ("访问baidu.com看看", ["baidu.com"]),
    ("1.2.3", []),
    ("3.30", []),
    ("今天是3.15.晚上见", []),
    ("report.pdf", []),
    ("看 report.pdf 和 表格.xlsx", []),
    ("https://x.com/report.pdf", ["x.com"]),
    ("tom.li@qq.com", []),
    ("写信给 a.b-c.co@example.com 吧", []),
    ("hxxps://bad[.]com/a", ["bad.com"]),
    ("bad[.]com", ["bad.com"]),
    ("bad(.)com/x?y=1，好", ["bad.com"]),
    ("bad点com快来", ["bad.com"]),
    ("https://bad。com/x 快", ["bad.com"]),
    ("a。com。快来", ["a.com"]),
    ("好的a。b。c。", []),
    ("现在8点30分，9点见", []),
    ("www。baidu。com", ["www.baidu.com"]),
    ("ｗｗｗ．ｂａｄ．ｃｏｍ", ["www.bad.com"]),
    ("𝕓𝕒𝕕.com", ["bad.com"]),
    ("ba\u200bd.com", ["bad.com"]),
    ("https：//a.com", ["a.com"]),
    ("HTTPS://A.COM/X", ["a.com"]),
    ("http://例子.中国/x 好", ["xn--fsqu00a.xn--fiqs8s"]),
    ("http://xn--fsqu00a.xn--fiqs8s", ["xn--fsqu00a.xn--fiqs8s"]),
    ("看http://1.2.3.4:80/x。", ["1.2.3.4"]),
    ("https://qq.com@evil.com/", ["evil.com"]),
    ("见 a.com, b.net; (c.org)", ["a.com", "b.net", "c.org"]),
    ("https://a.com/x).", ["a.com"]),
    ("https://a.com好吧", ["a.com"]),
    ("“https://a.com”", ["a.com"]),
    ("<https://a.com>", ["a.com"]),
    ("ver1.2.3", []),
    ("e.g. 这个", []),
    ("a.b.c", []),
    ("我们.大家.一起", []),
    ("用户名_a.com", []),
    ("x-y.cn", ["x-y.cn"]),
    ("下载app.apk", []),
    ("t.cn/AbC", ["t.cn"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "hosts"), _FOUND)
def test_hosts_in_a_text(text: str, hosts: list[str]) -> None:
    """Each text as people type it, with the hosts it names."""
    assert [link.host for link in find_links(text)] == hosts


def test_the_link_ends_where_chinese_begins() -> None:
    """Path and query belong to it, the sentence around it doesn't."""
    assert [link.text for link in find_links("看https://a.com/x?y=1#z，很好。也看b.com/路径")] == [
        "a.com/x?y=1#z",
        "b.com/",
    ]


@pytest.mark.parametrize(
    ("host", "allow", "deny", "want"),
    [
        ("mp.weixin.qq.com", ["qq.com"], [], "allowed"),
        ("qq.com", ["QQ.com"], [], "allowed"),
        ("evilqq.com", ["qq.com"], [], "unknown"),
        ("qq.com.evil.cn", ["qq.com"], [], "unknown"),
        ("bad.qq.com", ["qq.com"], ["bad.qq.com"], "denied"),
        ("1.2.3.4", ["1.2.3.4"], [], "unknown"),
        ("3232235777", [], [], "unknown"),
        ("t.cn", ["cn"], [], "unknown"),
        ("t.cn", ["t.cn"], [], "allowed"),
        ("xn--fsqu00a.xn--fiqs8s", ["例子.中国"], [], "allowed"),
        ("xn--le-6kc8da.com", ["xn--le-6kc8da.com"], [], "unknown"),
        ("a.com", [], [], "unknown"),
        ("sub.a.com", ["*.a.com"], [], "allowed"),
    ],
)
def test_what_the_lists_say(host: str, allow: list[str], deny: list[str], want: Verdict) -> None:
    """Subdomains at a label border; denial wins; addresses, shorteners and mixed scripts are unknown at best."""
    assert judge(host, allow, deny) == want


def test_the_host_of_a_card() -> None:
    """With or without a scheme."""
    assert host_of("https://a.com/x") == host_of("a.com/x") == "a.com"
    assert host_of("") == ""


@settings(max_examples=60)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("ahtps:/.。点[]()@-_1qcom 中，"), st.characters(codec="utf-8")), max_size=60
    )
)
def test_any_text_has_its_links_read(text: str) -> None:
    """Total on any text; every host can be judged."""
    for link in find_links(text):
        assert link.host
        assert judge(link.host, ["qq.com"]) in ("allowed", "denied", "unknown")
        assert covers(link.host, link.host)

"""The handbook's page of diagnostics, made from the registry of codes."""

from __future__ import annotations

from bot.playbook.codes import CODES

_PARTS = {
    "1": ("读文件", "Reading the file"),
    "2": ("键和值", "Keys and values"),
    "3": ("引用", "References"),
    "4": ("平台能力", "What a network can do"),
    "5": ("运营经验", "The field's own practice"),
}


def diagnostics_page() -> str:
    """Markdown with one section per code, in both languages."""
    lines = [
        "# 诊断码 · Diagnostics",
        "",
        "`qunops check` 的每条信息都有一个稳定的编号。错误会让这份剧本暂不启用(其他剧本照常);建议不影响运行。",
        "",
        "Every message of `qunops check` carries a stable code. An error makes that playbook unavailable (all others go on); "
        "advice changes nothing.",
        "",
        "<!-- 由 bot/playbook/codes.py 生成,不要手改 · generated from bot/playbook/codes.py -->",
    ]
    part = ""
    for code in CODES.values():
        if code.code[2] != part:
            part = code.code[2]
            lines += ["", f"## {' · '.join(_PARTS[part])}"]
        kind = "错误 · error" if code.severity == "error" else "建议 · advice"
        lines += [
            "",
            f'<a id="{code.code.lower()}"></a>',
            f"### {code.code} {code.title.zh} · {code.title.en}",
            "",
            f"{kind}。{code.about.zh}",
            "",
            code.about.en,
        ]
    return "\n".join(lines) + "\n"

"""`python -m docs.generator [--check]`."""

from __future__ import annotations

import sys

from docs.generator.pages import written


def main() -> int:
    """Exit 1 with `--check` when a page is out of date."""
    stale = [(path, text) for path, text in written() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in stale:
        print(path)
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8", newline="\n")
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    raise SystemExit(main())

"""What do the costliest templates cost that the sandbox lets through? By hand.

    python -m benchmarks.templates

The hostile list of the tests and 10,000 templates grown from the allowed grammar, each compiled and rendered once, then rendered
again. Prints milliseconds of processor time: the median, the 99th percentile, the worst, and which one that was.
"""

from __future__ import annotations

import random
from pathlib import Path

from bot.engine.render import Renderer
from tests.engine.test_sandbox import HOSTILE, run, template


def main() -> None:
    dice = random.Random(0)
    sources = [*HOSTILE, *(template(dice, 1) for _ in range(10_000))]
    renderer = Renderer(Path(__file__).parent)
    first, again = [], []
    for source in sources:
        first.append((run(renderer, source)[1] * 1000, source))
        again.append((run(renderer, source)[1] * 1000, source))
    for what, took in ("compile and render", sorted(first)), ("render", sorted(again)):
        median, late, worst = (took[int(share * (len(took) - 1))][0] for share in (0.5, 0.99, 1))
        print(f"{what:20} median {median:6.2f}  p99 {late:6.2f}  worst {worst:6.2f} ms  {took[-1][1][:60]!r}")


if __name__ == "__main__":
    main()

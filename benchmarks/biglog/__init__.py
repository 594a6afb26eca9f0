"""A large log as the bot itself would have written it: ten groups are lived through by the real kernel, day by day with
its counting and settling, and then multiplied by SQL until the log is as long as is asked for.

    python -m benchmarks.biglog --database sqlite:///big.db            # 10 million messages, 1,000 groups, 200,000 members
    python -m benchmarks.biglog --database postgresql://postgres@/big --copies 10 --original /tmp/original.db

Every table is filled, because nothing here knows which tables there are: `originals` speaks to the kernel, `copies` follows
the foreign keys.
"""

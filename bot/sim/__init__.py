"""Trying playbooks before they meet people: scenarios, synthetic members, virtual time, operators' tests, replay.

Everything runs on the live engine over the simulated network; time is a heap, not a clock.
"""

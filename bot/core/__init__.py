"""The vocabulary: events in the past tense, effects in the imperative, and what a play is.

Nothing here reads a clock, draws a random number or touches the outside; time and seed are arguments.
"""

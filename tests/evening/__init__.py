"""A scripted evening of a group of 200: a chain that sixty continue at once, a quiz, a wave of spam.

`cast` is who says what, `course` how the evening goes and what must come of it, `groups` where it happens: on the
simulator in virtual time, or over OneBot against the bot as a process.
"""

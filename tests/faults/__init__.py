"""Fault tests of the whole program: the bot as a child process, an implementation of OneBot and a database around it."""

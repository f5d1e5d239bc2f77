"""Killing parts of a running installation while it works: `python -m tests.kills --seed 1 --rounds 10`."""

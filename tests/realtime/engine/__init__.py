"""Tests of the engine on its own: the protocols line by line, the official clients, the bus, and attacks."""

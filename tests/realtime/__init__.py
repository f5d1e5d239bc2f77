"""Tests of the live wire, over real sockets."""

"""Tests: sentences about behaviour, over real servers."""

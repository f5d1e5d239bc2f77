"""Tests of the film machinery."""

"""Proofs that channels are kept apart."""

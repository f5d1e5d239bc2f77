"""Certificates: their codes, their credentials, and what a verifier is told."""

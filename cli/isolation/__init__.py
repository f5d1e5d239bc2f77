"""`guildhall isolation`: proves that no channel sees another; reads the live database, attacks a scratch one."""

from cli.isolation.proofs import isolate

__all__ = ["isolate"]

"""`guildhall isolation`: proves that no channel sees another; reads the live database, attacks a scratch one.

Nothing is imported here: one proof has to run before the house is loaded.
"""

"""Moderation: flags, the queue of cases, acts with their reasons, undo, appeals."""

"""Webhooks: what providers tell us; verified, kept, answered, and acted on later."""

"""Channels: the tenant, its brand, and all that it owns in name."""

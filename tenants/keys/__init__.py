"""API keys: what programs sign in with, in one channel, and what such a key may do there."""

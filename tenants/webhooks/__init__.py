"""Outgoing webhooks: endpoints that hear what happens in a channel, what was sent to each, and how it went."""

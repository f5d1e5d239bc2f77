"""Webhooks: endpoints that hear what happens in a channel and how that went, and addresses by which programs write."""

"""Members: a person in a channel, with a role."""

"""Community: rooms, messages, reactions, and what has been read."""

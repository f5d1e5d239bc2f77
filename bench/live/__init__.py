"""The wire measured: servers that do the same, and the client that counts."""

"""The API under /api/v1: typed operations, one file per noun."""

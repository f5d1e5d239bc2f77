"""Pages: HTML for people, one file per noun."""

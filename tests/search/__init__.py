"""Search: what is found, by whom, and that it follows the rows."""

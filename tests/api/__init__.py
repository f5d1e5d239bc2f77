"""The API as a stranger meets it: by its description, by hostile input, and by what was promised."""

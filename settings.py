"""One frozen Settings from the environment; every default embedded; read only by the process roots."""

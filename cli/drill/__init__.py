"""The drill: a scratch installation at work while its services stop, slow down and lie, and the reckoning of it."""

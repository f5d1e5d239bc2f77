"""THE OUTSIDE WORLD: ports in our words, each with a real embedded default."""

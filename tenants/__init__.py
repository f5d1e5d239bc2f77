"""THE DOMAIN: a channel and all that it owns. It speaks to PostgreSQL and to nothing else."""

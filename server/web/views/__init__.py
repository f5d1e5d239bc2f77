"""What each page shows, said exactly: page handlers fill these, templates read them and nothing else."""

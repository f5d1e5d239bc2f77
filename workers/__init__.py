"""THE JOBS: what runs after the commit."""

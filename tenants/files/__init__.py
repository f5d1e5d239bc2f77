"""Files: what a channel keeps in the object store, and who may read it."""

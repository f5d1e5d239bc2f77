"""THE READ MODEL: rows become documents, documents answer searches."""

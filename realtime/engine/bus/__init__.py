"""The bus: frames from process to process over Redis, in order, authenticated, and without loss across faults."""

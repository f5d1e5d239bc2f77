"""The studio: where those who run a channel write courses, open batches, plan classes and look after people."""

"""Batches: cohorts of a course with dates and seats, and the landing page that offers them."""

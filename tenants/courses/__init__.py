"""Courses: sections and lessons, who is enrolled, and how far they have come."""

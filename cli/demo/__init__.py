"""The demo world: two channels of one shape with their people, courses, classes, talk and certificates."""

from cli.demo.seeding import seed

__all__ = ["seed"]

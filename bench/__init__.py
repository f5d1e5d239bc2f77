"""Measurements: each claimed figure beside its peer in one run. `python -m bench [NAME]`, or `make bench ONLY=NAME`."""

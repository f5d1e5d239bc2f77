"""The film machinery: reads a recording by range, checks it, and copies it into a store ready to play.

Knows no database. The order of use: `open_source`, `prepare`, `probe`, `transfer`; they raise `RecordingFailure`.
"""

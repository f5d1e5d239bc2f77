"""The command: starts every role and says how things stand."""

"""The contracts of the ports as a table: adapters by tests."""

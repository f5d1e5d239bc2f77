"""Connections to PostgreSQL, private to `scope` and `relay`: pools per role, transactions in few round trips.

`pool` lends connections, `connection` holds the one that asyncpg made and its prepared statements, `messages` are the
bytes that travel ahead of a statement, `transactions` are what a scope runs in, `refusals` say errors in our words.
"""

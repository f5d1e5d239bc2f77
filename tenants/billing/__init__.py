"""Billing: prices, accounts at payment providers, orders and their ledger; what orders give is up to `batches`."""

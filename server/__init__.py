"""HTTP: the API, the pages, the webhooks."""

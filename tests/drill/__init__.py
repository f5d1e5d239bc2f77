"""The drill over vendors: Stripe, Google, LiveKit and a relay as stand-ins, and the real Elasticsearch."""

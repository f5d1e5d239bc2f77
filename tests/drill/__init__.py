"""The drills as tests, and the one over vendors: Stripe, Google, LiveKit and a relay as stand-ins, with the real
Elasticsearch.
"""

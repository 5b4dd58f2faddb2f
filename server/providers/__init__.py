"""What tenants bring along: language models and embedders behind small Protocols, a built-in one without a network, and
adapters to real ones; in `channels`, the ways by which proactive messages leave.
"""

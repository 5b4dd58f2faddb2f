"""A tenant with a life of its own: simulated people who write for some weeks, sent in through the public API."""

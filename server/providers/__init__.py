"""Language models and embedders: small Protocols, a built-in one without a network, and adapters to real ones."""

"""Load on the public API, beside a bare echo: what a request costs and what the machine carries."""

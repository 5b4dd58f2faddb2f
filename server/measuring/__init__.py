"""What the client-side commands share: credentials, the way to the public API, figures."""

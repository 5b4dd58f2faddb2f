"""Envoy's configuration, rendered from the protos: routes, transcoder, credentials, limits, error shapes and nulls."""

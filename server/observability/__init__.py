"""Logs, metrics and traces; no personal text in any of them."""

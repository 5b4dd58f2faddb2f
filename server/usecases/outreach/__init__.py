"""Proactive messages: what is done with them."""

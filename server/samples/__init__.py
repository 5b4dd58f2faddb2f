"""Conversations that ship with Kith, invented for it."""

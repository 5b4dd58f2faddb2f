"""Ranking a contact's own memories for a message: exact, lexical, with neighbouring turns lending their words."""

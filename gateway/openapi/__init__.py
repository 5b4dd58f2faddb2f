"""The OpenAPI document of the REST surfaces, made from the protos: what Envoy serves, and nothing besides.

comments.py     what the protos say of messages, fields and RPCs
schemas.py      messages as JSON schemas
operations.py   RPCs as operations
document.py     all of it in one document
"""

from gateway.openapi.document import document

__all__ = ["document"]

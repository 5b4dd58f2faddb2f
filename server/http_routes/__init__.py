"""What is served over plain HTTP, because a signature covers its bytes or because it is a form and no JSON.

The gateway passes these paths on as they come (`gateway/routes.py`, raw routes), so each route decides itself who may
post there. `handling.py` is what all have in common; a feature's module makes its routes on it, and `server/main.py`
hands them to the HTTP side.
"""

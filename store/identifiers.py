"""What an id looks like that a caller may choose: of a tenant, a contact, a session, a request.

The protos declare the same form on their fields; a test holds the two together.
"""

import re
from typing import Final

FORM: Final = "[A-Za-z0-9_:.-]{1,128}"
"""The form as a regular expression, without anchors."""

SAID: Final = "1 to 128 characters of A-Z a-z 0-9 _ - : ."
"""The form in words."""

_WHOLE: Final = re.compile(FORM)


def well_formed(value: str) -> bool:
    """Whether the text has the form of an id; then it has no character that would need quoting in a statement."""
    return _WHOLE.fullmatch(value) is not None

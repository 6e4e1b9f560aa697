"""What the library and its HTTP client would write by themselves: nothing, for their lines hold addresses with the token."""

import logging
import os

LOUD = ("httpx", "httpcore", "telegram")


def hush() -> None:
    """Silence them; what matters is told by us. Waiting times come as spans, which the library else warns about."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)

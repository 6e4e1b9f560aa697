"""From what somebody typed or pressed to an answer."""

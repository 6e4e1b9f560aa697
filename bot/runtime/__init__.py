"""The awaiting part: incoming to reply, events to cards, acts to their proof; in layers that point one way (pyproject.toml)."""

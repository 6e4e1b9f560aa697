"""The awaiting part: incoming to reply, events to cards, acts to their proof."""

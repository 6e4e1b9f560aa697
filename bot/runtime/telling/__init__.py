"""What is told unasked: copies, the status card, digests, and what came while the bot was away."""

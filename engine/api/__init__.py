"""The public face of the engine: all that the bot may import."""

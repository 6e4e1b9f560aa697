"""Sample cards as the adapters lay them out, for people to look at."""

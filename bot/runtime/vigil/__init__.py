"""Silence is never mistaken for health: who is deaf, dead or away is told where somebody hears it."""

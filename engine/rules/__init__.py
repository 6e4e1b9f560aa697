"""Firm rules as dated data: one TOML file for each firm, and what reads, replays and checks them."""

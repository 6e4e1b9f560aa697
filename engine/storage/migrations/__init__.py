"""Migrations of the journal's database, run at every start of the clerk."""

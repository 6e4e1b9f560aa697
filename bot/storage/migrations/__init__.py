"""Migrations of the bot's database, run at every start of the bot."""

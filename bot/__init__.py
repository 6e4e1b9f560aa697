"""The bot: people, rights, cards; everything between a chat and the control API."""

"""What the bot must not forget: people, rights, buttons, acts, messages and the audit, in SQLAlchemy Core."""

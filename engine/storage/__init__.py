"""The journal: a log on disk that is written first, and a database that is filled after it."""

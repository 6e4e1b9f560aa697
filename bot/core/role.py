"""Role words: roles as people type them."""

from enum import StrEnum

from bot.core.access import Role


class RoleWord(StrEnum):
    """A role by its name."""

    VIEWER = "viewer"
    TRADER = "trader"
    RISK = "risk"
    ADMIN = "admin"
    OWNER = "owner"


def role_of(word: RoleWord) -> Role:
    """The role that a word names."""
    return Role[word.name]

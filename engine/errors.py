"""The exception tree: one class for each thing a catcher can do."""


class LockstepError(Exception):
    """Any error that we raise on purpose; its text is one line for a person."""


class ConfigError(LockstepError):
    """The settings are wrong; the line says what to edit. The start stops."""


class TransientError(LockstepError):
    """Try again later; never for an order that may have left."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        """Say what failed and how many seconds to wait."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AccessError(LockstepError):
    """A login or an account is refused; stop it and tell its owner."""


class StaleOwner(LockstepError):  # noqa: N818  the design names it so
    """Another process owns the journal now; write nothing more."""


class JournalError(LockstepError):
    """The journal cannot take or give a record; nothing leaves that is not in it."""

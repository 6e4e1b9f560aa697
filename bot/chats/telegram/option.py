"""The ``[telegram]`` table of desk.toml."""

from engine.api import Value


class Options(Value, frozen=True, forbid_unknown_fields=True):
    """Where the bot's token is, and where Telegram is."""

    token: str  # "env:NAME": what @BotFather gave
    base_url: str = "https://api.telegram.org"  # another server that speaks the same may stand in
    base_file_url: str = "https://api.telegram.org/file"
    poll_s: int = 20  # seconds for which Telegram holds a question that has no answer yet
    patience_s: float = 10.0  # for everything else
    deaf_s: float = 45.0  # nothing heard for so long is told …
    rebuild_s: float = 90.0  # … and after this the line is built anew
    unbound_s: float = 300.0  # a group that nobody binds is left after this

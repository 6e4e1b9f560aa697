"""The ``[discord]`` table of desk.toml."""

from engine.api import Value

REST = "https://discord.com/api/v10"
GATEWAY = "wss://gateway.discord.gg/"


class Options(Value, frozen=True, forbid_unknown_fields=True):
    """Where the bot's token is, which server (guild) is the desk's, and where Discord is."""

    token: str  # "env:NAME": the Bot page of the developer portal gave it
    guild: int = 0  # the server's id; commands appear there and nowhere else; a look at Discord says which it is
    base_url: str = REST  # another server that speaks the same may stand in
    gateway_url: str = GATEWAY
    patience_s: float = 10.0  # no answer of Discord after so long: it may have been shown
    answer_s: float = 10.0  # a command that has no answer after so long is told so
    deaf_s: float = 90.0  # nothing heard for so long is told: Discord acks a heartbeat about every 41 s

"""The `lockstep` command."""


def main() -> None:
    """Run the command that the shell asks for."""

"""The desk's names: what the engine's accounts give to reading, choosing and completing."""

from collections.abc import Mapping, Sequence

from bot.core.command import Choice, Command, find
from bot.core.render.desk import root_of_text
from bot.core.render.look import LETTERS, signed
from bot.core.words import Account, Instrument, Lexicon, Scope, slots
from engine.api import AccountView


def lexicon_of(views: Sequence[AccountView]) -> Lexicon:
    """Every name that a person may use here."""
    symbols = {name for view in views for leg in view.legs for name in (leg.symbol, root_of_text(leg.symbol))}
    return Lexicon(
        accounts=tuple(view.id for view in views),
        groups=tuple(dict.fromkeys(view.group for view in views if view.group)),
        tags=tuple(dict.fromkeys(tag for view in views for tag in view.tags)),
        symbols=tuple(sorted(symbols)),
    )


def scope_choices(
    views: Sequence[AccountView], command: Command, words: Sequence[str], *, whole: bool = True
) -> list[Choice]:
    """The accounts, groups and tags that the command could mean; everything comes last, on its own."""
    followers = [view for view in views if view.role == "follower"]
    holding = [view for view in followers if any(leg.have for leg in view.legs)]
    shown = holding if command.holding and holding else followers
    lexicon = lexicon_of(views)
    rest = " ".join(words)
    scopes = [(view.id, f"{view.id}  {_held(view)}") for view in shown]
    if whole:
        scopes += [(name, f"{name}  group") for name in lexicon.groups]
        scopes += [(f"#{tag}", f"#{tag}") for tag in lexicon.tags]
        scopes.append(("all", "all"))
    return [Choice(label=label, line=f"/{command.name} {scope} {rest}".strip()) for scope, label in scopes]


def _held(view: AccountView) -> str:
    held = " ".join(f"{signed(leg.have)} {root_of_text(leg.symbol)}" for leg in view.legs if leg.have)
    return f"{LETTERS[view.state]} {held or 'flat'}"


def complete(text: str, commands: Mapping[str, Command], lexicon: Lexicon) -> list[str]:
    """Words that may stand at the end of ``text``: verbs first, then names and the command's own words."""
    head, blank, last = text.rpartition(" ")
    if not blank:
        slash = "/" if last.startswith("/") else ""
        return [slash + name for name in commands if name.startswith(last.removeprefix("/").lower())]
    command = find(commands, head.split()[0].removeprefix("/"))
    if command is None:
        return []
    found: list[str] = []
    for slot in slots(command.args):
        if slot.type is Scope:
            found += lexicon.scopes
        elif slot.type is Account:
            found += lexicon.accounts
        elif slot.type is Instrument:
            found += lexicon.symbols
        elif slot.type is bool:
            found.append(slot.name)
        else:
            found += [part for part in slot.shape.strip("[]").split("|") if "|" in slot.shape and " " not in part]
    return [word for word in dict.fromkeys(found) if word.lower().startswith(last.lower())]

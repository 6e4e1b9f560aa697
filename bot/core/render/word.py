"""What the bot says of itself: help, who you are, refusals, choices."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from msgspec.structs import replace

from bot.core.access import Known, Level, Person, Room
from bot.core.card import Card, one_line
from bot.core.command import ACTS, Command
from bot.core.elsewhere import ELSEWHERE
from bot.core.render.look import ALARMS, ICONS, age, clock
from engine.api import Severity

LEVELS = {
    Level.C0: "reads only",
    Level.C1: "at once, Undo for 60 s",
    Level.C2: "preview, then Confirm",
    Level.C3: "preview, then a code",
    Level.C4: "a code and a second person",
}
NOTHING = "nothing was done"
SIGNS = {*ICONS.values(), *ALARMS.values()}  # a colour says how things are
FAMILIES = ("See", "Slow", "Fast", "Respond", "Demo", "Self")


def help_card(commands: Mapping[str, Command], person: Person, room: Room) -> Card:
    """S16: only what this person may do here."""
    families: dict[str, list[str]] = {}
    for command in commands.values():
        families.setdefault(command.family, []).append(command.name)
    order = sorted(families, key=lambda name: FAMILIES.index(name) if name in FAMILIES else len(FAMILIES))
    lines = [f"{family:<5} {' '.join(families[family])}" for family in order]
    return Card(
        title=f"{one_line(person.name).upper()} · {person.role.name.lower()} · here: {room.kind.value}",
        lines=tuple(lines),
        footer="Type a word and ? for examples: pause ?. Morning, close and week by themselves: /digest",
    )


def command_card(command: Command) -> Card:
    """Help of one command, from its own fields."""
    short = f"Short: {' '.join('/' + alias for alias in command.aliases)}" if command.aliases else ""
    return Card(
        title=command.syntax,
        lines=tuple(filter(None, (command.summary, *(f"  {example}" for example in command.examples), short))),
        footer=f"{_how(command)} · {command.role.name.lower()}",
    )


def _how(command: Command) -> str:
    """What is no act at the desk has nothing to take back."""
    return LEVELS[command.level] if command.level is not Level.C1 or command.family in ACTS else "at once"


def refusal_card(text: str, severity: Severity | None = None) -> Card:
    """W2: why nothing was done, in one line."""
    return Card(title=one_line(text), severity=severity)


def failed_card(text: str) -> Card:
    """Why something was not done, where somebody else than the bot's own rules said so."""
    said = one_line(text)
    is_whole = said[:1].isupper() or said.startswith(NOTHING)
    return refusal_card(f"{said[:1].upper()}{said[1:]}" if is_whole else f"Not done: {said}", Severity.P2)


def old_card(card: Card, age_s: float, at: datetime, zone: tzinfo) -> Card:
    """What was so when the engine was heard last, never to be taken for what is so now."""
    signs = "".join(SIGNS)
    title, *lines = (text.lstrip(signs).lstrip() if text[:1] in SIGNS else text for text in (card.title, *card.lines))
    said = "The engine is not answering. This was so", f"{age(age_s)} ago, at {clock(at, zone)}. Not known now:"
    return replace(card, title=f"⚫ OLD · {title}", lines=(*said, *lines))


def choice_card(question: str) -> Card:
    """A question; the choices are its buttons."""
    return Card(title=one_line(question), settled=False)


def words_card(line: str) -> Card:
    """What is missing is said in words."""
    said = one_line(line).lstrip("/")
    return Card(
        title=f"{said} … {'what?' if said.startswith('note ') else 'why?'}",
        lines=("Write it now, as your next message here.",),
        footer="cancel: nothing is done",
        settled=False,
    )


def unknown_card(verb: str, near: Sequence[str]) -> Card:
    """A word that is no command."""
    hint = "Did you mean:" if near else ELSEWHERE.get(verb.lower(), "Type help for the list.")
    return Card(title=f"No command {one_line(verb)!r}.", lines=(hint,))


def whoami_card(known: Known, room: Room, zone: str, codes: str, more: Sequence[str] = ()) -> Card:
    """S17: who I am here; ``more`` is what holds for me just now."""
    person = known.person
    linked = " + ".join(dict.fromkeys(identity.partition(":")[0].title() for identity, _ in known.identities))
    rights = ", ".join(f"{grant.role.name.lower()} on {grant.scope}" for grant in person.grants) or "no rights"
    ceiling = room.ceiling.name.lower() if room.ceiling is not None else "nothing"
    return Card(
        title=f"{one_line(person.name)}  ({person.id})",
        lines=(
            *([f"linked {linked}"] if linked else []),
            rights,
            f"chat {room.kind.value}: ceiling {ceiling}, {room.scope}",
            f"one-time codes {codes} · zone {zone}",
            *more,
        ),
    )

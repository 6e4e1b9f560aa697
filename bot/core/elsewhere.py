"""Words that other desks have and this one has not, and what to write instead."""

ELSEWHERE = {
    "halt": "Nothing here stops exits. /pause stops entries, /off until a person turns copying on.",
    "unhalt": "Nothing here stops exits. /resume after a /pause, /on after /off.",
    "mode": "Real money or not is its connection's matter: desk.toml, then a restart.",
    "map": "Contracts are mapped by symbols in desk.toml.",
    "lang": "There is one language.",
    "unpair": "/revoke takes every right. A further device is paired by a new code.",
}

"""Codes that a person types: pairing codes, hashed at rest, and one-time codes (RFC 6238), each of which counts once."""

import hashlib
import re

import pyotp

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that looks like another
LENGTH = 8
STEP_S = 30
_LOOKALIKE = str.maketrans("OIL", "011")
_SIX = re.compile(r"\d{3}[ -]?\d{3}")


def pairing_code(raw: bytes) -> str:
    """A code of eight letters from at least eight random bytes."""
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in raw[:LENGTH])
    return f"{letters[:4]}-{letters[4:]}"


def hash_of(code: str) -> str:
    """What is kept of a pairing code: it does not matter how a person spells it."""
    plain = re.sub(r"[\s-]", "", code.upper()).translate(_LOOKALIKE)
    return hashlib.sha256(f"lockstep pairing {plain}".encode()).hexdigest()


def is_one_time(text: str) -> bool:
    """Say whether a text looks like a one-time code."""
    return _SIX.fullmatch(text.strip()) is not None


def matching_step(secret: str, code: str, unix_s: float, used: int) -> int | None:
    """The time step whose code this is: the present one or a neighbour, and newer than ``used``; None for a wrong code."""
    digits = re.sub(r"\D", "", code)
    now = int(unix_s) // STEP_S
    totp = pyotp.TOTP(secret)
    for step in (now, now - 1, now + 1):
        if step > used and pyotp.utils.strings_equal(totp.generate_otp(step), digits):
            return step
    return None


def provisioning(secret: str, name: str) -> str:
    """The address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Lockstep")

"""What must not stand in anything that a server writes: its output, its metrics, its problems, the texts of its audit.

Each server's output is looked through when the server ends; what was found is told at the end of the run.
"""

import json
import re

# Keys and tokens by their form, so that those of any test are found; names of patients as DICOM writes them, and as the
# files of these tests and of the demonstration have them.
FORBIDDEN = {
    "an administrator's key": re.compile(r"clm_admin_[A-Za-z0-9_-]{20,}"),
    "a key of an app": re.compile(r"clm_key_[A-Za-z0-9_-]{20,}"),
    "a signed token": re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "an access token of Google": re.compile(r"\bya29\.[A-Za-z0-9_-]{10,}"),
    "credentials": re.compile(r"(?i)\b(?:bearer|basic) +[A-Za-z0-9+/_.-]{16,}"),
    "a cookie": re.compile(r"(?i)(?:__Host-|set-cookie|\bcookie)[A-Za-z0-9_-]*\s*[:=]\s*\S*[A-Za-z0-9_-]{16,}"),
    "a signature of an address": re.compile(r"signature=[A-Za-z0-9_-]{16,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "the name of a patient": re.compile(r"[A-Za-z]{2,}\^[A-Za-z]{2,}"),
    # But for the example that the greeting prints.
    "a search for a patient": re.compile(r"(?i)patient(?:name|id)=(?!smi')[^\s&]"),
}

# What was found, by whom: (kind, where).
found: list[tuple[str, str]] = []
looked_through = 0


def leaks(text: str) -> list[str]:
    """The kinds of what stands in the text and must not."""
    return [kind for kind, pattern in FORBIDDEN.items() if pattern.search(text)]


def look(text: str, where: str, secrets: tuple[str, ...] = ()):
    global looked_through
    looked_through += 1
    kinds = leaks(text) + [f"a secret of the server ({len(secret)} letters)" for secret in secrets if secret in text]
    found.extend((kind, where) for kind in kinds)


def free_texts(record: dict) -> str:
    """A record of the audit without what it is there to say: who, which study and which patient, by their IDs."""
    return json.dumps({key: value for key, value in record.items() if key not in ("patient", "requestId")})

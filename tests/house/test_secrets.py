"""No secret lies in the repository: keys and tokens by their form, and what is assigned to a secret's name [SEC-02].

Tests plant secrets on purpose; each of those is named in PLANTED with its reason, by file and text, and one that is no longer there
is taken off the list."""
import math
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))

FORMS = [
    ("private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("access key of a cloud", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("token of a code host", r"\b(?:gh[opsu]_[0-9A-Za-z]{36}|github_pat_\w{22,}|glpat-[\w-]{20})"),
    ("token of a chat", r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    ("key of a payment service", r"\b[sr]k_live_[0-9A-Za-z]{16,}"),
    ("key of a search service", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("JSON web token", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    ("password in an address", r"://[^\s/:@\"'<>{}]{1,40}:(?=[^@\s]*\d)[^\s/:@\"'<>{}]{4,80}@[\w.-]+"),
    ("value of a secret's name",
     r"(?i)(?:api[_-]?key|api[_-]?secret|secret[_-]?key|access[_-]?token|auth[_-]?token|passphrase|password)[\"']?\s*[:=]\s*[\"']?"
     r"([0-9A-Za-z+/_=-]{16,})"),
]

# file -> what stands there on purpose, as a part of the line
PLANTED = {
    "tests/unit/forensic_line.c": "what the redaction is to take out",
    "tests/unit/paper_group_control.c": "given as a reason, and not to stand in what is told of a strategy",
    "tests/py/test_forensic_people.py": "planted, and looked for in every file of a run",
}
KINDS = {".c", ".h", ".def", ".py", ".sh", ".md", ".json", ".yaml", ".yml", ".txt", ".build", ".html", ".js", ".css", ".key", ".pem", ""}
SIZE_MAX = 4 << 20


def entropy(text):
    counts = [text.count(c) for c in set(text)]
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def found_in(text):
    """(line, what) of each secret in a text."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, form in FORMS:
            m = re.search(form, line)
            # a name that is assigned to another name, or a word, is none
            if m and (not m.groups() or (entropy(m.group(1)) > 3 and re.search(r"\d", m.group(1)) and re.search("[A-Za-z]", m.group(1)))):
                yield number, what


def files():
    out = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, timeout=60)
    if out.returncode == 0:
        names = [n for n in out.stdout.decode().split("\0") if n]
    else:  # a copy without its history
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")
                 if p.is_file() and not re.match(r"(?:build|\.git)", str(p.relative_to(ROOT)))]
    return [ROOT / n for n in names if (ROOT / n).is_file() and (ROOT / n).suffix in KINDS and (ROOT / n).stat().st_size <= SIZE_MAX]


def test_no_secret_lies_in_the_repository():
    paths = files()
    assert len(paths) > 500
    told = {}
    for path in paths:
        name = str(path.relative_to(ROOT))
        for line, what in found_in(path.read_text(encoding="utf-8", errors="replace")):
            told.setdefault(name, []).append(f"{name}:{line}: {what}")
    own = str(Path(__file__).relative_to(ROOT)) if Path(__file__).is_relative_to(ROOT) else "tests/house/test_secrets.py"
    assert not [t for name, lines in told.items() if name not in PLANTED and name != own for t in lines]
    assert not set(PLANTED) - set(told), "nothing is planted there any more: take it off the list"


@pytest.mark.parametrize("text", [
    "-----BEGIN OPENSSH PRIVATE KEY-----", "id = 'AKIA" + "QWERTYUIOP123456'", "t=ghp_" + "a1" * 18, "xoxb-" + "1234567890-abc",
    "git clone https://me:" + "hunter2hunter2@host.example/x", "api_key = \"" + "Zm9v4YmFyYmF6cXV4\"", "PASSWORD: " + "kJ8sd7Fh2Lq0Zx9v",
    "eyJhbGciOiJIUzI1" + ".eyJzdWIiOiIxMjM0" + ".SflKxwRJSMeKKF2"])
def test_each_form_is_found(text):
    assert [line for line, _ in found_in("first\n" + text + "\n")] == [2]


@pytest.mark.parametrize("text", [
    "int sign_key = load_key(path);", "password=read_password_from_terminal", "https://host.example/a:b@c", "api_key = keel_option_of_the_run",
    "state_hash 0123456789abcdef", "passphrase: [REDACTED]"])
def test_what_is_none_is_let_be(text):
    assert not list(found_in(text))

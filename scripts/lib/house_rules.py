"""Checks the rules of docs/CONTRIBUTING.md that neither the compiler nor swift-format checks."""

import pathlib
import re
import sys

LONGEST_FILE = 300
FORBIDDEN = [
    (re.compile(r"\btry!"), "`try!` hides an error"),
    (re.compile(r"\bas!"), "`as!` hides a failed cast"),
    (re.compile(r"\bfatalError\("), "`fatalError` ends the program without an exit code"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "unfinished work belongs in an issue"),
]
VAGUE_NAMES = re.compile(r"(Utils?|Utilities|Helpers?|Common|Manager)(\+\w+)?\.swift$")


def findings(path: pathlib.Path):
    lines = path.read_text().splitlines()
    if len(lines) > LONGEST_FILE:
        yield 1, f"{len(lines)} lines: a file has {LONGEST_FILE} at most"
    if VAGUE_NAMES.search(path.name):
        yield 1, "a vague name: say what the file holds"
    for number, line in enumerate(lines, start=1):
        for pattern, reason in FORBIDDEN:
            if pattern.search(line):
                yield number, reason


def main() -> int:
    paths = sorted([*pathlib.Path("Sources").rglob("*.swift"), *pathlib.Path("Tests").rglob("*.swift")])
    bad = [f"{path}:{line}: {reason}" for path in paths for line, reason in findings(path)]
    print("\n".join(bad), end="\n" if bad else "", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

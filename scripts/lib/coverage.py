"""Prints the line coverage of Sources/, a line per target, from the JSON that `llvm-cov export` writes."""

import argparse
import collections
import json
import pathlib
import sys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=pathlib.Path)
    parser.add_argument("--minimum", type=float, default=0, help="fail below this percentage in total")
    arguments = parser.parse_args()

    sources = pathlib.Path.cwd() / "Sources"
    targets = collections.defaultdict(lambda: [0, 0])
    for file in json.loads(arguments.export.read_text())["data"][0]["files"]:
        path = pathlib.Path(file["filename"])
        if not path.is_relative_to(sources):
            continue
        lines = file["summary"]["lines"]
        target = targets[path.relative_to(sources).parts[0]]
        target[0] += lines["covered"]
        target[1] += lines["count"]
    if not targets:
        print("error: the coverage data names no file of Sources/", file=sys.stderr)
        return 1

    print("\nLine coverage of Sources/")
    for name, (covered, count) in sorted(targets.items()):
        print(f"  {name:<14} {covered:>6} / {count:<6} {percentage(covered, count):>6.1f} %")
    covered = sum(target[0] for target in targets.values())
    count = sum(target[1] for target in targets.values())
    total = percentage(covered, count)
    print(f"  {'total':<14} {covered:>6} / {count:<6} {total:>6.1f} %")
    if total < arguments.minimum:
        print(f"error: {total:.1f} % is below the minimum of {arguments.minimum:g} %", file=sys.stderr)
        return 1
    return 0


def percentage(covered: int, count: int) -> float:
    return 100 * covered / count if count else 100


if __name__ == "__main__":
    sys.exit(main())

"""Checks an IAM policy's form, and that it allows no more than the archive asks for."""

import json
import sys

ALLOWED = {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"}


def listed(value):
    return value if isinstance(value, list) else [value]


def findings(policy: dict):
    if policy.get("Version") != "2012-10-17":
        yield "Version must be 2012-10-17"
    for statement in policy["Statement"]:
        name = statement.get("Sid", "a statement without Sid")
        unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
        if unknown:
            yield f"{name}: unknown keys {sorted(unknown)}"
        actions, resources = listed(statement["Action"]), listed(statement["Resource"])
        if statement["Effect"] != "Allow" or not set(actions) <= ALLOWED:
            yield f"{name}: allows {actions}"
        for resource in resources:
            if not resource.startswith("arn:aws:s3:::acme-archive"):
                yield f"{name}: reaches {resource}"
            if "s3:ListBucket" in actions and ("/" in resource or "Condition" not in statement):
                yield f"{name}: s3:ListBucket is of the bucket, under a condition on the prefix"
            if "s3:DeleteObject" in actions and not resource.endswith((".prepared.json", "/_archiver-check/*")):
                yield f"{name}: would allow to delete {resource}"


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        bad = [f"{sys.argv[1]}: {finding}" for finding in findings(json.load(file))]
    print("\n".join(bad), end="\n" if bad else "", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

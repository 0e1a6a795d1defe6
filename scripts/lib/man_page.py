"""Turns swift-argument-parser's description of a program (--experimental-dump-help) into a man page."""

import json
import os
import re
import sys
import time

EXIT_CODES = [
    (0, "done, nothing wrong"),
    (1, "done, and something is wrong: damage was found, a table failed, a row is in doubt"),
    (64, "bad usage"),
    (65, "the archive's data cannot be used as asked"),
    (69, "a database or storage stayed unreachable"),
    (70, "a defect in the tool"),
    (75, "try again later"),
    (77, "permission denied by the database or the storage"),
    (78, "bad configuration"),
    (130, "stopped by SIGINT after the batch in hand"),
    (143, "stopped by SIGTERM after the batch in hand"),
]


def escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def spelled(name: dict) -> str:
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def argument(one: dict) -> list[str]:
    """`.TP`, the spellings, and what it is for."""
    value = f"<{one['valueName']}>"
    if one["kind"] == "positional":
        title = value
    else:
        title = ", ".join(spelled(name) for name in one.get("names", []))
        if one["kind"] == "option":
            title += " " + value
    text = one.get("abstract", "")
    if one.get("allValueStrings") or one.get("allValues"):
        text += " Values: " + ", ".join(one.get("allValueStrings") or one["allValues"]) + "."
    if one.get("defaultValue"):
        text += f" Default: {one['defaultValue']}."
    return [".TP", f"\\fB{escaped(title)}\\fR", escaped(text.strip() or "As its name says.")]


def discussion(text: str) -> list[str]:
    """Paragraphs filled; indented lines as they stand."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("  ") and line.strip():
            if not inside:
                lines += [".PP", ".nf", ".RS 4"]
                inside = True
            lines.append(escaped(line.strip()))
            continue
        if inside:
            lines += [".RE", ".fi"]
            inside = False
        if line.strip():
            lines += [".PP"] if not lines or lines[-1] in (".fi", "") else []
            lines.append(escaped(line.strip()))
        elif lines and lines[-1] not in (".fi", ""):
            lines.append("")
    if inside:
        lines += [".RE", ".fi"]
    return [".PP" if line == "" else line for line in lines if line is not None]


def command(one: dict, parents: list[str]) -> list[str]:
    names = parents + [one["commandName"]]
    shown = [arg for arg in one.get("arguments", []) if arg.get("shouldDisplay", True)]
    own = [arg for arg in shown if arg.get("sectionTitle") != "Common options" and arg["valueName"] not in ("help", "version")]
    lines = []
    if len(names) > 1:
        lines += [f".SS {escaped(' '.join(names))}", escaped(one.get("abstract", ""))]
    lines += discussion(one.get("discussion", ""))
    for arg in own:
        lines += argument(arg)
    for child in one.get("subcommands", []):
        if child["commandName"] != "help" and child.get("shouldDisplay", True):
            lines += command(child, names)
    return lines


def tidy(lines: list[str]) -> list[str]:
    """Without paragraph marks that mark nothing."""
    kept: list[str] = []
    for line in lines:
        if line == ".PP" and (not kept or kept[-1] == ".PP" or kept[-1].startswith((".SS", ".SH"))):
            continue
        if line.startswith((".SS", ".SH", ".TP", ".RE")) and kept and kept[-1] == ".PP":
            kept.pop()
        kept.append(line)
    while kept and kept[-1] == ".PP":
        kept.pop()
    return kept


def main() -> None:
    root = json.load(sys.stdin)["command"]
    archive = next(child for child in root["subcommands"] if child["commandName"] == "archive")
    common = [arg for arg in archive["arguments"] if arg.get("sectionTitle") == "Common options"]
    name = root["commandName"]
    commands = [child for child in root["subcommands"] if child["commandName"] != "help"]
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    page = [
        f".TH {name.upper()} 1 {date} \"{sys.argv[1]}\" \"User Commands\"",
        ".SH NAME", f"{name} \\- {escaped(root['abstract'].rstrip('.'))}",
        ".SH SYNOPSIS", f"\\fB{name}\\fR \\fIcommand\\fR [\\fIoptions\\fR]",
        ".SH DESCRIPTION", *discussion(root.get("discussion", "")),
        ".SH OPTIONS OF EVERY COMMAND",
    ]
    for arg in common:
        page += argument(arg)
    page += [".SH COMMANDS"]
    for child in commands:
        page += command(child, [name])
    page += [".SH EXIT STATUS"]
    for code, meaning in EXIT_CODES:
        page += [".TP", f"\\fB{code}\\fR", escaped(meaning)]
    page += [".SH ENVIRONMENT"]
    for variable, meaning in [
        ("ARCHIVER_CONFIG", "the configuration file, when there is no --config"),
        ("NO_COLOR", "when not empty: no colour on terminals"),
        ("ARCHIVER_DB_PASSWORD", "the password that config init connects with, and that its file asks for"),
        ("PGHOST, PGPASSWORD, …", "what the configuration leaves out of a connection, as for psql(1)"),
        ("AWS_PROFILE, AWS_REGION, …", "credentials and region, where the configuration gives none"),
    ]:
        page += [".TP", f"\\fB{escaped(variable)}\\fR", escaped(meaning)]
    page += [".SH SEE ALSO", "psql(1), pg_dump(1)"]
    print("\n".join(tidy(page)))


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Prints the path of a linter, installed when missing. usage: scripts/lib/lint_tools.sh NAME
source "$(dirname "$0")/common.sh"
install_needed lint
echo "$lint/bin/${1:?the name of a tool}"

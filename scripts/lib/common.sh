# shellcheck shell=bash
# Sourced by every script, with what else is in this folder: where the checkout is, how to speak, and how what was
# started ends.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools="$root/.build/tools"

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

# Every script explains itself: with what stands at its head.
case ${1:-} in
-h | --help)
  sed -n -e 1d -e '/^# shellcheck/d' -e '/^[^#]/q' -e 's/^# \{0,1\}//p' "$0"
  exit 0
  ;;
esac

# What was started (SIGNAL:PID, a negative PID for a process group) and made is ended and removed, newest first, when the
# script ends in any way.
started=()
temporary_directories=()

# A new directory in $temporary_directory, removed at the end. `mktemp` makes it private to this user.
make_temporary_directory() {
  temporary_directory=$(mktemp -d "${TMPDIR:-/tmp}/archiver-XXXXXXXX")
  temporary_directories+=("$temporary_directory")
}

stop_started() {
  local index signal pid
  for ((index = ${#started[@]} - 1; index >= 0; index--)); do
    IFS=: read -r signal pid <<<"${started[index]}"
    kill -"$signal" -- "$pid" 2>/dev/null || continue
    wait "${pid#-}" 2>/dev/null || true
  done
  started=()
}

clean_up() {
  local status=$?
  trap - EXIT
  trap '' INT TERM
  stop_started
  local directory
  for directory in "${temporary_directories[@]}"; do rm -rf "$directory"; done
  exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a long command in a process group of its own, so that a signal to this script is answered at once and ends the
# command with all its children. Bash lets commands in the background ignore INT and QUIT; `env` gives them back.
run() {
  setsid env --default-signal=INT,QUIT "$@" &
  local pid=$! status=0
  started+=("INT:-$pid") # the signal SwiftPM hands on to what it started
  wait "$pid" || status=$?
  unset 'started[-1]'
  return "$status"
}

# Builds the program as users run it: sets release_bin, its folder. Quiet unless it fails. `release_options` are
# further ones of swift build.
release_options=()
build_release() {
  # `archiver --version` tells it. Outside a checkout there is none to tell.
  ARCHIVER_COMMIT=$(git -C "$root" describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null || true)
  export ARCHIVER_COMMIT
  make_temporary_directory
  local log="$temporary_directory/build.log"
  say "Building archiver (the first time takes some minutes)"
  run swift build --package-path "$root" -c release --product archiver "${release_options[@]}" >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    die "the release build failed"
  }
  release_bin=$(swift build --package-path "$root" -c release --show-bin-path)
}

# Waits for `command…` to succeed; false when process PID ends or 30 seconds pass before that.
wait_until_answers() {
  local pid=$1 attempt
  shift
  for ((attempt = 0; attempt < 600; attempt++)); do
    "$@" >/dev/null 2>&1 && return 0
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.05
  done
  return 1
}

free_port() {
  python3 -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])'
}

# shellcheck source=install.sh
source "$root/scripts/lib/install.sh"
# shellcheck source=postgres_versions.sh
source "$root/scripts/lib/postgres_versions.sh"
# shellcheck source=servers.sh
source "$root/scripts/lib/servers.sh"

# shellcheck shell=bash
# PostgreSQL's own regression database, made on the server that start_postgres started: what `make installcheck` leaves.
# The SQL and regress.c come from Debian's source package, the headers and pg_regress from its binary packages. They are
# unpacked under .build/tools, not installed, so that no other version of the server comes with them.

# make_regression_database: leaves the database `regression`, and prints the tests of PostgreSQL that failed.
make_regression_database() {
  local bin lib major sources as=()
  bin=$(postgres_bin) || die "no PostgreSQL server found"
  lib=$(cd "$bin/../lib" && pwd)
  major=$("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1)
  sources="$tools/regression-$major"
  [[ -f $sources/complete ]] || fetch_regression_sources "$major" "$sources"

  # The server, which runs as another user, reads the data and writes results here.
  make_temporary_directory
  local directory=$temporary_directory pg_regress="$lib/pgxs/src/test/regress/pg_regress"
  [[ -x $pg_regress ]] || pg_regress=$(find "$sources/headers" -name pg_regress -type f | head -n 1)
  [[ -x $pg_regress ]] || die "no pg_regress: neither the client's nor the server's development package has it"
  cp -r "$sources/regress" "$directory/regress"
  mkdir "$directory/lib" "$directory/results"
  build_regression_library "$sources" "$directory"
  cp "$lib"/{refint,autoinc}.so "$directory/lib" || die "refint.so and autoinc.so, PostgreSQL's contrib modules, are not in $lib"
  if ((EUID == 0)); then
    chown -R postgres "$directory"
    as=(setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups)
  fi

  say "Running PostgreSQL's own regression tests, which make its regression database (about a minute)"
  local log="$directory/pg_regress.log"
  # It ends with 1 when a test fails; what counts is whether the database is there.
  (cd "$directory/results" && PGPASSWORD=$postgres_password run "${as[@]}" "$pg_regress" --bindir="$bin" \
    --inputdir="$directory/regress" --outputdir="$directory/results" --dlpath="$directory/lib" \
    --host=127.0.0.1 --port="$postgres_port" --user="$postgres_user" --max-concurrent-tests=20 \
    --schedule="$directory/regress/parallel_schedule") >"$log" 2>&1 || true
  grep -E '^( All| [0-9]+ of [0-9]+|not ok|.*FAILED)' "$log" || {
    tail -n 20 "$log" >&2
    die "pg_regress did not run to its end"
  }
}

build_regression_library() {
  local sources=$1 directory=$2 compiler server
  compiler=$(command -v cc || command -v gcc || command -v clang) || die "no C compiler found"
  server=$(dirname "$(find "$sources/headers" -name postgres.h | head -n 1)")
  "$compiler" -O1 -fPIC -shared -D_GNU_SOURCE -I"$server" "$sources/regress/regress.c" -o "$directory/lib/regress.so" || {
    die "PostgreSQL's regress.c did not compile"
  }
}

# Unpacks into $2: regress/ (src/test/regress of the source package) and headers/ (postgresql-server-dev).
fetch_regression_sources() {
  local major=$1 sources=$2 package="postgresql-$1" missing=() version versions
  command -v apt-get >/dev/null || die "no apt-get here: PostgreSQL's regression tests come from Debian's source package"
  command -v bzip2 >/dev/null || missing+=(bzip2)
  command -v cc >/dev/null || command -v clang >/dev/null || missing+=(gcc libc6-dev)
  if ((${#missing[@]})); then apt_install "${missing[@]}"; fi

  say "Fetching the source package of $package"
  make_temporary_directory
  local directory=$temporary_directory
  private_apt_state "$directory"
  "${private_apt[@]}" update >"$directory/log" 2>&1 || say "apt-get update had trouble; going on with what it got"
  # The installed version first: later ones may need a newer server, and a mirror may list what it no longer has.
  versions=$({
    dpkg-query -W -f '${source:Version}\n' "$package" 2>/dev/null || true
    apt-cache "${private_apt[@]:1}" showsrc "$package" 2>>"$directory/log" | sed -n 's/^Version: //p' | sort -rV
  } | awk '!seen[$0]++')
  mkdir "$directory/got"
  for version in $versions; do
    if (cd "$directory/got" && "${private_apt[@]}" source --download-only "$package=$version" &&
      "${private_apt[@]}" download "postgresql-server-dev-$major=$version") >>"$directory/log" 2>&1; then break; fi
    rm -f "$directory"/got/*
  done
  compgen -G "$directory/got/*.orig.tar.*" >/dev/null || {
    tail -n 20 "$directory/log" >&2
    die "the source package of $package is not to be had from the sources of this machine's apt"
  }
  rm -rf "$sources"
  mkdir -p "$sources/headers" "$directory/unpacked"
  tar -xf "$directory"/got/*.orig.tar.* -C "$directory/unpacked" --strip-components=1 --wildcards '*/src/test/regress'
  cp -r "$directory/unpacked/src/test/regress" "$sources/regress"
  dpkg-deb -x "$directory"/got/postgresql-server-dev-*.deb "$sources/headers"
  touch "$sources/complete"
}

# Sets private_apt: apt-get with this machine's sources, source packages among them, and lists of its own in $1.
private_apt_state() {
  local directory=$1 file
  mkdir -p "$directory"/{parts,lists/partial,cache/archives/partial}
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    sed -E 's/^[[:space:]]*deb[[:space:]](.*)/deb \1\ndeb-src \1/; t; s/^[[:space:]]*deb-src[[:space:]].*//' "$file" \
      >"$directory/parts/$(basename "$file")"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    sed -E 's/^Types:.*/Types: deb deb-src/' "$file" >"$directory/parts/$(basename "$file")"
  done
  private_apt=(apt-get -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$directory/parts"
    -o Dir::State::lists="$directory/lists" -o Dir::Cache="$directory/cache" -o Debug::NoLocking=1)
  if ((EUID == 0)); then private_apt+=(-o APT::Sandbox::User=root); fi
}

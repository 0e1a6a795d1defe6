# shellcheck shell=bash
# Throwaway servers on free loopback ports, ended by common.sh.

postgres_user=archiver_test
postgres_password=secret
s3_access_key=testkey
s3_secret_key=testsecret s3_region=us-east-1 s3_bucket=archive-test

# start_postgres [postgres options…]: sets postgres_url, postgres_port, postgres_pid and postgres_log.
start_postgres() {
  local bin as=() directory port attempt
  bin=$(postgres_bin) || die "no PostgreSQL server found"
  make_temporary_directory
  directory=$temporary_directory
  postgres_log="$directory/server.log"
  echo "$postgres_password" >"$directory/password"
  if ((EUID == 0)); then
    # PostgreSQL refuses to run as root. setpriv becomes the server instead of staying its parent, so the pid is right.
    id postgres >/dev/null 2>&1 || die "no user postgres to run PostgreSQL as"
    chown -R postgres "$directory"
    as=(setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups)
  fi
  (cd / && "${as[@]}" "$bin/initdb" -D "$directory/data" -U "$postgres_user" --pwfile="$directory/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync) >"$directory/initdb.log" 2>&1 || {
    tail -n 20 "$directory/initdb.log" >&2
    die "initdb failed"
  }
  for attempt in 1 2 3; do # another program may take the free port first
    port=$(free_port)
    (cd / && exec "${as[@]}" "$bin/postgres" -D "$directory/data" -p "$port" -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories="$directory" "$@") >"$postgres_log" 2>&1 &
    postgres_pid=$!
    # QUIT is PostgreSQL's immediate stop: nobody wants the data.
    started+=("QUIT:$postgres_pid")
    postgres_port=$port
    postgres_url="postgresql://$postgres_user:$postgres_password@127.0.0.1:$port/postgres"
    if wait_until_answers "$postgres_pid" "$bin/pg_isready" -h 127.0.0.1 -p "$port"; then return; fi
    say "PostgreSQL did not start on port $port (attempt $attempt)"
  done
  tail -n 20 "$postgres_log" >&2
  die "PostgreSQL did not start"
}

# start_s3: sets s3_endpoint, s3_pid and s3_directory (whose folders are the buckets; s3_bucket exists).
start_s3() {
  local port attempt
  make_temporary_directory
  s3_directory="$temporary_directory/buckets"
  local log="$temporary_directory/server.log"
  mkdir -p "$s3_directory/$s3_bucket"
  for attempt in 1 2 3; do
    port=$(free_port)
    RCLONE_CONFIG=/dev/null "$rclone" serve s3 --addr "127.0.0.1:$port" --auth-key "$s3_access_key,$s3_secret_key" \
      "$s3_directory" >"$log" 2>&1 &
    s3_pid=$!
    started+=("TERM:$s3_pid")
    s3_endpoint="http://127.0.0.1:$port"
    if wait_until_answers "$s3_pid" curl -s "$s3_endpoint"; then return; fi
    say "the S3 server did not start on port $port (attempt $attempt)"
  done
  tail -n 20 "$log" >&2
  die "the S3 server did not start"
}

# start_moto: sets moto_endpoint and moto_pid. Buckets are made by whoever needs them; any credentials are taken.
start_moto() {
  local port attempt
  make_temporary_directory
  local log="$temporary_directory/server.log"
  for attempt in 1 2 3; do
    port=$(free_port)
    "$moto" --host 127.0.0.1 --port "$port" >"$log" 2>&1 &
    moto_pid=$!
    started+=("TERM:$moto_pid")
    moto_endpoint="http://127.0.0.1:$port"
    if wait_until_answers "$moto_pid" curl -s "$moto_endpoint"; then return; fi
    say "moto did not start on port $port (attempt $attempt)"
  done
  tail -n 20 "$log" >&2
  die "moto did not start"
}

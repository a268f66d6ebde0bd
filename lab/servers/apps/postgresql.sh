#!/bin/sh
# A new cluster in FOLDER, which root must not run.
set -eu
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
if [ ! -d "$FOLDER/data" ]; then
  mkdir "$FOLDER/data"
  [ "$(id -u)" != 0 ] || chown postgres "$FOLDER/data"
  as initdb --no-sync --auth=trust -D "$FOLDER/data" > /dev/null
fi
as postgres -D "$FOLDER/data" -k '' -c listen_addresses="$HOST" -c port="$PORT"

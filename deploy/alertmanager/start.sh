#!/bin/sh
# Alertmanager reads no environment: the address of the receiver comes to it as a file.
set -eu
folder="$(dirname "$0")"
config=alertmanager.yml
if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then
  umask 077
  printf '%s' "$ALERT_WEBHOOK_URL" > "${ALERT_RECEIVER_FILE:-/tmp/receiver}"
else
  echo 'ALERT_WEBHOOK_URL is not set: alerts are shown at port 9093 and sent nowhere' >&2
  config=shown-only.yml
fi
# One of its own: no cluster to join.
exec "${ALERTMANAGER:-/bin/alertmanager}" \
  "--config.file=$folder/$config" --storage.path=/alertmanager --cluster.listen-address=

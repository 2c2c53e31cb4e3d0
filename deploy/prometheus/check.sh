#!/bin/sh
# Prometheus's own word on configuration and rules. Needs promtool, which comes with Prometheus
# (Debian: apt-get install prometheus), or its path in PROMTOOL.
set -eu
cd "$(dirname "$0")"
promtool="${PROMTOOL:-promtool}"
"$promtool" check config --lint=all --lint-fatal prometheus.yml
"$promtool" test rules rowmill.rules.test.yml

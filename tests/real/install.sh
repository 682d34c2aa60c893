#!/bin/sh
# Brings Debian's own mail server, proxy, web server, Prometheus and systemd for tests/real, and its
# browser for tests/browser. Nothing is started as a service: each test starts its own, on high
# loopback ports, and ends it.
set -eu
PATH=$PATH:/usr/sbin:/sbin

missing=
command -v postfix >/dev/null || missing="$missing postfix"
command -v squid >/dev/null || missing="$missing squid"
command -v nginx >/dev/null || missing="$missing nginx-light"
command -v prometheus >/dev/null || missing="$missing prometheus"
command -v prometheus-alertmanager >/dev/null || missing="$missing prometheus-alertmanager"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
command -v openssl >/dev/null || missing="$missing openssl"
command -v chromium >/dev/null || missing="$missing chromium fonts-noto-cjk"
# Postfix checks passwords with it; Debian only recommends it.
ls /usr/lib/*/sasl2/libplain.so >/dev/null 2>&1 || missing="$missing libsasl2-modules"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "NOT RUN: tests/real and tests/browser need$missing. Install them, then run make test-real again:" >&2
    echo "  sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

# Debian's maintainer scripts ask this file before they start a service; 101 is "no".
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
fi

echo "Installing$missing ..." >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086 - a list of package names
if ! { apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing; } \
    </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "NOT RUN: tests/real and tests/browser need$missing, and apt-get could not install them." >&2
    exit 1
fi
rm -f "$log"

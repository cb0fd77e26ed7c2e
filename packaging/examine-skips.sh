#!/bin/sh
# Says how many tests were skipped and why, from the XML results that googletest left in a folder; fails when one had no right to.
# usage: packaging/examine-skips.sh RESULTS SHARED
# A machine without CUDA may skip what needs it ("cuda: …"). Where SHARED/reference is not there, tests may also say that they miss it
# ("missing: …"); where it is, such a skip is a wrong path in a test. A system without pseudo-terminals (a bare chroot) may skip what
# needs one ("terminal: …"). Every other reason is a test that nobody runs.
set -eu
results=${1:?RESULTS is a folder of XML files}; shared=${2:?SHARED is the folder of reference numbers}
set -- "$results"/*.xml
[ -f "$1" ] || { echo "error: $results: expected XML results of tests, found none" >&2; exit 1; }
skipped=$(cat "$@" | grep -c '<testcase .*result="skipped"' || true)
# One reason a line: what follows FILE:LINE in the message, without XML's entities.
reasons=$(sed -n 's/.*<skipped message="\([^"]*\)".*/\1/p' "$@" | sed -e 's/^[^&]*&#x0A;//' -e 's/&#x0A;/ /g' -e "s/&apos;/'/g" \
  -e 's/&quot;/"/g' -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&amp;/\&/g')
named=0
[ -z "$reasons" ] || named=$(printf '%s\n' "$reasons" | wc -l)
if [ "$named" -ne "$skipped" ]; then
  echo "error: $results: expected a reason for each of $skipped skipped tests, found $((named))" >&2
  exit 1
fi
echo "$skipped tests skipped"
[ "$skipped" -gt 0 ] || exit 0
printf '%s\n' "$reasons" | sort | uniq -c
allowed=cuda
[ -d "$shared/reference" ] || allowed="$allowed|missing"
[ -e /dev/pts/ptmx ] || allowed="$allowed|terminal"
wrong=$(printf '%s\n' "$reasons" | grep -Ev "^($allowed): " | sort -u || true)
[ -z "$wrong" ] || { printf 'error: %s: expected only tests without CUDA to be skipped, found: %s\n' "$results" "$wrong" >&2; exit 1; }

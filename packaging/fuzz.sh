#!/bin/sh
# Builds the fuzz entries (clang's libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer) and runs each, two at a time; fails when
# one finds something, and says where the input that does it lies.
#   packaging/fuzz.sh [--seconds 60] [--within SECONDS] [--build DIR] [NAME...]
# --seconds: of each entry, looking elsewhere each time; what they learn is kept in DIR/corpus (default build/fuzz) and goes on from there.
# --within: the same inputs each time, from the seeds alone, as many as tests/fuzz/counts.txt says: a minute's where SECONDS allow it, the
# build included; else their first half or quarter, or the first eighth, built without optimisation, which takes half as long. NAME: only
# these entries (tests/fuzz/NAME_fuzz.cpp).
set -eu
cd "$(dirname "$0")/.."
seconds=60; within=""; build=build/fuzz; names=""
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --within) within=${2:?--within needs a number}; shift ;;
    --build) build=${2:?--build needs a folder}; shift ;;
    -h|--help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "error: $1: expected an option of fuzz.sh (see --help), found none" >&2; exit 2 ;;
    *) names="$names $1" ;;
  esac
  shift
done
for name in $names; do
  [ -f "tests/fuzz/${name}_fuzz.cpp" ] || { echo "error: $name: expected an entry (tests/fuzz/NAME_fuzz.cpp), found none" >&2; exit 2; }
done
began=$(date +%s)
command -v clang++ >/dev/null || { echo "error: clang++: expected on PATH (packaging/install-packages.sh --fuzz installs it), found none" >&2; exit 1; }
libtorch=$(packaging/fetch-libtorch.sh)
mkdir -p "$build"
build=$(cd "$build" && pwd)
[ -n "$names" ] || names=$(for f in tests/fuzz/*_fuzz.cpp; do basename "$f" _fuzz.cpp; done)
# shellcheck disable=SC2086
set -- $names
# The build takes under three minutes of two quiet cores, each pair of entries one.
share=1
while [ -n "$within" ] && [ $share -lt 8 ] && [ "$within" -lt $(( 180 + 36 * $# / share )) ]; do share=$(( 2 * share )); done
optimise=1; [ $share -lt 8 ] || optimise=0
cmake --preset fuzz -B "$build" -DROLORA_LIBTORCH="$libtorch" -DROLORA_FUZZ_OPTIMISE=$optimise > "$build/configure.log" 2>&1 || { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" --parallel "$(nproc)"
python3 tests/fuzz/make_seeds.py "$build/seeds"
echo "$# entries built after $(( $(date +%s) - began )) s"
scratch=$(mktemp -d "$([ -d /dev/shm ] && echo /dev/shm || echo /tmp)/rolora-fuzz-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# Addresses reach what libFuzzer compares: where the system allows it they are the same each time, and so is all that lies on the stack.
fixed=""; if [ -n "$within" ] && setarch -R true 2>/dev/null; then fixed="setarch -R"; fi

# One entry: its corpus, its dictionary, its bounds of memory (MiB) and of time for one input (seconds, on a machine that is busy). It runs
# in a folder of its own where everything has the same short name.
run_one() {
  name=$1; here=$scratch/$name; options=-max_total_time=$seconds; inputs=""; seeds=seeds
  mkdir -p "$here" "$build/findings" "$build/corpus/$name"
  ln -s "$build/bin/fuzz_$name" "$here/entry"; ln -s "$build/seeds/$name" "$here/seeds"
  if [ -n "$within" ]; then  # nothing but the seeds in one order, and a stop for machines that are slower or busy
    mkdir "$here/corpus"; seeds=""
    (cd "$here" && find -H seeds -type f | LC_ALL=C sort | paste -sd, > list)
    inputs=$(awk -v name="$name" -v share=$share '$1 == name { print int($2 / share) }' tests/fuzz/counts.txt)
    [ -n "$inputs" ] || { echo "error: tests/fuzz/counts.txt: expected a line for $name, found none" >&2; touch "$build/failed"; return; }
    options="-seed=1 -runs=$inputs -reload=0 -max_total_time=$(( 80 / share )) -seed_inputs=@list"
  else
    ln -s "$build/corpus/$name" "$here/corpus"
  fi
  [ ! -s "$build/seeds/$name.dict" ] || { ln -s "$build/seeds/$name.dict" "$here/words"; options="-dict=words $options"; }
  start=$(date +%s)
  # shellcheck disable=SC2086
  if (cd "$here" && env -i PATH=/usr/bin:/bin ROLORA_FUZZ_HERE=1 $fixed ./entry $options -rss_limit_mb=1536 -malloc_limit_mb=1024 -timeout=120 \
      -print_final_stats=1 -artifact_prefix=found- corpus $seeds) > "$build/$name.log" 2>&1; then
    kept=""
    [ -z "$within" ] || kept=", kept $(find "$here/corpus" -type f | wc -l) ($(find "$here/corpus" -type f -printf '%f\n' | LC_ALL=C sort | sha256sum | cut -c1-12))"
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs${inputs:+ of $inputs} in $(( $(date +%s) - start )) s$kept, nothing found"
  else
    for found in "$here"/found-*; do [ ! -f "$found" ] || mv "$found" "$build/findings/$name-${found##*/found-}"; done
    tail -n 60 "$build/$name.log" >&2
    echo "error: fuzz_$name: expected only typed errors within the bounds, found the above; its input: $(ls -t "$build/findings/$name-"* | head -n 1)" >&2
    touch "$build/failed"
  fi
}
rm -f "$build/failed"
while [ $# -gt 0 ]; do
  run_one "$1" &
  if [ $# -gt 1 ]; then run_one "$2" & shift; fi
  shift
  wait
done
[ ! -e "$build/failed" ]

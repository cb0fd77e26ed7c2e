#!/bin/sh
# Installs the Debian packages that build and run RoLoRA Workbench. Needs root or sudo; does nothing when all are there.
# --fuzz: also those of the fuzz entries (packaging/fuzz.sh).
set -eu
packages="g++ make cmake ninja-build ccache git pkg-config unzip ca-certificates python3-pip
 libhdf5-dev libsentencepiece-dev sentencepiece nlohmann-json3-dev libcli11-dev libpcre2-dev libicu-dev libssl-dev
 libgtest-dev libgmock-dev
 qt6-base-dev qt6-svg-dev libqt6svg6 libqcustomplot-dev qt6-qpa-plugins qt6-wayland qt6-gtk-platformtheme fonts-dejavu-core poppler-utils"
case ${1:-} in
  --fuzz) packages="$packages clang libclang-rt-14-dev lld llvm" ;;
  "") ;;
  *) echo "error: $1: expected --fuzz or nothing" >&2; exit 2 ;;
esac
missing=""
for p in $packages; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || { echo "Debian packages: all present"; exit 0; }
echo "Debian packages: installing$missing"
sudo=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "error: installing packages needs root or sudo:$missing" >&2; exit 1; }
  sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null

#!/usr/bin/env bash
#
# tree.sh SUITE   makes a Debian of another release in a directory, with all that slurm-lab.sh needs, and prints its path
#
# The tree is made once (debootstrap, minbase) and kept in SLUICE_LAB_CACHE, by default /var/cache/sluice-lab; remove the
# directory to have it made anew. The Debian mirror, proxies and certificates are those of this host's apt; its
# passwords (auth.conf) are not copied. Nothing is mounted outside a mount namespace that ends with this script.
#
# Exit codes: 0; 69 cannot be done on this host (the reason is said); 75 a step failed; 77 not root.
#
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
say() { printf 'tree: %s\n' "$*" >&2; }
die() { say "$2"; exit "$1"; }

# Everything in here, debootstrap's own mounts too, ends with us.
if [ -z "${SLUICE_TREE_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || die 77 "only root can make a tree"
	command -v debootstrap >/dev/null || die 69 "debootstrap is not installed"
	unshare --mount true 2>/dev/null || die 69 "this host does not let us have a mount namespace"
	SLUICE_TREE_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi

suite=${1:?suite}
cache=${SLUICE_LAB_CACHE:-/var/cache/sluice-lab}
tree=$cache/$suite-$(dpkg --print-architecture)
stamp=$(cat "$here/install.sh" "$here/tree.sh" | sha256sum | cut -c1-16)

mkdir -p "$cache"
exec 9>"$tree.lock"
flock -n 9 || { say "another process makes the tree of $suite; waiting for it"; flock 9; }
if [ "$(cat "$tree/.sluice-lab" 2>/dev/null)" = "$stamp" ]; then echo "$tree"; exit 0; fi

mirror=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
	awk -v suite="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" '$1 == "Debian" && $2 == suite && $3 == "main" { print $4; exit }')
[ -n "$mirror" ] || die 69 "apt of this host knows no Debian archive (no main of its own release after apt-get update)"

say "making $suite in $tree: the base system"
began=$SECONDS
rm -rf --one-file-system "$tree.new" "$tree"
for variable in http_proxy https_proxy; do
	proxy=$(apt-config dump --format '%v' "Acquire::${variable%_proxy}::Proxy")
	[ -z "$proxy" ] || [ "$proxy" = DIRECT ] || export "$variable=$proxy"
done
debootstrap --variant=minbase --include=ca-certificates "$suite" "$tree.new" "$mirror" >"$tree.log" 2>&1 ||
	{ tail -n 15 "$tree.log" >&2; die 75 "debootstrap failed, see $tree.log"; }

say "making $suite: the packages ($((SECONDS - began)) s so far)"
cp /etc/hosts /etc/resolv.conf "$tree.new/etc/"
cp "$here/install.sh" "$tree.new/root/install.sh"
mkdir -p "$tree.new/etc/ssl/certs"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$tree.new/etc/ssl/certs/"
apt-config dump --format '%F "%v";%n' Acquire::http Acquire::https Acquire::Check-Valid-Until Acquire::Check-Date |
	grep -v '^Acquire::https\?::User-Agent ' >"$tree.new/etc/apt/apt.conf.d/10host" || true
apt-config dump --format '%v%n' Acquire::https::CAInfo | while read -r file; do [ ! -f "$file" ] || install -D "$file" "$tree.new$file"; done
[ "$suite" != sid ] || echo 'Acquire::Check-Valid-Until "false";' >"$tree.new/etc/apt/apt.conf.d/20sid"
printf 'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n' >"$tree.new/etc/apt/apt.conf.d/30small"
printf 'force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n' >"$tree.new/etc/dpkg/dpkg.cfg.d/small"
for dir in proc sys dev; do mount --rbind "/$dir" "$tree.new/$dir"; done
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 chroot "$tree.new" /root/install.sh lab || die 75 "the packages of $suite could not be installed"
chroot "$tree.new" apt-get clean
for dir in dev sys proc; do umount --recursive --lazy "$tree.new/$dir"; done

echo "$stamp" >"$tree.new/.sluice-lab"
mv "$tree.new" "$tree"
rm -f "$tree.log"
say "made $suite in $((SECONDS - began)) s"
echo "$tree"

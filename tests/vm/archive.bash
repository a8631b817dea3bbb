# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Downloads packages of any suite, with apt and folders of its own. The mirror is the machine's. apt verifies signatures
# and checksums. Nothing of the system changes. The scripts of this folder source this file.
#
# archive_open NAME ARCHITECTURE SUITE...    opens an archive of these suites; fails when one cannot be read
# archive_names REGEX                        prints the packages whose names match, the highest version first
# archive_depends PACKAGE                    prints its dependencies, one a line; in <> if the archive does not have it
# archive_unpack FOLDER PACKAGE...           downloads the packages and unpacks them into FOLDER
# archive_unpack_missing FOLDER PACKAGE...   the same, with all dependencies that this system does not have
# archive_complaint                          prints the message of apt after one of these has failed

# Everything that is downloaded or made lies here; `make clean` leaves it.
VM_CACHE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.cache/vm
# Minutes that an index counts as fresh: superseded versions disappear from a mirror.
ARCHIVE_FRESH=720

archive_mirror()
{
	# shellcheck disable=SC2016 # apt's own words
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | head -n 1
}

# Runs one of apt's commands on the open archive.
archive_apt()
{
	"$1" -q -o "Dir::Etc::sourcelist=$archive/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o "Dir::State::lists=$archive/lists" -o "Dir::Cache=$archive" \
		-o "APT::Architecture=$archive_architecture" -o "APT::Architectures=$archive_architecture" \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o Debug::NoLocking=1 -o APT::Sandbox::User=root "${@:2}"
}

archive_open()
{
	local suite mirror log

	archive=$VM_CACHE/archive/$1 archive_architecture=$2
	log=$archive/log
	shift 2
	mkdir -p "$archive/lists/partial" "$archive/archives/partial"
	# Until the script ends: one at a time downloads.
	exec 9>"$VM_CACHE/lock"
	flock 9
	if [[ -n $(find "$archive/fresh" -mmin "-$ARCHIVE_FRESH" 2>/dev/null) ]]; then
		return 0
	fi
	mirror=$(archive_mirror)
	if [[ -z $mirror ]]; then
		printf 'E: apt knows no mirror\n' >"$log"
		return 1
	fi
	for suite; do
		printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite"
	done >"$archive/sources.list"
	archive_apt apt-get -o APT::Update::Error-Mode=any update </dev/null >"$log" 2>&1 || return 1
	touch "$archive/fresh"
}

archive_complaint()
{
	grep '^[EW]:' "$archive/log" | head -n 1
}

archive_names()
{
	archive_apt apt-cache pkgnames | grep -xE "$1" | sort -rV
}

archive_depends()
{
	archive_apt apt-cache depends --no-recommends --no-suggests "$1" | sed -n 's/^ *|\?Depends: //p'
}

archive_unpack()
{
	local folder=$1 deb
	shift

	mkdir -p "$folder"
	rm -f "$archive"/archives/*.deb
	(cd "$archive/archives" && archive_apt apt-get download "$@" </dev/null >"$archive/log" 2>&1) || return 1
	for deb in "$archive"/archives/*.deb; do
		dpkg-deb -x "$deb" "$folder" || return 1
	done
	rm -f "$archive"/archives/*.deb
}

archive_unpack_missing()
{
	local folder=$1 missing
	shift

	archive_apt apt-get --no-install-recommends --simulate install "$@" </dev/null >"$archive/log" 2>&1 || return 1
	missing=$(sed -nE 's/^Inst ([^ ]+)( \[[^]]*\])? \(([^ ]+) .*/\1=\3/p' "$archive/log")
	# shellcheck disable=SC2086 # a list of NAME=VERSION
	archive_unpack "$folder" $missing
}

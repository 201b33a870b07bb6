#!/usr/bin/env bash
# Fetches the viewer of the API reference, RapiDoc, and puts its built file and licences into assets/. Run it
# to take a new version: change VERSION and INTEGRITY (`npm view rapidoc@VERSION dist.integrity`).
#
#   functions/api-reference/vendor.sh            fetch
#   functions/api-reference/vendor.sh --check    only compare assets/ with SHA256SUMS
set -euo pipefail
cd "$(dirname "$0")/assets"

VERSION=9.3.8
INTEGRITY=sha512-eCYEbr1Xr8OJZvVCw8SXl9zBCRoLJbhNGuG5IZTHq/RWAOq/O4MafUCuFEyZHsrhLrlUcGZMa64pyhpib8fQKQ==

if [ "${1:-}" = --check ]; then
    exec sha256sum --check --quiet SHA256SUMS
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=$(npm pack --silent --pack-destination "$work" "rapidoc@$VERSION")
actual=sha512-$(openssl dgst -sha512 -binary "$work/$archive" | base64 --wrap 0)
[ "$actual" = "$INTEGRITY" ] || { echo "rapidoc $VERSION is $actual, not $INTEGRITY" >&2; exit 1; }

tar --extract --gzip --file "$work/$archive" --directory "$work"
# Compressed here, once: a function with 128 MB would take a second over it, and its answer is limited in size.
gzip --best --no-name < "$work/package/dist/rapidoc-min.js" > rapidoc.js.gz
cat "$work/package/LICENSE.txt" <(echo) "$work/package/dist/rapidoc-min.js.LICENSE.txt" > rapidoc.LICENSE.txt
sha256sum rapidoc.js.gz rapidoc.LICENSE.txt > SHA256SUMS

#!/bin/sh
# aio.sh AIO: the example tells of the end of each operation, and the lines are in the file. Exit
# status 77 where the system's AIO tells no queue.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! "$1" "$folder/file" > "$folder/out" 2> "$folder/err"; then
    cat "$folder/out" "$folder/err"
    grep -q "^writing: ENOSYS:" "$folder/err" || exit 1
    echo "skipped: the system's AIO tells no queue"
    exit 77
fi
cat "$folder/out"

# A file, and its lines.
expect_same()
{
    name=$1
    shift
    printf '%s\n' "$@" > "$folder/expected"
    diff "$folder/expected" "$folder/$name"
}

# Several operations as one, which FreeBSD alone can tell of.
if [ "$(uname)" = FreeBSD ] || grep -q LIO "$folder/out"; then
    expect_same out "token 1: AIO" "token 2: LIO"
    expect_same file "one, written in the background" "two," "and three, as one operation"
else
    expect_same out "token 1: AIO"
    expect_same file "one, written in the background"
fi

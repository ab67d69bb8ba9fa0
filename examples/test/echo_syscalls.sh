#!/bin/sh
# shellcheck disable=SC2154 # the counts are assigned by eval, from a file
# echo_syscalls.sh SERVER CLIENT: counts the system calls of the echo server, and fails when there
# are more than the work needs. Exit status 77 means that strace cannot be used here.
server=$1
client=$2
connections=100
requests=20

skip() {
    echo "skipped: $1"
    exit 77
}
fail() {
    echo "FAILED: $1"
    failures=1
}

command -v strace >/dev/null || skip "strace is not installed"
command -v awk >/dev/null || skip "awk is not installed"
dir=$(mktemp -d) || exit 1
pid=
trap 'test -n "$pid" && kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
strace -o "$dir/probe" true 2>/dev/null || skip "strace may not trace here"

# With -D the server is our own child, and strace a process beside it that ends with it.
strace -D -f -o "$dir/trace" "$server" 0 >"$dir/out" &
pid=$!
tries=0
until port=$(awk -F: '/^listening on/ { print $2; found = 1 } END { exit !found }' "$dir/out"); do
    tries=$((tries + 1))
    if [ $tries -gt 100 ]; then
        echo "FAILED: the server does not start"
        exit 1
    fi
    sleep 0.1
done
failures=0
"$client" "$port" $connections $requests 100 || fail "the client was not served"
kill $pid
wait $pid 2>/dev/null
pid=
tries=0
until tail -n 1 "$dir/trace" | awk '/killed by SIGTERM/ { found = 1 } END { exit !found }'; do
    tries=$((tries + 1))
    [ $tries -gt 100 ] && break
    sleep 0.1
done

# Everything between the line "listening" and the signal belongs to the work.
awk '
    /writev?\(1, .*"listening/ { work = 1; next }
    /--- SIGTERM/ { work = 0 }
    !work { next }
    { sub(/^[0-9]+ +/, ""); result = $0; sub(/.*\) += /, "", result) }
    /^(recvfrom|recvmsg|recv|read|readv)\(/ {
        if (result ~ /^-1 EAGAIN/) recv_again++
        else if (result == 0) recv_end++
        else recv_data++
        next
    }
    /^(sendto|sendmsg|send|write|writev)\(/ { if (result > 0) send_data++; else send_other++; next }
    /^accept4?\(/ { if (result ~ /^-1/) accept_again++; else accepted++; next }
    /^epoll_ctl\(.*EPOLL_CTL_ADD/ { add++; next }
    /^epoll_ctl\(.*EPOLL_CTL_MOD/ { mod++; next }
    /^epoll_ctl\(.*EPOLL_CTL_DEL/ { del++; next }
    /^close\(/ { closed++; next }
    /^epoll_p?wait2?\(/ { waits++; next }
    { others++; print "other call: " $0 > "/dev/stderr" }
    END {
        printf "recv_data %d\nrecv_end %d\nrecv_again %d\n", recv_data, recv_end, recv_again
        printf "send_data %d\nsend_other %d\n", send_data, send_other
        printf "accepted %d\naccept_again %d\n", accepted, accept_again
        printf "add %d\nmod %d\ndel %d\nclosed %d\nwaits %d\nothers %d\n", add, mod, del, closed, \
               waits, others
    }' "$dir/trace" >"$dir/counts"
while read -r name count; do
    eval "$name=$count"
done <"$dir/counts"

# exactly TEXT COUNT LIMIT, at_most TEXT COUNT LIMIT
exactly() {
    printf '%-26s %5d   exactly %d\n' "$1" "$2" "$3"
    [ "$2" -eq "$3" ] || fail "$1"
}
at_most() {
    printf '%-26s %5d   at most %d\n' "$1" "$2" "$3"
    [ "$2" -le "$3" ] || fail "$1"
}
echo "$connections connections with $requests requests each:"
exactly "receive: data" "$recv_data" $((connections * requests))
exactly "receive: end of file" "$recv_end" $connections
exactly "receive: nothing there" "$recv_again" 0
exactly "send: data" "$send_data" $((connections * requests))
exactly "send: anything else" "$send_other" 0
exactly "accept4: a connection" "$accepted" $connections
at_most "accept4: nobody waits" "$accept_again" $connections
exactly "epoll_ctl: ADD" "$add" $connections
exactly "epoll_ctl: MOD" "$mod" 0
at_most "epoll_ctl: DEL" "$del" $connections
exactly "close" "$closed" $connections
at_most "epoll_wait" "$waits" $((connections * (requests + 3) + 1))
exactly "any other system call" "$others" 0
exit $failures

/*
 * The result of an error: for each system call that a function makes, the errors that it may have
 * and what the contract (mio.h) says of them. The first rule that fits and has the error counts; a
 * system call without a rule fails the sweep. Here are the calls that all systems have. The rules
 * of one system come first, from a file of its own; those of all Unixes come last.
 *
 * An error has the name that the contract gives it: each table of calls knows what its system says
 * instead, and leaves out what its system does not say of that call.
 */
#include "sweep.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct rule rules[] = {
    /* Opening. */
    {"*", FAULT_CALLS, 0, COMES_BACK, 0, {ENOMEM}},

    /* Taking over. */
    {"*_from_fd", FAULT_getsockopt, 0, COMES_BACK, 0, {EBADF, ENOTSOCK, ENOBUFS}},
    {"*_from_fd", FAULT_getsockname, 0, COMES_BACK, 0, {EBADF, ENOBUFS}},

    /* Naming and connecting. */
    {"mio_unix_*",
     FAULT_bind,
     0,
     COMES_BACK,
     0,
     {EACCES, EADDRINUSE, ENOENT, ENOTDIR, EROFS, ENOMEM}},
    {"*", FAULT_bind, 0, COMES_BACK, 0, {EACCES, EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENOBUFS}},
    {"*", FAULT_bind, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_listen, 0, COMES_BACK, 0, {EADDRINUSE, ENOBUFS}},
    {"mio_unix_stream_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, ENOENT, EACCES, EPROTOTYPE, ENOMEM}},
    {"mio_unix_datagram_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {ECONNREFUSED, EPERM, ENOENT, EACCES, EPROTOTYPE}},
    {"mio_tcp_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EADDRINUSE, EACCES, EPERM, ENOBUFS,
      ENOMEM}},
    {"mio_udp_*",
     FAULT_connect,
     0,
     COMES_BACK,
     0,
     {ENETUNREACH, EHOSTUNREACH, EACCES, EADDRNOTAVAIL, EAGAIN}},
    {"*", FAULT_connect, 0, IS_ABSORBED, 0, {EINTR}},

    /* Asking. An unconnected socket is asked further, and found to be writable. */
    {"mio_tcp_stream_connect_result", FAULT_getpeername, 0, IS_ABSORBED, 0, {ENOTCONN}},
    {"*_peer_addr", FAULT_getpeername, 0, COMES_BACK, 0, {ENOTCONN, ENOBUFS}},
    {"*", FAULT_getpeername, 0, COMES_BACK, 0, {ENOBUFS}},
    {"*", FAULT_getsockname, 0, COMES_BACK, 0, {ENOBUFS}},
    /* Whether the system can cut or coalesce segments: if that cannot be found out, it cannot. */
    {"mio_udp_socket_features",
     FAULT_getsockopt,
     0,
     IS_ABSORBED,
     0,
     {ENOBUFS, ENOMEM, EACCES, ENOPROTOOPT}},
    {"mio_udp_socket_send_batch(*cut*",
     FAULT_getsockopt,
     0,
     IS_ABSORBED,
     0,
     {ENOBUFS, ENOMEM, EACCES, ENOPROTOOPT}},
    {"*", FAULT_getsockopt, 0, COMES_BACK, 0, {ENOBUFS, ENOMEM, EACCES}},
    {"*", FAULT_getsockopt, 0, COMES_BACK, ENOTSUP, {ENOPROTOOPT}},
    /* An option that the system lacks is off. Without the fifth no datagrams are coalesced. */
    {"mio_udp_socket_set_report(*, 0)", FAULT_setsockopt, 0, IS_ABSORBED, 0, {ENOPROTOOPT}},
    {"mio_udp_socket_set_report", FAULT_setsockopt, 5, IS_ABSORBED, 0, {ENOPROTOOPT}},
    /* Of an IPv6 socket the option of IPv4 is set for the case that it serves that, too. */
    {"*_set_*(&v6,*",
     FAULT_setsockopt,
     2,
     IS_ABSORBED,
     0,
     {ENOPROTOOPT, EINVAL, EPERM, ENOBUFS, ENOMEM}},
    {"*_multicast*(*group*",
     FAULT_setsockopt,
     0,
     COMES_BACK,
     0,
     {EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENOBUFS, ENOMEM}},
    {"*", FAULT_setsockopt, 0, COMES_BACK, 0, {ENOBUFS, ENOMEM, EPERM}},
    {"*", FAULT_setsockopt, 0, COMES_BACK, ENOTSUP, {ENOPROTOOPT}},
    {"*", FAULT_shutdown, 0, COMES_BACK, 0, {ENOTCONN, ENOBUFS}},

    /* Moving bytes. */
    {"*stream_*", FAULT_recv, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*stream_*", FAULT_send, 0, IS_SHORT, 0, {FAULT_ONE_BYTE}},
    {"*", FAULT_recv, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_send, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_recvfrom, 0, IS_ABSORBED, 0, {EINTR}},
    {"*", FAULT_sendto, 0, IS_ABSORBED, 0, {EINTR}},
    {"*stream_*",
     FAULT_recv,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNRESET, ETIMEDOUT, ECONNREFUSED, ENOTCONN, EFAULT, EHOSTUNREACH, ENOBUFS}},
    {"*stream_*",
     FAULT_send,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EPIPE, ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM, EFAULT, ENOTCONN, EHOSTUNREACH,
      ECONNREFUSED}},
    /* A first write that opens the connection as well (TCP_FASTOPEN_CONNECT). */
    {"*stream_*", FAULT_send, 0, COMES_BACK, EAGAIN, {EINPROGRESS}},
    {"*",
     FAULT_recv,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ECONNRESET, EFAULT}},
    {"*",
     FAULT_recvfrom,
     0,
     COMES_BACK,
     0,
     {EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ECONNRESET, EFAULT}},
    {"*",
     FAULT_send,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, EDESTADDRREQ, ENOTCONN, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH,
      EACCES, EPERM, ENOBUFS, EPIPE, ENOENT, EPROTOTYPE, EFAULT}},
    {"*",
     FAULT_sendto,
     0,
     COMES_BACK,
     0,
     {EAGAIN, EMSGSIZE, EISCONN, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EACCES, EPERM,
      ENOBUFS, EPIPE, ENOENT, EPROTOTYPE, EFAULT}},
    {NULL, SWEEP_MORE_RULES, 0, CANNOT_FAIL, 0, {0}},
};

/* A pattern in which each * stands for any text. */
static bool matches(const char *pattern, const char *text)
{
    const char *star = NULL,
               *behind = NULL; /* the last star, and the text that it may still take */
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            behind = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++behind;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/*
 * A rule names a function, or one on a backend ("poll:mio_poll_close"), or the text of a call; or,
 * behind a !, all others.
 */
static bool fits(const struct rule *rule, const char *call)
{
    char name[64], on_backend[80];
    const bool others = rule->function[0] == '!';
    const char *pattern = rule->function + others;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(call, "("), call);
    snprintf(on_backend, sizeof on_backend, "%s:%s", sweep_backend(), name);
    return others !=
           (matches(pattern, name) || matches(pattern, on_backend) || matches(pattern, call));
}

/* The table behind the one that ends with this row. */
static const struct rule *next_table(const struct rule *end)
{
    return end == &rules[sizeof rules / sizeof rules[0] - 1] ? sweep_last_rules : rules;
}

const struct rule *sweep_next_rule(const struct rule *before, const char *call, int number,
                                   int ordinal)
{
    const struct rule *rule = before ? before + 1 : sweep_system_rules;
    for (;; rule++) {
        while (rule->call == SWEEP_MORE_RULES)
            rule = next_table(rule);
        if (!rule->function)
            return NULL;
        if (rule->call == number && (rule->ordinal == 0 || rule->ordinal == ordinal) &&
            fits(rule, call))
            return rule;
    }
}

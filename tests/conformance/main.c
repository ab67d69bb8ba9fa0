#include "suites.h"

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {
        &suite_events,
        &suite_poll,
        &suite_wait,
        &suite_timeout,
        &suite_waker,
        &suite_waker_many,
        &suite_waker_threads,
        &suite_register,
        &suite_source,
        &suite_custom,
        &suite_memory,
        &suite_modes,
        &suite_pipe,
        &suite_drain,
        &suite_emulation,
        &suite_kicks,
        &suite_readiness,
#ifndef MIO_NO_NET
        &suite_addr,
        &suite_addr_parts,
        &suite_unix_addr,
        &suite_unix_text,
        &suite_unix_sockaddr,
        &suite_tcp_listener,
        &suite_tcp_accept,
        &suite_tcp_prepare,
        &suite_tcp_stream,
        &suite_tcp_io,
        &suite_tcp_bulk,
        &suite_tcp_options,
        &suite_tcp_fd,
        &suite_udp,
        &suite_udp_io,
        &suite_udp_events,
        &suite_udp_refused,
        &suite_udp_fd,
        &suite_udp_options,
        &suite_udp_multicast,
        &suite_unix_listener,
        &suite_unix_accept,
        &suite_unix_connect,
        &suite_unix_stream,
        &suite_unix_shutdown,
        &suite_unix_datagram,
#endif
        NULL,
    };
    return test_main(argc, argv, suites);
}

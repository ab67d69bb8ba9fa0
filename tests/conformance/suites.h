/* The suites of the conformance program. */
#ifndef MIO_TEST_SUITES_H
#define MIO_TEST_SUITES_H

#include "test.h"

extern const struct test_suite suite_custom;
extern const struct test_suite suite_drain;
extern const struct test_suite suite_emulation;
extern const struct test_suite suite_events;
extern const struct test_suite suite_kicks;
extern const struct test_suite suite_memory;
extern const struct test_suite suite_modes;
extern const struct test_suite suite_peer_end;
extern const struct test_suite suite_pipe;
extern const struct test_suite suite_pipe_child;
extern const struct test_suite suite_pipe_events;
extern const struct test_suite suite_pipe_fd;
extern const struct test_suite suite_pipe_io;
extern const struct test_suite suite_poll;
extern const struct test_suite suite_readiness;
extern const struct test_suite suite_register;
extern const struct test_suite suite_source;
extern const struct test_suite suite_timeout;
extern const struct test_suite suite_wait;
extern const struct test_suite suite_waker;
extern const struct test_suite suite_waker_many;
extern const struct test_suite suite_waker_threads;
extern const struct test_suite suite_watch;

#ifndef MIO_NO_NET
extern const struct test_suite suite_addr;
extern const struct test_suite suite_addr_parts;
extern const struct test_suite suite_datagram_threads;
extern const struct test_suite suite_drain_datagram;
extern const struct test_suite suite_errors;
extern const struct test_suite suite_listener;
extern const struct test_suite suite_stream;
extern const struct test_suite suite_stream_threads;
extern const struct test_suite suite_tcp_accept;
extern const struct test_suite suite_tcp_bulk;
extern const struct test_suite suite_tcp_fd;
extern const struct test_suite suite_tcp_io;
extern const struct test_suite suite_tcp_listener;
extern const struct test_suite suite_tcp_options;
extern const struct test_suite suite_tcp_prepare;
extern const struct test_suite suite_tcp_stream;
extern const struct test_suite suite_udp;
extern const struct test_suite suite_udp_events;
extern const struct test_suite suite_udp_fd;
extern const struct test_suite suite_udp_io;
extern const struct test_suite suite_udp_multicast;
extern const struct test_suite suite_udp_options;
extern const struct test_suite suite_udp_refused;
extern const struct test_suite suite_unix_accept;
extern const struct test_suite suite_unix_addr;
extern const struct test_suite suite_unix_bulk;
extern const struct test_suite suite_unix_closed;
extern const struct test_suite suite_unix_connect;
extern const struct test_suite suite_unix_datagram;
extern const struct test_suite suite_unix_datagram_events;
extern const struct test_suite suite_unix_datagram_send;
extern const struct test_suite suite_unix_fd;
extern const struct test_suite suite_unix_listener;
extern const struct test_suite suite_unix_rights;
extern const struct test_suite suite_unix_shutdown;
extern const struct test_suite suite_unix_sockaddr;
extern const struct test_suite suite_unix_stream;
extern const struct test_suite suite_unix_text;
#endif

#endif

/* Accepting in the Unix domain: who the peer is, events, running out of descriptors. */
#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static void listen_on_a_fresh_name(struct mio_unix_listener *listener, struct mio_addr *addr)
{
    *addr = plain_fresh_name();
    CHECK_EQ(mio_unix_listener_bind(listener, addr), 0);
}

static mio_fd connected_client(const struct mio_addr *addr)
{
    mio_fd client = unix_socket(SOCK_STREAM, NULL);
    CHECK_EQ(unix_connect(client, addr), 0);
    return client;
}

static void accept_one(struct mio_unix_listener *listener)
{
    struct mio_unix_stream stream;
    CHECK_EQ(mio_unix_listener_accept(listener, &stream, NULL), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
}

static void check_drained(struct mio_unix_listener *listener)
{
    struct mio_unix_stream stream;
    CHECK_EQ(mio_unix_listener_accept(listener, &stream, NULL), -EAGAIN);
}

/* ---- What comes out -------------------------------------------------------------------------- */

/* A client that is bound to the name, or not at all. */
static void check_accepted(const struct mio_addr *addr, const struct mio_addr *client_name)
{
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_addr peer, seen, unnamed = unix_unnamed();
    char buf[4] = {0};
    CHECK_EQ(mio_unix_listener_bind(&listener, addr), 0);
    mio_fd client = unix_socket(SOCK_STREAM, client_name);
    CHECK_EQ(unix_connect(client, addr), 0);
    plain_send_all(client, "abc", 3);
    memset(&stream, 0xa5, sizeof stream);
    memset(&peer, 0xa5, sizeof peer);
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, &peer), 0);
    const struct mio_addr *wanted = client_name ? client_name : &unnamed;
    CHECK_EQ(mio_addr_unix_kind(&peer), mio_addr_unix_kind(wanted));
    CHECK(mio_addr_equal(&peer, wanted));
    CHECK_EQ(mio_unix_stream_peer_addr(&stream, &seen), 0);
    CHECK(mio_addr_equal(&seen, wanted));
    CHECK_EQ(mio_unix_stream_local_addr(&stream, &seen), 0);
    CHECK(mio_addr_equal(&seen, addr));
    CHECK(test_is_nonblocking(mio_source_fd(&stream.source)));
    CHECK(test_is_cloexec(mio_source_fd(&stream.source)));
    CHECK(!mio_source_is_registered(&stream.source));
    CHECK_EQ(mio_unix_stream_take_error(&stream), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 3);
    CHECK_EQ(memcmp(buf, "abc", 3), 0);
    CHECK_EQ(mio_unix_stream_write(&stream, "de", 2), 2);
    plain_recv_all(client, buf, 2);
    CHECK_EQ(memcmp(buf, "de", 2), 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void peer_without_a_name(void)
{
    struct mio_addr addr = plain_fresh_name();
    check_accepted(&addr, NULL);
}

static void peer_with_a_path(void)
{
    struct unix_dir dir;
    unix_dir_open(&dir);
    struct mio_addr addr = unix_dir_addr(&dir, "server"), client = unix_dir_addr(&dir, "client");
    check_accepted(&addr, &client);
    unix_dir_close(&dir);
}

/* The crate reports such a peer as unnamed. */
static void defect_19_abstract_peer(void)
{
    struct mio_addr addr = plain_fresh_name(), client = plain_fresh_name();
    check_accepted(&addr, &client);
}

static void peer_with_a_path_without_room_for_a_nul(void)
{
    struct unix_dir dir;
    struct sockaddr_un plain;
    struct mio_addr addr = plain_fresh_name(), client;
    unix_dir_open(&dir);
    unix_dir_full_path(&dir, &plain);
    CHECK_EQ(mio_addr_from_sockaddr(&client, (struct sockaddr *)&plain, sizeof plain), 0);
    check_accepted(&addr, &client);
    unix_dir_close(&dir);
}

/* An accept leaves nothing of what the room for a peer's name had held before. */
static void peer_that_was_something_else_before(void)
{
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_addr addr, peer = unix_text("[fe80::1%3]:80"), unnamed = unix_unnamed();
    char text[MIO_ADDR_TEXT];
    listen_on_a_fresh_name(&listener, &addr);
    mio_fd client = connected_client(&addr);
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, &peer), 0);
    CHECK(mio_addr_equal(&peer, &unnamed));
    CHECK_EQ(mio_addr_format(&peer, text, sizeof text), 5);
    CHECK(strcmp(text, "unix:") == 0);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

/* Both wait before the first accept; each client is told by what it sent. */
static void waiting_connections_are_accepted_until_eagain(void)
{
    enum { CLIENTS = 3 };
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_addr addr;
    mio_fd clients[CLIENTS];
    int seen = 0;
    char byte;
    listen_on_a_fresh_name(&listener, &addr);
    check_drained(&listener);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = connected_client(&addr);
        plain_send_all(clients[i], &(char){(char)('a' + i)}, 1);
    }
    for (int i = 0; i < CLIENTS; i++) {
        CHECK_EQ(mio_unix_listener_accept(&listener, &stream, NULL), 0);
        CHECK_EQ(mio_unix_stream_read(&stream, &byte, 1), 1);
        CHECK(byte >= 'a' && byte < 'a' + CLIENTS);
        seen |= 1 << (byte - 'a');
        CHECK_EQ(mio_unix_stream_close(&stream), 0);
    }
    CHECK_EQ(seen, 7);
    memset(&stream, 0xa5, sizeof stream);
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, NULL), -EAGAIN);
    CHECK_EQ(mio_unix_stream_take_error(&stream), -EBADF);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    for (int i = 0; i < CLIENTS; i++)
        CHECK_EQ(plain_close(clients[i]), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

static void client_that_is_gone_was_a_connection(void)
{
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_addr addr;
    char buf[4];
    listen_on_a_fresh_name(&listener, &addr);
    mio_fd client = connected_client(&addr);
    plain_send_all(client, "abc", 3);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, NULL), 0);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_stream_read(&stream, buf, sizeof buf), 0);
    CHECK_EQ(mio_unix_stream_write(&stream, "x", 1), -EPIPE);
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
}

/* Whether they had sent something or not; after the error comes the end of file. */
static void close_resets_the_connections_that_wait(void)
{
    struct mio_unix_listener listener;
    struct mio_addr addr;
    char byte;
    mio_fd clients[2];
    listen_on_a_fresh_name(&listener, &addr);
    for (int i = 0; i < 2; i++)
        clients[i] = connected_client(&addr);
    plain_send_all(clients[1], "x", 1);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(plain_recv(clients[i], &byte, 1), -ECONNRESET);
        CHECK_EQ(plain_recv(clients[i], &byte, 1), 0);
        CHECK_EQ(plain_close(clients[i]), 0);
    }
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* On poll(2) the crate forgets the listener after its first -EAGAIN. */
static void defect_02_unix_listener_rearm(void)
{
    struct mio_poll poll;
    struct mio_unix_listener listener;
    struct mio_addr addr;
    mio_fd clients[2];
    test_poll_init(&poll);
    listen_on_a_fresh_name(&listener, &addr);
    unix_register(&poll, &listener.source, MIO_READABLE);
    test_expect_no_event(&poll);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 2; k++)
            clients[k] = connected_client(&addr);
        CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
        for (int k = 0; k < 2; k++)
            accept_one(&listener);
        check_drained(&listener);
        unix_rearm(&poll, &listener.source, MIO_READABLE);
        for (int k = 0; k < 2; k++)
            CHECK_EQ(plain_close(clients[k]), 0);
        test_expect_no_event(&poll);
    }
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void client_that_waits_is_reported_at_once(void)
{
    struct mio_poll poll;
    struct mio_unix_listener listener;
    struct mio_addr addr;
    test_poll_init(&poll);
    listen_on_a_fresh_name(&listener, &addr);
    mio_fd client = connected_client(&addr);
    unix_register(&poll, &listener.source, MIO_READABLE);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
    if (test_config.mode == MIO_LEVEL)
        CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
    else
        test_expect_no_event(&poll);
    /* A program that stops before -EAGAIN gets the event again by reregistering. */
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &listener.source, 9,
                            MIO_READABLE | test_config.mode),
             0);
    CHECK_EQ(test_expect_event(&poll, 9), MIO_READABLE);
    accept_one(&listener);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &listener.source), 0);
    int second = connected_client(&addr);
    test_expect_no_event(&poll);
    accept_one(&listener);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(plain_close(second), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void closed_listener_is_not_reported(void)
{
    struct mio_poll poll;
    struct mio_unix_listener listener;
    struct mio_addr addr;
    test_poll_init(&poll);
    listen_on_a_fresh_name(&listener, &addr);
    unix_register(&poll, &listener.source, MIO_READABLE);
    mio_fd client = connected_client(&addr);
    CHECK(plain_wait(mio_source_fd(&listener.source), PLAIN_IN) & PLAIN_IN);
    int duplicate = dup(mio_source_fd(&listener.source));
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK(!mio_source_is_registered(&listener.source));
    test_expect_no_event(&poll);
    CHECK_EQ(plain_close(duplicate), 0);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Running out ----------------------------------------------------------------------------- */

static void accept_without_descriptors(void)
{
    struct mio_poll poll;
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_addr addr, peer;
    test_poll_init(&poll);
    listen_on_a_fresh_name(&listener, &addr);
    unix_register(&poll, &listener.source, MIO_READABLE);
    mio_fd client = connected_client(&addr);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
    int open_before = test_open_descriptors();

    descriptors_leave(0);
    for (int i = 0; i < 3; i++) {
        memset(&stream, 0xa5, sizeof stream);
        int error = mio_unix_listener_accept(&listener, &stream, &peer);
        CHECK_EQ(error, -EMFILE);
        CHECK(!mio_accept_should_continue(error));
        CHECK_EQ(mio_unix_stream_close(&stream), 0);
    }
    /* The connection still waits. Edges are silent about it; reregister brings the event back. */
    if (test_config.mode != MIO_LEVEL)
        test_expect_no_event(&poll);
    CHECK_EQ(mio_reregister(mio_poll_registry(&poll), &listener.source, UNIX_TOKEN,
                            MIO_READABLE | test_config.mode),
             0);
    CHECK_EQ(test_expect_event(&poll, UNIX_TOKEN), MIO_READABLE);
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, &peer), -EMFILE);
    descriptors_give_back();

    CHECK_EQ(test_open_descriptors(), open_before);
    accept_one(&listener);
    check_drained(&listener);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void accept_without_descriptors_leaves_the_listener_undrained(void)
{
    if (test_under_valgrind())
        SKIP("valgrind accepts first, looks at the limit then, and drops the connection");
    test_in_child(accept_without_descriptors);
}

static const struct test_case cases[] = {
    {"peer_without_a_name", peer_without_a_name, 0},
    {"peer_with_a_path", peer_with_a_path, 0},
    {"defect_19_abstract_peer", defect_19_abstract_peer, 0},
    {"peer_with_a_path_without_room_for_a_nul", peer_with_a_path_without_room_for_a_nul, 0},
    {"peer_that_was_something_else_before", peer_that_was_something_else_before, 0},
    {"waiting_connections_are_accepted_until_eagain", waiting_connections_are_accepted_until_eagain,
     0},
    {"client_that_is_gone_was_a_connection", client_that_is_gone_was_a_connection, 0},
    {"close_resets_the_connections_that_wait", close_resets_the_connections_that_wait, 0},
    {"defect_02_unix_listener_rearm", defect_02_unix_listener_rearm, TEST_ANY_MODE},
    {"client_that_waits_is_reported_at_once", client_that_waits_is_reported_at_once, TEST_ANY_MODE},
    {"closed_listener_is_not_reported", closed_listener_is_not_reported, TEST_ANY_MODE},
    {"accept_without_descriptors_leaves_the_listener_undrained",
     accept_without_descriptors_leaves_the_listener_undrained, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_accept = {"unix_accept", cases};

/* Scenarios: TCP. */
#include "sockets.h"

static struct mio_poll poll_;
static struct mio_tcp_listener listener;
static struct mio_tcp_stream client, server, spare;
static struct mio_addr addr;
static mio_fd fd = MIO_FD_NONE;

enum { CLIENT = SWEEP_IGNORED, LISTENER, SERVER }; /* an acknowledgement is an event, too */

static char text[] = "sixteen bytes, n";
enum { LEN = sizeof text - 1 };

/* ---- Connections ----------------------------------------------------------------------------- */

static void listens(const char *where)
{
    const struct mio_listen_options options = {
        .reuse_port = SWEEP_HAS_UNIX ? MIO_ON : MIO_DEFAULT, /* Windows has no such option */
        .only_v6 = MIO_ON,
        .nodelay = MIO_ON};
    addr = sweep_addr(where);
    sweep_knows(LISTENER, &listener.source);
    sweep_knows(CLIENT, &client.source);
    sweep_knows(SERVER, &server.source);
    OPEN_POLL(&poll_);
    STEP(mio_tcp_listener_bind_with(&listener, &addr, &options), 0,
         sweep_is_closed(&listener.source));
    STEP(mio_tcp_listener_local_addr(&listener, &addr), 0, true);
    STEP(mio_register(mio_poll_registry(&poll_), &listener.source, LISTENER, MIO_READABLE), 0,
         !mio_source_is_registered(&listener.source));
}

static void pairs(const char *where)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    const struct mio_connect_options options = {.nodelay = MIO_ON};
    struct mio_addr peer;
    listens(where);
    OVER_YET;
    STEP(mio_tcp_stream_connect_with(&client, &addr, &options), 0, sweep_is_closed(&client.source));
    EVENT(&poll_, LISTENER, MIO_READABLE);
    STEP(mio_tcp_listener_accept(&listener, &server, &peer), 0, sweep_is_closed(&server.source));
    HOLDS(mio_addr_port(&peer) > 0 && !sweep_is_closed(&server.source));
    STEP(mio_tcp_listener_accept(&listener, &spare, &peer), -EAGAIN,
         sweep_is_closed(&spare.source));
    STEP(mio_register(registry, &client.source, CLIENT, MIO_WRITABLE), 0,
         !mio_source_is_registered(&client.source));
    EVENT(&poll_, CLIENT, MIO_WRITABLE);
    STEP(mio_tcp_stream_connect_result(&client), 0, true);
    STEP(mio_register(registry, &server.source, SERVER, MIO_READABLE), 0,
         !mio_source_is_registered(&server.source));
}

static void clean_pair(void)
{
    sweep_linger(&client.source);
    sweep_linger(&server.source);
    CLEAN(mio_tcp_stream_close(&client));
    CLEAN(mio_tcp_stream_close(&server));
    CLEAN(mio_tcp_stream_close(&spare));
    CLEAN(mio_tcp_listener_close(&listener));
    CLEAN(mio_poll_close(&poll_));
    sweep_close_fd(&fd);
}

static void moves_list(void)
{
    struct mio_buf list[2];
    char buf[LEN];
    size_t done;
    MOVE(mio_tcp_stream_writev(&client, list, sweep_pieces(list, text + done, LEN - done)), done,
         LEN);
    EVENT(&poll_, SERVER, MIO_READABLE);
    sweep_wait_bytes(mio_source_fd(&server.source), LEN);
    OVER_YET;
    MOVE(mio_tcp_stream_readv(&server, list, sweep_pieces(list, buf + done, LEN - done)), done,
         LEN);
    HOLDS(memcmp(buf, text, LEN) == 0);
    STEP(mio_tcp_stream_readv(&server, list, sweep_pieces(list, buf, LEN)), -EAGAIN, true);
}

static void moves(void)
{
    char buf[LEN];
    size_t done;
    pairs("127.0.0.1:0");
    OVER_YET;
    MOVE(mio_tcp_stream_write(&client, text + done, LEN - done), done, LEN);
    EVENT(&poll_, SERVER, MIO_READABLE);
    sweep_wait_bytes(mio_source_fd(&server.source), LEN);
    OVER_YET;
    STEP(mio_tcp_stream_peek(&server, buf, LEN), LEN, true);
    MOVE(mio_tcp_stream_read(&server, buf + done, LEN - done), done, LEN);
    HOLDS(memcmp(buf, text, LEN) == 0);
    STEP(mio_tcp_stream_read(&server, buf, LEN), -EAGAIN, true);
    moves_list();
    OVER_YET;
    STEP(mio_tcp_stream_shutdown(&client, MIO_SHUTDOWN_WRITE), 0, true);
    EVENT(&poll_, SERVER, MIO_READABLE | MIO_READ_CLOSED);
    STEP(mio_tcp_stream_read(&server, buf, LEN), 0, true);
}

/* By the calls for streams of either kind, on sources that were told in edge mode. */
static void goes_on(void)
{
    struct mio_source *from = &client.source, *to = &server.source;
    struct mio_buf list[2];
    char buf[LEN];
    size_t done;
    pairs("127.0.0.1:0");
    OVER_YET;
    STEP(mio_stream_write(from, "x", 1), 1, sweep_write_is_told_again(&poll_, CLIENT));
    EVENT(&poll_, SERVER, MIO_READABLE);
    STEP(mio_stream_read(to, buf, 1), 1, sweep_read_is_told_again(&poll_, SERVER));
    STEP(mio_stream_read(to, buf, 1), -EAGAIN, true);
    MOVE(mio_stream_writev(from, list, sweep_pieces(list, text + done, LEN - done)), done, LEN);
    EVENT(&poll_, SERVER, MIO_READABLE);
    sweep_wait_bytes(mio_source_fd(to), LEN);
    OVER_YET;
    STEP(mio_stream_peek(to, buf, LEN), LEN, true);
    MOVE(mio_stream_readv(to, list, sweep_pieces(list, buf + done, LEN - done)), done, LEN);
    HOLDS(memcmp(buf, text, LEN) == 0);
    STEP(mio_stream_readv(to, list, sweep_pieces(list, buf, LEN)), -EAGAIN, true);
    STEP(mio_stream_take_error(to), 0, true);
    STEP(mio_stream_shutdown(from, MIO_SHUTDOWN_WRITE), 0, true);
    EVENT(&poll_, SERVER, MIO_READ_CLOSED);
}

/* ---- Options and names ----------------------------------------------------------------------- */

static void asks(void)
{
    struct mio_addr local, peer;
    pairs("127.0.0.1:0");
    OVER_YET;
    STEP(mio_tcp_stream_local_addr(&client, &local), 0, true);
    STEP(mio_tcp_stream_peer_addr(&server, &peer), 0, true);
    HOLDS(mio_addr_equal(&local, &peer));
    STEP(mio_tcp_stream_nodelay(&server), 1, true);
    STEP(mio_tcp_stream_set_nodelay(&server, false), 0, true);
    STEP(mio_tcp_stream_nodelay(&server), 0, true);
    STEP(mio_tcp_stream_set_ttl(&client, 33), 0, true);
    STEP(mio_tcp_stream_ttl(&client), 33, true);
    STEP(mio_tcp_listener_set_ttl(&listener, 34), 0, true);
    STEP(mio_tcp_listener_ttl(&listener), 34, true);
    STEP(mio_tcp_stream_take_error(&client), 0, true);
    STEP(mio_tcp_listener_take_error(&listener), 0, true);
}

static struct mio_tcp_listener v6;

static void sets_hops_of_ipv6(void)
{
    const struct mio_listen_options options = {.only_v6 = MIO_OFF};
    addr = sweep_addr("[::1]:0");
    STEP(mio_tcp_listener_bind_with(&v6, &addr, &options), 0, sweep_is_closed(&v6.source));
    STEP(mio_tcp_listener_set_ttl(&v6, 35), 0, true);
    STEP(mio_tcp_listener_ttl(&v6), 35, true);
}

static void clean_v6(void)
{
    CLEAN(mio_tcp_listener_close(&v6));
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void new_socket(bool listening)
{
    const struct mio_addr any = sweep_addr("127.0.0.1:0");
    fd = sweep_foreign_socket(PLAIN_IPV4, PLAIN_STREAM);
    HOLDS(!listening || (plain_bind(fd, &any) == 0 && plain_listen(fd, 1) == 0));
}

static void takes_over(void)
{
    new_socket(true);
    OVER_YET;
    STEP(mio_tcp_listener_from_fd(&listener, fd), 0, sweep_is_untouched(&listener.source, fd));
    fd = MIO_FD_NONE;
    HOLDS(sweep_has_flags(mio_source_fd(&listener.source)));
    new_socket(false);
    OVER_YET;
    STEP(mio_tcp_stream_from_fd(&client, fd), 0, sweep_is_untouched(&client.source, fd));
    fd = MIO_FD_NONE;
    STEP(mio_tcp_stream_connect_result(&client), -ENOTCONN, true);
}

static void gives_up(void)
{
    pairs("127.0.0.1:0");
    OVER_YET;
    sweep_begin("mio_tcp_stream_into_fd(&server)", __LINE__);
    fd = mio_tcp_stream_into_fd(&server);
    sweep_end(fd != MIO_FD_NONE, SWEEP_SOME);
    OVER_YET;
    HOLDS(sweep_is_closed(&server.source));
    STEP(mio_tcp_stream_from_fd(&server, fd), 0, sweep_is_closed(&server.source));
    fd = MIO_FD_NONE;
}

const struct scenario tcp_scenarios[] = {
    {"tcp_moves", moves, clean_pair, NULL, NULL},
    {"tcp_goes_on", goes_on, clean_pair, NULL, NULL},
    {"tcp_asks", asks, clean_pair, NULL, NULL},
    {"tcp_sets_hops_of_ipv6", sets_hops_of_ipv6, clean_v6, sweep_lacks_ipv6, NULL},
    {"tcp_takes_over", takes_over, clean_pair, NULL, NULL},
    {"tcp_gives_up", gives_up, clean_pair, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

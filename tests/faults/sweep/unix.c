/* Scenarios: the Unix domain. */
#define _GNU_SOURCE 1
#include "sockets.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct mio_poll poll_;
static struct mio_unix_listener listener;
static struct mio_unix_stream client, server, spare;
static struct mio_unix_datagram left, right;
static int fd = -1;

enum { LISTENER = 1, SERVER = 2, RIGHT = 3 };

static char text[] = "sixteen bytes, n";
enum { LEN = sizeof text - 1 };

/* An abstract name, which is gone with its socket. */
static struct mio_addr name_of(const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "unix:@mio-sweep-%d-%s", (int)getpid(), what);
    return sweep_addr(name);
}

static void clean_streams(void)
{
    CLEAN(mio_unix_stream_close(&client));
    CLEAN(mio_unix_stream_close(&server));
    CLEAN(mio_unix_stream_close(&spare));
    CLEAN(mio_unix_listener_close(&listener));
    CLEAN(mio_poll_close(&poll_));
    sweep_close_fd(&fd);
}

/* ---- Streams --------------------------------------------------------------------------------- */

static void connects(void)
{
    struct mio_registry *registry = mio_poll_registry(&poll_);
    struct mio_addr addr = name_of("listener"), peer;
    OPEN_POLL(&poll_);
    STEP(mio_unix_listener_bind(&listener, &addr), 0, sweep_is_closed(&listener.source));
    STEP(mio_register(registry, &listener.source, LISTENER, MIO_READABLE), 0,
         !mio_source_is_registered(&listener.source));
    STEP(mio_unix_stream_connect(&client, &addr), 0, sweep_is_closed(&client.source));
    EVENT(&poll_, LISTENER, MIO_READABLE);
    STEP(mio_unix_listener_accept(&listener, &server, &peer), 0, sweep_is_closed(&server.source));
    HOLDS(mio_addr_unix_kind(&peer) == MIO_UNIX_UNNAMED);
    STEP(mio_unix_listener_accept(&listener, &spare, NULL), -EAGAIN,
         sweep_is_closed(&spare.source));
    STEP(mio_unix_stream_peer_addr(&client, &peer), 0, true);
    HOLDS(mio_addr_equal(&peer, &addr));
    STEP(mio_unix_stream_local_addr(&server, &peer), 0, true);
    STEP(mio_unix_listener_local_addr(&listener, &peer), 0, true);
    STEP(mio_unix_stream_take_error(&client), 0, true);
    STEP(mio_unix_listener_take_error(&listener), 0, true);
    STEP(mio_register(registry, &server.source, SERVER, MIO_READABLE), 0,
         !mio_source_is_registered(&server.source));
}

static void moves_list(void)
{
    struct mio_buf list[2];
    char buf[LEN];
    size_t done;
    MOVE(mio_unix_stream_writev(&client, list, sweep_pieces(list, text + done, LEN - done)), done,
         LEN);
    EVENT(&poll_, SERVER, MIO_READABLE);
    MOVE(mio_unix_stream_readv(&server, list, sweep_pieces(list, buf + done, LEN - done)), done,
         LEN);
    HOLDS(memcmp(buf, text, LEN) == 0);
    STEP(mio_unix_stream_readv(&server, list, sweep_pieces(list, buf, LEN)), -EAGAIN, true);
}

static void moves(void)
{
    char buf[LEN];
    size_t done;
    connects();
    OVER_YET;
    MOVE(mio_unix_stream_write(&client, text + done, LEN - done), done, LEN);
    EVENT(&poll_, SERVER, MIO_READABLE);
    STEP(mio_unix_stream_peek(&server, buf, LEN), LEN, true);
    MOVE(mio_unix_stream_read(&server, buf + done, LEN - done), done, LEN);
    HOLDS(memcmp(buf, text, LEN) == 0);
    STEP(mio_unix_stream_read(&server, buf, LEN), -EAGAIN, true);
    moves_list();
    OVER_YET;
    STEP(mio_unix_stream_shutdown(&client, MIO_SHUTDOWN_WRITE), 0, true);
    EVENT(&poll_, SERVER, MIO_READABLE | MIO_READ_CLOSED);
    STEP(mio_unix_stream_read(&server, buf, LEN), 0, true);
}

static void pairs(void)
{
    char byte;
    STEP(mio_unix_stream_pair(&client, &server), 0,
         sweep_is_closed(&client.source) && sweep_is_closed(&server.source));
    STEP(mio_unix_stream_write(&client, "x", 1), 1, true);
    STEP(mio_unix_stream_read(&server, &byte, 1), 1, true);
}

/* ---- Descriptors that are passed, and batches ------------------------------------------------ */

static int room[2] = {-1, -1};

static void close_room(void)
{
    sweep_close_fd(&room[0]);
    sweep_close_fd(&room[1]);
}

/* One byte, so that a short transfer is a whole one; the third descriptor finds no room. */
static void passes(void)
{
    const int passed[3] = {0, 0, 0};
    struct mio_fds fds = {.fds = room, .capacity = 2};
    char byte;
    STEP(mio_unix_stream_pair(&client, &server), 0,
         sweep_is_closed(&client.source) && sweep_is_closed(&server.source));
    STEP(mio_unix_stream_send_fds(&client, "x", 1, passed, 3), 1, true);
    STEP(mio_unix_stream_recv_fds(&server, &byte, 1, &fds), 1, fds.count == 0 && !fds.cut);
    HOLDS(fds.count == 2 && fds.cut && room[0] >= 0 && room[1] >= 0);
    close_room();
    STEP(mio_unix_stream_recv_fds(&server, &byte, 1, &fds), -EAGAIN, fds.count == 0);
}

static void clean_passing(void)
{
    close_room();
    CLEAN(mio_unix_stream_close(&client));
    CLEAN(mio_unix_stream_close(&server));
}

static struct mio_unix_datagram one_end, other_end;

static void passes_datagrams(void)
{
    const int passed[3] = {0, 0, 0};
    struct mio_fds fds = {.fds = room, .capacity = 2};
    char byte = 0;
    STEP(mio_unix_datagram_pair(&one_end, &other_end), 0,
         sweep_is_closed(&one_end.source) && sweep_is_closed(&other_end.source));
    STEP(mio_unix_datagram_send_fds(&one_end, "x", 1, NULL, passed, 3), 1, true);
    STEP(mio_unix_datagram_recv_fds(&other_end, &byte, 1, NULL, &fds), 1, fds.count == 0);
    HOLDS(fds.count == 2 && fds.cut && byte == 'x');
    close_room();
    struct mio_datagram datagram = {.buf = &byte, .len = 1, .capacity = 1};
    STEP(mio_unix_datagram_send_batch(&one_end, &datagram, 1), 1, datagram.done == 0);
    datagram.len = 0;
    STEP(mio_unix_datagram_recv_batch(&other_end, &datagram, 1), 1, datagram.len == 0);
    HOLDS(datagram.len == 1);
}

static void clean_passing_datagrams(void)
{
    close_room();
    CLEAN(mio_unix_datagram_close(&one_end));
    CLEAN(mio_unix_datagram_close(&other_end));
}

/* ---- Going on after errors ------------------------------------------------------------------- */

static struct mio_source *const near_end = &client.source, *const far_end = &server.source;
enum { NEAR = 4 };

static void pairs_registered(void)
{
    OPEN_POLL(&poll_);
    STEP(mio_unix_stream_pair(&client, &server), 0, sweep_is_closed(&client.source));
    STEP(mio_register(mio_poll_registry(&poll_), near_end, NEAR, MIO_READABLE | MIO_WRITABLE), 0,
         !mio_source_is_registered(near_end));
    EVENT(&poll_, NEAR, MIO_WRITABLE);
}

/* Until there is no room, through a failure and short writes. */
static void fill(void)
{
    static char bulk[300000];
    ptrdiff_t put = 0;
    for (bool refused = true; refused || put != -EAGAIN;) {
        sweep_begin("mio_stream_write(near_end, bulk, sizeof bulk)", __LINE__);
        put = mio_stream_write(near_end, bulk, sizeof bulk);
        refused = sweep_end(put, put == -EAGAIN ? -EAGAIN : SWEEP_SOME);
        OVER_YET;
    }
}

static void empty(void)
{
    static char bulk[65536];
    while (recv(mio_source_fd(far_end), bulk, sizeof bulk, MSG_DONTWAIT) > 0)
        continue;
}

static void goes_on(void)
{
    char buf[LEN];
    size_t done;
    pairs_registered();
    OVER_YET;
    STEP(mio_stream_write(near_end, "x", 1), 1, sweep_write_is_told_again(&poll_, NEAR));
    struct mio_buf list[2];
    MOVE(mio_stream_writev(near_end, list, sweep_pieces(list, text + done, LEN - done)), done, LEN);
    fill();
    OVER_YET;
    empty();
    EVENT(&poll_, NEAR, MIO_WRITABLE);
    HOLDS(send(mio_source_fd(far_end), text, LEN, 0) == LEN);
    EVENT(&poll_, NEAR, MIO_READABLE);
    STEP(mio_stream_peek(near_end, buf, LEN), LEN, sweep_read_is_told_again(&poll_, NEAR));
    STEP(mio_stream_read(near_end, buf, 1), 1, sweep_read_is_told_again(&poll_, NEAR));
    MOVE(mio_stream_readv(near_end, list, sweep_pieces(list, buf + done, LEN - 1 - done)), done,
         LEN - 1);
    STEP(mio_stream_read(near_end, buf, LEN), -EAGAIN, true);
    HOLDS(send(mio_source_fd(far_end), text, LEN, 0) == LEN);
    EVENT(&poll_, NEAR, MIO_READABLE);
    STEP(mio_stream_take_error(near_end), 0, true);
    STEP(mio_stream_shutdown(far_end, MIO_SHUTDOWN_WRITE), 0, true);
    EVENT(&poll_, NEAR, MIO_READ_CLOSED);
}

static void clean_ends(void)
{
    CLEAN(mio_stream_close(near_end));
    CLEAN(mio_stream_close(far_end));
    CLEAN(mio_poll_close(&poll_));
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void takes_over(void)
{
    struct mio_addr addr = name_of("taken");
    struct sockaddr_storage storage;
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    HOLDS(fd >= 0);
    OVER_YET;
    STEP(mio_unix_stream_from_fd(&client, fd), 0, sweep_is_untouched(&client.source, fd));
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int length = mio_addr_to_sockaddr(&addr, (struct sockaddr *)&storage, sizeof storage);
    HOLDS(fd >= 0 && bind(fd, (struct sockaddr *)&storage, (socklen_t)length) == 0);
    HOLDS(listen(fd, 1) == 0);
    OVER_YET;
    STEP(mio_unix_listener_from_fd(&listener, fd), 0, sweep_is_untouched(&listener.source, fd));
    fd = -1;
    HOLDS(sweep_has_flags(mio_source_fd(&listener.source)));
}

static void gives_up(void)
{
    connects();
    OVER_YET;
    sweep_begin("mio_unix_listener_into_fd(&listener)", __LINE__);
    fd = mio_unix_listener_into_fd(&listener);
    sweep_end(fd, SWEEP_SOME);
    OVER_YET;
    HOLDS(sweep_is_closed(&listener.source));
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

static void clean_datagrams(void)
{
    CLEAN(mio_unix_datagram_close(&left));
    CLEAN(mio_unix_datagram_close(&right));
    CLEAN(mio_poll_close(&poll_));
    sweep_close_fd(&fd);
}

static void moves_datagrams(void)
{
    struct mio_addr right_name = name_of("right"), from;
    char buf[64];
    OPEN_POLL(&poll_);
    STEP(mio_unix_datagram_open(&left), 0, sweep_is_closed(&left.source));
    STEP(mio_unix_datagram_bind(&right, &right_name), 0, sweep_is_closed(&right.source));
    STEP(mio_register(mio_poll_registry(&poll_), &right.source, RIGHT, MIO_READABLE), 0,
         !mio_source_is_registered(&right.source));
    STEP(mio_unix_datagram_send_to(&left, text, LEN, &right_name), LEN, true);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    STEP(mio_unix_datagram_peek_from(&right, buf, sizeof buf, &from), LEN, true);
    STEP(mio_unix_datagram_peek(&right, buf, sizeof buf), LEN, true);
    STEP(mio_unix_datagram_recv_from(&right, buf, sizeof buf, &from), LEN, true);
    HOLDS(mio_addr_unix_kind(&from) == MIO_UNIX_UNNAMED && memcmp(buf, text, LEN) == 0);
    STEP(mio_unix_datagram_recv_from(&right, buf, sizeof buf, &from), -EAGAIN, true);
    STEP(mio_unix_datagram_connect(&left, &right_name), 0, true);
    STEP(mio_unix_datagram_send(&left, text, LEN), LEN, true);
    EVENT(&poll_, RIGHT, MIO_READABLE);
    STEP(mio_unix_datagram_recv(&right, buf, sizeof buf), LEN, true);
    STEP(mio_unix_datagram_recv(&right, buf, sizeof buf), -EAGAIN, true);
    STEP(mio_unix_datagram_peer_addr(&left, &from), 0, true);
    HOLDS(mio_addr_equal(&from, &right_name));
    STEP(mio_unix_datagram_local_addr(&right, &from), 0, true);
    STEP(mio_unix_datagram_take_error(&left), 0, true);
    STEP(mio_unix_datagram_shutdown(&left, MIO_SHUTDOWN_WRITE), 0, true);
}

static void pairs_datagrams(void)
{
    char buf[LEN];
    STEP(mio_unix_datagram_pair(&left, &right), 0,
         sweep_is_closed(&left.source) && sweep_is_closed(&right.source));
    STEP(mio_unix_datagram_send(&left, text, LEN), LEN, true);
    STEP(mio_unix_datagram_recv(&right, buf, LEN), LEN, true);
}

static void takes_over_datagrams(void)
{
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    HOLDS(fd >= 0);
    OVER_YET;
    STEP(mio_unix_datagram_from_fd(&left, fd), 0, sweep_is_untouched(&left.source, fd));
    fd = -1;
    HOLDS(sweep_has_flags(mio_source_fd(&left.source)));
}

const struct scenario unix_scenarios[] = {
    {"unix_passes", passes, clean_passing, NULL, NULL},
    {"unix_passes_datagrams", passes_datagrams, clean_passing_datagrams, NULL, NULL},
    {"unix_moves", moves, clean_streams, NULL, NULL},
    {"unix_pairs", pairs, clean_streams, NULL, NULL},
    {"unix_goes_on", goes_on, clean_ends, NULL, NULL},
    {"unix_takes_over", takes_over, clean_streams, NULL, NULL},
    {"unix_gives_up", gives_up, clean_streams, NULL, NULL},
    {"unix_moves_datagrams", moves_datagrams, clean_datagrams, NULL, NULL},
    {"unix_pairs_datagrams", pairs_datagrams, clean_datagrams, NULL, NULL},
    {"unix_takes_over_datagrams", takes_over_datagrams, clean_datagrams, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

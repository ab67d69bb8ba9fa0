/* Accepting where no descriptor is left. */
#define _GNU_SOURCE 1
#include "net.h"
#include "scale.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MIO_NO_NET

enum { CLIENTS = 8 };

/* One interface over the two listeners. */
struct door {
    bool is_unix;
    union {
        struct mio_source source;
        struct mio_tcp_listener tcp;
        struct mio_unix_listener local;
    } as;
    union {
        struct mio_source source;
        struct mio_tcp_stream tcp;
        struct mio_unix_stream local;
    } streams[CLIENTS + 2]; /* the last one is for an accept that finds nobody */
    int clients[CLIENTS + 1];
    struct sockaddr_storage addr;
    socklen_t length;
    int accepted;
};

static void open_door(struct door *door, bool is_unix)
{
    struct mio_addr addr;
    memset(door, 0, sizeof *door);
    door->is_unix = is_unix;
    if (is_unix) {
        CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
        CHECK_EQ(mio_unix_listener_bind(&door->as.local, &addr), 0);
        CHECK_EQ(mio_unix_listener_local_addr(&door->as.local, &addr), 0);
    } else {
        test_listen(&door->as.tcp, &addr);
    }
    int length = mio_addr_to_sockaddr(&addr, (struct sockaddr *)&door->addr, sizeof door->addr);
    CHECK(length > 0);
    door->length = (socklen_t)length;
    for (int i = 0; i <= CLIENTS; i++) {
        door->clients[i] = socket(door->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(door->clients[i] >= 0);
    }
}

static void connect_client(const struct door *door, int i)
{
    CHECK_EQ(connect(door->clients[i], (const struct sockaddr *)&door->addr, door->length), 0);
}

static int accept_one(struct door *door)
{
    int result =
        door->is_unix
            ? mio_unix_listener_accept(&door->as.local, &door->streams[door->accepted].local, NULL)
            : mio_tcp_listener_accept(&door->as.tcp, &door->streams[door->accepted].tcp, NULL);
    if (result == 0) {
        CHECK_EQ(mio_register(mio_poll_registry(&scale.poll), &door->streams[door->accepted].source,
                              (mio_token)door->accepted + 1, MIO_READABLE),
                 0);
        door->accepted++;
    }
    return result;
}

static void close_door(struct door *door)
{
    for (int i = 0; i <= CLIENTS; i++) {
        CHECK_EQ(close(door->clients[i]), 0);
        CHECK_EQ(door->is_unix ? mio_unix_stream_close(&door->streams[i].local)
                               : mio_tcp_stream_close(&door->streams[i].tcp),
                 0);
    }
    CHECK_EQ(door->is_unix ? mio_unix_listener_close(&door->as.local)
                           : mio_tcp_listener_close(&door->as.tcp),
             0);
}

static void accept_and_run_out(mio_interest mode, bool is_unix)
{
    enum { LISTENER = SCALE_MAX + 1 }; /* no cell has it */
    static struct door door;
    struct mio_registry *registry;
    scale_begin();
    registry = mio_poll_registry(&scale.poll);
    open_door(&door, is_unix);
    CHECK_EQ(mio_register(registry, &door.as.source, LISTENER, MIO_READABLE | mode), 0);
    scale_fill();
    for (int i = 0; i < CLIENTS; i++)
        connect_client(&door, i);
    test_expect_event(&scale.poll, LISTENER);
    CHECK_EQ(accept_one(&door), -EMFILE);
    CHECK_EQ(accept_one(&door), -EMFILE);
    if (mode == MIO_LEVEL)
        test_expect_event(&scale.poll, LISTENER);

    /* Room for three: accepted without a new event. */
    scale_free(3);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(accept_one(&door), 0);
    CHECK_EQ(accept_one(&door), -EMFILE);

    /* The other way, by an event that a reregistration brings. */
    CHECK_EQ(mio_reregister(registry, &door.as.source, LISTENER, MIO_READABLE | mode), 0);
    test_expect_event(&scale.poll, LISTENER);
    scale_free(CLIENTS);
    while (door.accepted < CLIENTS)
        CHECK_EQ(accept_one(&door), 0);
    CHECK_EQ(accept_one(&door), -EAGAIN);
    test_expect_no_event(&scale.poll);

    /* Drained at last, so the next connection is told; and those that were accepted work. */
    connect_client(&door, CLIENTS);
    test_expect_event(&scale.poll, LISTENER);
    CHECK_EQ(accept_one(&door), 0);
    CHECK_EQ(accept_one(&door), -EAGAIN);
    for (int i = 0; i <= CLIENTS; i++) {
        plain_send_all(door.clients[i], "x", 1);
        test_expect_event(&scale.poll, (mio_token)i + 1);
    }
    close_door(&door);
    scale_end();
}

void accepting_at_the_limit_fails_and_goes_on_when_there_is_room(void)
{
    for (int is_unix = 0; is_unix < 2; is_unix++) {
        accept_and_run_out(MIO_EDGE, is_unix);
        accept_and_run_out(MIO_LEVEL, is_unix);
    }
}

#endif

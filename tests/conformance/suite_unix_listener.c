/* Listeners in the Unix domain. */
#define _POSIX_C_SOURCE 200809L
#include "suites.h"

#include <sys/socket.h>
#include <unistd.h>

/* The crate reports such a peer as unnamed. */
static void defect_19_abstract_peer(void)
{
    struct mio_unix_listener listener;
    struct mio_unix_stream stream;
    struct mio_addr unnamed, name, peer, expected;
    CHECK_EQ(mio_addr_unix_unnamed(&unnamed), 0);
    CHECK_EQ(mio_unix_listener_bind(&listener, &unnamed), 0);
    CHECK_EQ(mio_unix_listener_local_addr(&listener, &name), 0);
    CHECK_EQ(mio_addr_unix_kind(&name), MIO_UNIX_ABSTRACT);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_storage storage;
    socklen_t length = sizeof(sa_family_t);
    CHECK_EQ(bind(client, &(struct sockaddr){.sa_family = AF_UNIX}, length), 0);
    int size = mio_addr_to_sockaddr(&name, (struct sockaddr *)&storage, sizeof storage);
    CHECK_EQ(connect(client, (struct sockaddr *)&storage, (socklen_t)size), 0);
    length = sizeof storage;
    CHECK_EQ(getsockname(client, (struct sockaddr *)&storage, &length), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&expected, (struct sockaddr *)&storage, length), 0);
    CHECK_EQ(mio_unix_listener_accept(&listener, &stream, &peer), 0);
    CHECK(mio_addr_equal(&peer, &expected));
    CHECK_EQ(mio_unix_stream_close(&stream), 0);
    CHECK_EQ(mio_unix_listener_close(&listener), 0);
    CHECK_EQ(close(client), 0);
}

static const struct test_case cases[] = {
    {"defect_19_abstract_peer", defect_19_abstract_peer, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_listener = {"unix_listener", cases};

/*
 * quickstart: a listener and a client in one loop. The server accepts each connection and closes
 * it; the client sees that it is connected, and then the end.
 *
 * Try it:  ./quickstart       (it ends by itself)
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>

enum { SERVER, CLIENT };

/* Passes on success, and the codes that only say: not now. */
static int check(const char *what, ptrdiff_t result)
{
    if (result >= 0 || result == -EAGAIN || result == -EINTR || result == -EINPROGRESS)
        return (int)result;
    fprintf(stderr, "quickstart: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

int main(void)
{
    struct mio_poll poll;
    struct mio_registry *registry = mio_poll_registry(&poll);
    struct mio_tcp_listener server;
    struct mio_tcp_stream client, accepted;
    struct mio_event events[16];
    struct mio_addr addr;
    bool connected = false;
    char buf[256];

    check("poll", mio_poll_init(&poll));
    check("address", mio_addr_parse(&addr, "127.0.0.1:0"));
    check("bind", mio_tcp_listener_bind(&server, &addr));
    check("address", mio_tcp_listener_local_addr(&server, &addr));
    check("register", mio_register(registry, &server.source, SERVER, MIO_READABLE));
    check("connect", mio_tcp_stream_connect(&client, &addr));
    check("register", mio_register(registry, &client.source, CLIENT, MIO_READABLE | MIO_WRITABLE));

    for (int got = -EAGAIN; got != 0;) {
        int count = check("wait", mio_poll_wait(&poll, events, 16, MIO_FOREVER));
        for (int i = 0; i < count; i++) {
            if (events[i].token == SERVER) {
                /* An event stands for any number of connections: accept until nobody waits. */
                while (check("accept", mio_tcp_listener_accept(&server, &accepted, NULL)) == 0)
                    check("close", mio_tcp_stream_close(&accepted));
                continue;
            }
            if (!connected && check("connect", mio_tcp_stream_connect_result(&client)) == 0) {
                connected = true;
                puts("client: connected");
            }
            if (mio_event_is_readable(&events[i]))
                do /* until there is nothing, or the end */
                    got = check("read", mio_tcp_stream_read(&client, buf, sizeof buf));
                while (got > 0);
        }
    }
    puts("client: closed by the server");
    check("close", mio_tcp_stream_close(&client));
    check("close", mio_tcp_listener_close(&server));
    return -check("close", mio_poll_close(&poll));
}

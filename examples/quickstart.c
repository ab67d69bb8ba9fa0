/*
 * quickstart: a listener and a client in one loop. The server accepts the connection and closes it;
 * the client sees that it is connected, and then the end.
 *
 * Try it:  ./quickstart       (it ends by itself)
 */
#include <mio.h>
#include <stdio.h>

enum { SERVER, CLIENT };

int main(void)
{
    struct mio_poll poll = {0};
    struct mio_registry *registry = mio_poll_registry(&poll);
    struct mio_tcp_listener server = {0};
    struct mio_tcp_stream client = {0}, accepted;
    struct mio_event events[16];
    struct mio_addr addr;
    uint32_t ready = 0; /* what the client was told and has not used up */
    bool connected = false;
    ptrdiff_t got = -EAGAIN;
    int error;

    if ((error = mio_poll_init(&poll)) < 0 || (error = mio_addr_parse(&addr, "127.0.0.1:0")) < 0 ||
        (error = mio_tcp_listener_bind(&server, &addr)) < 0 ||
        (error = mio_tcp_listener_local_addr(&server, &addr)) < 0 ||
        (error = mio_register(registry, &server.source, SERVER, MIO_READABLE)) < 0 ||
        (error = mio_tcp_stream_connect(&client, &addr)) < 0 ||
        (error = mio_register(registry, &client.source, CLIENT, MIO_READABLE | MIO_WRITABLE)) < 0)
        goto done;
    while (got != 0) {
        int count = mio_poll_wait(&poll, events, 16, MIO_FOREVER);
        if (count < 0 && (error = count) != -EINTR)
            goto done;
        for (int i = 0; i < count; i++) {
            if (events[i].token == CLIENT) {
                ready |= events[i].readiness;
                continue;
            }
            do { /* until nobody waits; a failed one has nothing to close */
                error = mio_tcp_listener_accept(&server, &accepted, NULL);
                mio_tcp_stream_close(&accepted);
            } while (error == 0 || mio_accept_should_continue(error));
            if (error != -EAGAIN)
                goto done;
        }
        if (!connected && (ready & MIO_WRITABLE)) {
            ready &= ~MIO_WRITABLE;
            error = mio_tcp_stream_connect_result(&client);
            if ((connected = error == 0))
                puts("client: connected");
            else if (error != -EINPROGRESS)
                goto done;
        }
        while (got != 0 && (ready & MIO_READABLE)) {
            char buf[256];
            got = mio_tcp_stream_read(&client, buf, sizeof buf);
            mio_ready_after(&ready, MIO_READABLE, got, sizeof buf);
            if (got < 0 && (error = (int)got) != -EAGAIN)
                goto done;
        }
    }
    puts("client: closed by the server");
    error = 0;
done:
    if (error < 0)
        fprintf(stderr, "quickstart: %s\n", mio_strerror(error));
    mio_tcp_stream_close(&client);
    mio_tcp_listener_close(&server);
    mio_poll_close(&poll);
    return error < 0;
}

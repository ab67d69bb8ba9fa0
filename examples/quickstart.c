/*
 * quickstart: a server that greets each client and hangs up.
 *
 * Try it:  ./quickstart             Ctrl-C ends it
 *          nc 127.0.0.1 7777        in another terminal
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>

/* Every failure is a negative code. Here it ends the program. */
static void check(const char *what, int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "quickstart: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* One event stands for any number of clients. The next event is guaranteed after -EAGAIN. */
static void greet_all(struct mio_tcp_listener *listener)
{
    struct mio_tcp_stream client;
    int error = 0;
    while (error == 0 || mio_accept_should_continue(error)) {
        error = mio_tcp_listener_accept(listener, &client, NULL);
        if (error == 0) {
            mio_tcp_stream_write(&client, "hello\n", 6); /* fails if it is gone */
            mio_tcp_stream_close(&client);
        }
    }
    check("accept", error == -EAGAIN ? 0 : error);
}

int main(int argc, char **argv)
{
    struct mio_poll poll;
    struct mio_tcp_listener listener;
    struct mio_event events[16];
    struct mio_addr addr;
    char text[MIO_ADDR_TEXT];

    check("poll", mio_poll_init(&poll));
    check("address", mio_addr_parse(&addr, argc > 1 ? argv[1] : "127.0.0.1:7777"));
    check("bind", mio_tcp_listener_bind(&listener, &addr));
    check("register", mio_register(mio_poll_registry(&poll), &listener.source, 1, MIO_READABLE));
    check("address", mio_tcp_listener_local_addr(&listener, &addr));
    check("address", mio_addr_format(&addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
    for (;;) {
        int count = mio_poll_wait(&poll, events, 16, MIO_FOREVER);
        check("wait", count == -EINTR ? 0 : count); /* -EINTR: a signal handler ran */
        for (int i = 0; i < count; i++)
            if (events[i].token == 1) /* as registered: each source has its own */
                greet_all(&listener);
    }
}

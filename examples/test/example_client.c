/*
 * example_client PORT CONNECTIONS REQUESTS SIZE [AT_ONCE]: asks an echo server on 127.0.0.1 and
 * checks every byte that comes back. The connections are served one after the other; AT_ONCE of
 * them (1 by default) are opened before the first of these is served.
 */
#define _POSIX_C_SOURCE 200809L

#include "process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 30000
#define MAX_AT_ONCE 500

static bool ask(int fd, unsigned requests, size_t size, unsigned seed)
{
    char *out = malloc(size), *in = malloc(size);
    bool good = out != NULL && in != NULL;
    for (unsigned i = 0; good && i < requests; i++) {
        fill(out, size, seed + i);
        good = exchange(fd, fd, out, in, size, TIMEOUT_MS);
        if (good && memcmp(out, in, size) != 0) {
            fprintf(stderr, "example_client: the answer differs\n");
            good = false;
        }
    }
    free(out);
    free(in);
    /* Closing first is the client's part: the server sees the end and closes too. */
    return good && shutdown(fd, SHUT_WR) == 0 && expect_end(fd, TIMEOUT_MS);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: example_client PORT CONNECTIONS REQUESTS SIZE [AT_ONCE]\n");
        return 2;
    }
    int port = atoi(argv[1]);
    unsigned connections = (unsigned)atoi(argv[2]);
    unsigned requests = (unsigned)atoi(argv[3]);
    size_t size = (size_t)atol(argv[4]);
    unsigned at_once = argc > 5 ? (unsigned)atoi(argv[5]) : 1;
    int fds[MAX_AT_ONCE];
    bool good = at_once >= 1 && at_once <= MAX_AT_ONCE && size > 0;

    signal(SIGPIPE, SIG_IGN);
    for (unsigned done = 0; good && done < connections; done += at_once) {
        unsigned count = connections - done < at_once ? connections - done : at_once;
        for (unsigned i = 0; i < count; i++)
            good &= (fds[i] = connect_to(port)) >= 0;
        for (unsigned i = 0; i < count; i++) {
            good = good && ask(fds[i], requests, size, (done + i) * requests);
            if (fds[i] >= 0)
                close(fds[i]);
        }
    }
    if (good)
        printf("%u connections, %u requests of %zu bytes each: every byte came back\n", connections,
               requests, size);
    return good ? 0 : 1;
}

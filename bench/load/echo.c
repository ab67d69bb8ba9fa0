/* The clients of the echo service: on each connection one request at a time. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* So much an idle socket takes at once; room for more is waited for. */
enum { ALWAYS_FITS = 64 * 1024 };

/* A message is a stamp, then a pattern that all share: so the cache of the clients stays small. */
struct client {
    int fd;
    uint64_t stamp;
    size_t sent, received;
    int64_t began_at;
};

static struct client *clients;
static unsigned count;
static size_t message_bytes;
static char *message, *answer;

static int echo_open(unsigned connections, int queue)
{
    message_bytes = (size_t)argument_number("bytes", 64);
    message = malloc(message_bytes);
    answer = malloc(message_bytes);
    clients = calloc(connections, sizeof *clients);
    if (!message || !answer || !clients || message_bytes < sizeof clients->stamp) {
        errno = EINVAL;
        return fail("open");
    }
    for (size_t i = 0; i < message_bytes; i++)
        message[i] = (char)(i * 7 + i / 251);
    for (count = 0; count < connections; count++) {
        struct client *client = &clients[count];
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = client};
        if (message_bytes > ALWAYS_FITS)
            event.events |= EPOLLOUT;
        client->fd = server_connect();
        client->stamp = (uint64_t)count << 40;
        client->sent = client->received = message_bytes;
        if (client->fd < 0 || epoll_ctl(queue, EPOLL_CTL_ADD, client->fd, &event) != 0)
            return fail("connect");
    }
    return 0;
}

/* Sends as much as there is room for. */
static int send_more(struct client *client)
{
    while (client->sent < message_bytes) {
        if (client->sent < sizeof client->stamp)
            memcpy(message, &client->stamp, sizeof client->stamp);
        ssize_t n = send(client->fd, message + client->sent, message_bytes - client->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN ? 0 : fail("send");
        client->sent += (size_t)n;
    }
    return 0;
}

static int begin(struct client *client, int64_t now)
{
    client->stamp++;
    client->sent = client->received = 0;
    client->began_at = now;
    progress.on_the_way++;
    return send_more(client);
}

/* Whether these bytes are what follows in the answer. */
static bool is_right(const struct client *client, size_t n)
{
    char *expected = message + client->received;
    if (client->received < sizeof client->stamp)
        memcpy(message, &client->stamp, sizeof client->stamp);
    return memcmp(answer, expected, n) == 0;
}

/* Reads what there is of the answer: at most all of it, and if less then the next event is sure. */
static int receive(struct client *client)
{
    ssize_t n = recv(client->fd, answer, message_bytes - client->received, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n == 0)
        errno = ECONNRESET;
    if (n <= 0)
        return fail("recv");
    if (!is_right(client, (size_t)n)) {
        errno = EBADMSG;
        return fail("an answer that is wrong");
    }
    client->received += (size_t)n;
    return 0;
}

static int echo_event(void *arg, bool go_on)
{
    struct client *client = arg;
    if (send_more(client) != 0)
        return 1;
    if (client->received == message_bytes) /* at rest */
        return 0;
    if (receive(client) != 0)
        return 1;
    if (client->received < message_bytes)
        return 0;
    int64_t now = now_ns();
    histogram_add(now - client->began_at);
    progress.on_the_way--;
    progress.ended++;
    return go_on ? begin(client, now) : 0;
}

static int echo_start(void)
{
    for (unsigned i = 0; i < count; i++)
        if (begin(&clients[i], now_ns()) != 0)
            return 1;
    return 0;
}

const struct service_load echo_load = {
    .open = echo_open,
    .start = echo_start,
    .event = echo_event,
};

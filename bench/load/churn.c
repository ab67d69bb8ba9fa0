/* The clients of the churn service: connections that live for one request. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 4096 };

struct slot {
    int fd;
    size_t received;
};

static struct slot *slots;
static unsigned slot_count;
static char request[REQUEST_MAX];
static size_t request_bytes;
static int slot_queue;

static int churn_open(unsigned connections, int queue)
{
    memset(request, 'c', sizeof request);
    request_bytes = (size_t)argument_number("bytes", 64);
    slot_count = connections;
    slot_queue = queue;
    slots = calloc(connections, sizeof *slots);
    if (request_bytes == 0 || request_bytes > REQUEST_MAX)
        errno = EINVAL;
    else if (slots)
        return 0;
    return fail("open");
}

/* Connecting over loopback does not wait for the server to accept. */
static int begin_slot(struct slot *slot)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = slot};
    slot->received = 0;
    slot->fd = server_connect();
    if (slot->fd < 0)
        return fail("connect");
    if (send(slot->fd, request, request_bytes, MSG_NOSIGNAL) != (ssize_t)request_bytes)
        return fail("send");
    if (epoll_ctl(slot_queue, EPOLL_CTL_ADD, slot->fd, &event) != 0)
        return fail("epoll_ctl");
    progress.on_the_way++;
    return 0;
}

/* The server has closed. A reset in answer leaves nothing behind that waits for its time. */
static int end_slot(struct slot *slot, bool go_on)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (slot->received != request_bytes) {
        errno = EBADMSG;
        return fail("an answer that is not whole");
    }
    setsockopt(slot->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(slot->fd);
    progress.on_the_way--;
    progress.ended++;
    return go_on ? begin_slot(slot) : 0;
}

static int churn_event(void *arg, bool go_on)
{
    struct slot *slot = arg;
    char answer[REQUEST_MAX];
    for (;;) {
        ssize_t n = recv(slot->fd, answer, sizeof answer, MSG_DONTWAIT);
        if (n == 0)
            return end_slot(slot, go_on);
        if (n < 0)
            return errno == EAGAIN ? 0 : fail("recv");
        if (memcmp(answer, request, (size_t)n) != 0)
            slot->received = SIZE_MAX / 2; /* noticed at the end */
        slot->received += (size_t)n;
    }
}

static int churn_start(void)
{
    for (unsigned i = 0; i < slot_count; i++)
        if (begin_slot(&slots[i]) != 0)
            return 1;
    return 0;
}

const struct service_load churn_load = {
    .open = churn_open,
    .start = churn_start,
    .event = churn_event,
};

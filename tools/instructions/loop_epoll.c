/* The same loop written by hand over epoll(7). See loop.h. */
#include "loop.h"

#include <sys/epoll.h>

static int epoll_fd, triple;
static struct epoll_event events[LOOP_SOURCES];

static int change(int how, int fd, uint32_t interest, uint64_t token)
{
    struct epoll_event event = {.events = interest, .data.u64 = token};
    return epoll_ctl(epoll_fd, how, fd, &event);
}

int loop_open(const int *fds)
{
    int error = 0;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int k = 0; k < LOOP_SOURCES && error == 0; k++)
        error = change(EPOLL_CTL_ADD, fds[k], EPOLLIN | EPOLLRDHUP | EPOLLET, (uint64_t)k + 1);
    return error;
}

int loop_triple_fd(int fd)
{
    triple = fd;
    return fd;
}

__attribute__((noinline)) int measured_wait(uint64_t *sum)
{
    int n = epoll_wait(epoll_fd, events, LOOP_SOURCES, -1);
    for (int i = 0; i < n; i++)
        if (events[i].events & EPOLLIN)
            *sum += events[i].data.u64;
    return n;
}

__attribute__((noinline)) int measured_triple(void)
{
    int error = change(EPOLL_CTL_ADD, triple, EPOLLIN | EPOLLRDHUP | EPOLLET, 1000);
    if (error == 0)
        error = change(EPOLL_CTL_MOD, triple, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 1001);
    if (error == 0)
        error = epoll_ctl(epoll_fd, EPOLL_CTL_DEL, triple, NULL);
    return error;
}

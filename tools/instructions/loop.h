/*
 * What both programs of the instruction gate do, so that only the library differs:
 *
 *     loop_X wait N      N waits, each with 64 eventfds ready in edge mode
 *     loop_X triple N    N times: register, reregister, deregister
 *
 * The gate counts the instructions of measured_wait and measured_triple alone, with what they call.
 * Arming the eventfds again stays outside.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LOOP_SOURCES = 64 };

/* Given by the program. Each returns a negative number when something failed. */
int loop_open(const int *fds);
int loop_triple_fd(int fd);
int measured_wait(uint64_t *sum);
int measured_triple(void);

static int loop_fds[LOOP_SOURCES];

static int loop_run_waits(long count)
{
    uint64_t sum = 0;
    if (loop_open(loop_fds) < 0)
        return 1;
    for (long i = 0; i < count; i++) {
        /* A write to an eventfd is a new edge, also while the counter is not 0. */
        for (int k = 0; k < LOOP_SOURCES; k++)
            if (eventfd_write(loop_fds[k], 1) != 0)
                return 2;
        if (measured_wait(&sum) != LOOP_SOURCES)
            return 3;
    }
    return sum == (uint64_t)count * (LOOP_SOURCES * (LOOP_SOURCES + 1) / 2) ? 0 : 4;
}

static int loop_run_triples(long count)
{
    if (loop_open(loop_fds) < 0 || loop_triple_fd(eventfd(0, EFD_NONBLOCK)) < 0)
        return 1;
    for (long i = 0; i < count; i++)
        if (measured_triple() < 0)
            return 5;
    return 0;
}

int main(int argc, char **argv)
{
    long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (count <= 0) {
        fprintf(stderr, "usage: %s wait|triple COUNT\n", argv[0]);
        return 6;
    }
    for (int k = 0; k < LOOP_SOURCES; k++)
        loop_fds[k] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return strcmp(argv[1], "triple") == 0 ? loop_run_triples(count) : loop_run_waits(count);
}

#endif

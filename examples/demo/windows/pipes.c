/* Pairs of pipes: Windows has none. The clients report through a named pipe, see clients.c. */
#include "server.h"

#include <stdio.h>

int pipes_open(struct door *door, struct target *target, const char *unused)
{
    (void)door, (void)unused;
    target->transport = TRANSPORT_PIPES;
    snprintf(target->skipped, sizeof target->skipped,
             "Windows has no such pipes: a loop can watch named ones alone");
    return -ENOTSUP;
}

/* Parts of servers beside their library. */
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int case_serve(void)
{
    struct service service = {
        .transport = strcmp(argument("transport", "tcp"), "unix") == 0 ? UNIX : TCP,
        .path = argument("path", NULL),
        .churn = strcmp(argument("service", "echo"), "churn") == 0,
    };
    if (service.transport == UNIX && !service.path) {
        errno = EINVAL;
        return fail("path");
    }
    contestant.serve(&service);
    return fail("serve");
}

void announce(unsigned port)
{
    printf("ready %u\n", port);
    fflush(stdout);
}

static int listen_unix(int fd, const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof addr.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(addr.sun_path, path);
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(fd, BACKLOG) != 0)
        return -1;
    announce(0);
    return fd;
}

static int listen_tcp(int fd)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof addr;
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &length) != 0)
        return -1;
    announce(ntohs(addr.sin_port));
    return fd;
}

int listen_plain(const struct service *service)
{
    int family = service->transport == UNIX ? AF_UNIX : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    return service->transport == UNIX ? listen_unix(fd, service->path) : listen_tcp(fd);
}

int rest_keep(struct rest *rest, const char *bytes, size_t length)
{
    *rest = (struct rest){.bytes = malloc(length), .length = length};
    if (!rest->bytes)
        return -1;
    memcpy(rest->bytes, bytes, length);
    return 0;
}

bool rest_is_empty(const struct rest *rest)
{
    return rest->bytes == NULL;
}

void rest_advance(struct rest *rest, size_t sent)
{
    rest->sent += sent;
    if (rest->sent == rest->length)
        rest_free(rest);
}

void rest_free(struct rest *rest)
{
    free(rest->bytes);
    *rest = (struct rest){0};
}

/* The server that the clients talk to. */
#include "load.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_un un;
} address;
static socklen_t address_length;
static char tasks[64]; /* the folder with one folder for each thread */

int server_find(void)
{
    const char *path = argument("path", NULL);
    if (strcmp(argument("transport", "tcp"), "unix") == 0) {
        if (!path || strlen(path) >= sizeof address.un.sun_path) {
            errno = EINVAL;
            return fail("path");
        }
        address.un.sun_family = AF_UNIX;
        strcpy(address.un.sun_path, path);
        address_length = sizeof address.un;
    } else {
        address.in.sin_family = AF_INET;
        address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.in.sin_port = htons((uint16_t)argument_number("port", 0));
        address_length = sizeof address.in;
    }
    snprintf(tasks, sizeof tasks, "/proc/%" PRId64 "/task", argument_number("pid", 0));
    return server_cpu_ns() < 0;
}

int server_connect(void)
{
    int on = 1, fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (address.any.sa_family == AF_INET)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, &address.any, address_length) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The run time of one thread: the first number of its schedstat. */
static int64_t thread_cpu_ns(const char *thread)
{
    char path[sizeof tasks + 300];
    int64_t ns = -1;
    snprintf(path, sizeof path, "%s/%s/schedstat", tasks, thread);
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    if (fscanf(file, "%" SCNd64, &ns) != 1)
        ns = -1;
    fclose(file);
    return ns;
}

static int64_t sum_cpu_ns(void)
{
    int64_t sum = 0;
    DIR *folder = opendir(tasks);
    if (!folder)
        return -1;
    for (struct dirent *entry; sum >= 0 && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        int64_t ns = thread_cpu_ns(entry->d_name);
        sum = ns < 0 ? -1 : sum + ns;
    }
    closedir(folder);
    return sum;
}

int64_t server_cpu_ns(void)
{
    const struct timespec pause = {.tv_nsec = 500 * 1000};
    int64_t before = -1, now = 0;
    for (int i = 0; i < 1000 && now != before; i++) {
        before = now;
        nanosleep(&pause, NULL);
        now = sum_cpu_ns();
    }
    if (now < 0 || now != before) {
        fail("the run time of the server");
        return -1;
    }
    return now;
}

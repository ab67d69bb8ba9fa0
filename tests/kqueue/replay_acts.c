/* Steps that act on descriptors: opening, moving data, ending. */
#include "replay.h"

#include "simulated_event.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAMES = 16 };
static struct {
    char name[16];
    int fd;
} names[NAMES];
static int count;

static void give(const char *name, int fd)
{
    if (fd < 0 || count == NAMES)
        replay_fail("%s cannot be opened: %s", name, strerror(errno));
    strncpy(names[count].name, name, sizeof names[count].name - 1);
    names[count++].fd = fd;
}

static int *place(const char *name)
{
    for (int i = count - 1; i >= 0; i--)
        if (strcmp(names[i].name, name) == 0)
            return &names[i].fd;
    replay_fail("there is no %s", name);
}

int replay_fd(const char *name)
{
    return strcmp(name, "none") == 0 ? -1 : *place(name);
}

static bool is_closed_already(int index)
{
    return names[index].fd < 0 || fcntl(names[index].fd, F_GETFD) < 0;
}

void replay_close_all(void)
{
    while (count > 0) {
        count--;
        if (!is_closed_already(count))
            close(names[count].fd);
    }
}

int replay_error(const char *name)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {
        {"EBADF", EBADF},
        {"ENOENT", ENOENT},
        {"EINVAL", EINVAL},
        {"EPIPE", EPIPE},
        {"ECONNRESET", ECONNRESET},
        {"ECONNREFUSED", ECONNREFUSED},
        {"EINPROGRESS", EINPROGRESS},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(name, errors[i].name) == 0)
            return errors[i].error;
    return atoi(name);
}

static void expect(const char *what, long actual, const char *result)
{
    int error = errno;
    if (!result || (*result >= '0' && *result <= '9')) {
        if (actual < 0 || (result && actual != atol(result)))
            replay_fail("%s: %ld (%s), expected %s", what, actual,
                        actual < 0 ? strerror(error) : "", result ? result : "success");
    } else if (actual >= 0 || error != replay_error(result)) {
        replay_fail("%s: %ld (%s), expected %s", what, actual, actual < 0 ? strerror(error) : "",
                    result);
    }
}

/* ---- Opening --------------------------------------------------------------------------------- */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = (in_port_t)port, .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int new_socket(int type)
{
    int fd = socket(AF_INET, type, 0);
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int bound(int type)
{
    struct sockaddr_in name = loopback(0);
    int fd = new_socket(type);
    return fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 ? fd : -1;
}

static int listener(void)
{
    int fd = bound(SOCK_STREAM);
    return fd >= 0 && listen(fd, 8) == 0 ? fd : -1;
}

static int connect_to(int fd, int other)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    getsockname(other, (struct sockaddr *)&name, &size);
    return connect(fd, (struct sockaddr *)&name, size);
}

static bool open_tcp(int fds[2])
{
    int own = listener();
    fds[0] = new_socket(SOCK_STREAM);
    connect_to(fds[0], own);
    fds[1] = -1;
    for (int tries = 0; tries < 1000 && fds[1] < 0; tries++) {
        fds[1] = accept(own, NULL, NULL);
        usleep(fds[1] < 0 ? 1000 : 0);
    }
    close(own);
    if (fds[1] >= 0)
        fcntl(fds[1], F_SETFL, O_NONBLOCK);
    return fds[1] >= 0;
}

static void open_pair(const char *kind, const char *a, const char *b)
{
    int fds[2] = {-1, -1};
    bool opened = false;
    if (strcmp(kind, "tcp") == 0)
        opened = open_tcp(fds);
    else if (strcmp(kind, "unix") == 0)
        opened = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0;
    else if (strcmp(kind, "datagram") == 0)
        opened = socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) == 0;
    else if (strcmp(kind, "pipe") == 0)
        opened = pipe(fds) == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 &&
                 fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0;
    else if (strcmp(kind, "udp") == 0) {
        fds[0] = bound(SOCK_DGRAM);
        fds[1] = bound(SOCK_DGRAM);
        opened = connect_to(fds[0], fds[1]) == 0 && connect_to(fds[1], fds[0]) == 0;
    }
    if (!opened)
        replay_fail("a pair of %s cannot be opened", kind);
    give(a, fds[0]);
    give(b, fds[1]);
}

/* A socket that goes to a port where nobody is. */
static int connect_to_nobody(int fd, int type)
{
    int other = bound(type);
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    getsockname(other, (struct sockaddr *)&name, &size);
    close(other);
    return connect(fd, (struct sockaddr *)&name, size);
}

/* ---- Acts ------------------------------------------------------------------------------------ */

static long fill(int fd)
{
    static char block[4096];
    long total = 0;
    ssize_t n;
    while ((n = write(fd, block, sizeof block)) > 0)
        total += n;
    return total;
}

static int reset(int *fd)
{
    struct linger at_once = {.l_onoff = 1};
    setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return close(*fd);
}

static int error_of(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error == 0 ? 0 : -1;
}

static bool open_one(char *const *words)
{
    const char *verb = words[0];
    if (strcmp(verb, "pair") == 0)
        open_pair(words[1], words[2], words[3]);
    else if (strcmp(verb, "listener") == 0)
        give(words[1], listener());
    else if (strcmp(verb, "socket") == 0)
        give(words[1], new_socket(SOCK_STREAM));
    else if (strcmp(verb, "queue") == 0)
        give(words[1], kqueue());
    else if (strcmp(verb, "dup") == 0)
        give(words[2], dup(replay_fd(words[1])));
    else if (strcmp(verb, "accept") == 0)
        give(words[2], accept(replay_fd(words[1]), NULL, NULL));
    else if (strcmp(verb, "udp-refused") == 0) {
        give(words[1], new_socket(SOCK_DGRAM));
        expect("connect", connect_to_nobody(replay_fd(words[1]), SOCK_DGRAM), NULL);
    } else
        return false;
    return true;
}

bool replay_act(char *const *words, const char *result)
{
    static char buf[65536];
    const char *verb = words[0];
    if (open_one(words))
        return true;
    size_t size = words[1] && words[2] ? (size_t)atoi(words[2]) : 0;
    if (strcmp(verb, "write") == 0)
        expect(verb, write(replay_fd(words[1]), buf, size), result);
    else if (strcmp(verb, "send") == 0)
        expect(verb, send(replay_fd(words[1]), buf, size, MSG_NOSIGNAL), result);
    else if (strcmp(verb, "read") == 0)
        expect(verb, read(replay_fd(words[1]), buf, size), result);
    else if (strcmp(verb, "fill") == 0)
        expect(verb, fill(replay_fd(words[1])), result);
    else if (strcmp(verb, "shutdown") == 0)
        expect(verb, shutdown(replay_fd(words[1]), SHUT_WR), result);
    else if (strcmp(verb, "close") == 0)
        expect(verb, close(replay_fd(words[1])), result);
    else if (strcmp(verb, "reset") == 0)
        expect(verb, reset(place(words[1])), result);
    else if (strcmp(verb, "connect") == 0)
        expect(verb, connect_to(replay_fd(words[1]), replay_fd(words[2])), result);
    else if (strcmp(verb, "refuse") == 0)
        expect(verb, connect_to_nobody(replay_fd(words[1]), SOCK_STREAM), result);
    else if (strcmp(verb, "error") == 0)
        expect(verb, error_of(replay_fd(words[1])), result);
    else
        return false;
    return true;
}

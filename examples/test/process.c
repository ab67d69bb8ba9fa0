#define _DEFAULT_SOURCE 1

#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Time that is left, for poll. */
static int left_ms(long long deadline)
{
    long long left = deadline - now_ms();
    return left > 0 ? (int)left : 0;
}

/* The rest of the new process. */
static void child_run(char *const argv[], const int in[2], const int out[2], unsigned descriptors)
{
    struct rlimit limit = {descriptors, descriptors};
    if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0)
        _exit(126);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
    if (descriptors != 0 && setrlimit(RLIMIT_NOFILE, &limit) != 0)
        _exit(126);
    signal(SIGPIPE, SIG_DFL);
    execv(argv[0], argv);
    _exit(127);
}

bool child_start(struct child *child, char *const argv[], unsigned descriptors)
{
    int in[2], out[2];
    if (pipe(in) != 0) {
        perror("pipe");
        return false;
    }
    if (pipe(out) != 0) {
        perror("pipe");
        close(in[0]);
        close(in[1]);
        return false;
    }
    fflush(stdout);
    child->pid = fork();
    if (child->pid == 0)
        child_run(argv, in, out, descriptors);
    close(in[0]);
    close(out[1]);
    child->in = in[1];
    child->out = out[0];
    /* Children that are started later must not keep these open. */
    if (fcntl(child->in, F_SETFD, FD_CLOEXEC) == 0 && fcntl(child->out, F_SETFD, FD_CLOEXEC) == 0 &&
        child->pid > 0)
        return true;
    perror("starting a program");
    if (child->pid > 0)
        kill(child->pid, SIGKILL);
    child_wait(child, 1000);
    return false;
}

int child_wait(struct child *child, int timeout_ms)
{
    const struct timespec pause = {0, 2000000};
    long long deadline = now_ms() + timeout_ms;
    int status = -1;
    pid_t ended = 0;
    while (child->pid > 0 && (ended = waitpid(child->pid, &status, WNOHANG)) == 0) {
        if (now_ms() >= deadline) {
            kill(child->pid, SIGKILL);
            waitpid(child->pid, &status, 0);
            break;
        }
        nanosleep(&pause, NULL);
    }
    close(child->out);
    if (child->in >= 0)
        close(child->in);
    child->pid = -1;
    return ended > 0 ? status : -1;
}

bool child_line(struct child *child, char *line, size_t size, int timeout_ms)
{
    long long deadline = now_ms() + timeout_ms;
    for (size_t length = 0; length < size; length++) {
        struct pollfd ready = {.fd = child->out, .events = POLLIN};
        if (poll(&ready, 1, left_ms(deadline)) != 1 || read(child->out, line + length, 1) != 1)
            return false;
        if (line[length] == '\n') {
            line[length] = 0;
            return true;
        }
    }
    return false;
}

static bool set_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        flags = fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
    return flags >= 0;
}

static bool failed(const char *what)
{
    fprintf(stderr, "exchange: %s\n", what);
    return false;
}

bool exchange(int to, int from, const void *out, void *in, size_t size, int timeout_ms)
{
    long long deadline = now_ms() + timeout_ms;
    size_t sent = out != NULL ? 0 : size, received = 0;
    if (!set_blocking(to, false) || !set_blocking(from, false))
        return failed(strerror(errno));
    while (received < size) {
        struct pollfd ready[2] = {{.fd = from, .events = POLLIN},
                                  {.fd = sent < size ? to : -1, .events = POLLOUT}};
        int count = poll(ready, 2, left_ms(deadline));
        if (count < 0 && errno != EINTR)
            return failed(strerror(errno));
        if (count == 0)
            return failed("no answer in time");
        if (count > 0 && ready[1].revents != 0) {
            ssize_t n = write(to, (const char *)out + sent, size - sent);
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                return failed(strerror(errno));
            sent += n > 0 ? (size_t)n : 0;
        }
        if (count > 0 && ready[0].revents != 0) {
            ssize_t n = read(from, (char *)in + received, size - received);
            if (n == 0)
                return failed("early end");
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                return failed(strerror(errno));
            received += n > 0 ? (size_t)n : 0;
        }
    }
    return set_blocking(to, true) && set_blocking(from, true);
}

bool expect_end(int fd, int timeout_ms)
{
    char byte;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, timeout_ms) != 1)
        return failed("no end of file in time");
    ssize_t n = read(fd, &byte, 1);
    if (n < 0)
        return failed(strerror(errno));
    return n == 0 || failed("more bytes than were sent");
}

int connect_to(int port)
{
    struct sockaddr_in addr;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&addr, 0, sizeof addr);
    addr.sin_family = AF_INET;
    addr.sin_port = htons((uint16_t)port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    perror("connect");
    if (fd >= 0)
        close(fd);
    return -1;
}

void fill(char *buf, size_t size, unsigned seed)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        buf[i] = i % 64 == 63 || i + 1 == size ? '\n' : letters[state >> 27];
    }
}

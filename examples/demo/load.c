/*
 * The clients: a process of its own that knows nothing of mio. It keeps up to MAX_OPEN connections
 * open, sends messages of 1 byte to 256 KiB on each of them, one at a time, and compares what comes
 * back with what was sent. Which sizes and which bytes follows from the numbers of connection and
 * message, so each run is the same.
 */
#define _POSIX_C_SOURCE 200809L

#include "demo.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_MESSAGES 31 /* on one connection */
#define MAX_SIZE_BITS 18
#define MAX_SIZE ((size_t)1 << MAX_SIZE_BITS)
#define PATTERN_SIZE (4 * MAX_SIZE)
#define REPORT_NS (100 * MIO_NS_PER_MS)

enum client_state { CLIENT_FREE, CLIENT_CONNECTING, CLIENT_TALKING, CLIENT_ENDING };

struct client {
    enum client_state state;
    uint64_t number;
    unsigned message, messages;
    const unsigned char *bytes; /* of the message, in the pattern */
    size_t size, sent, received;
    int64_t began_at;
};

struct load {
    const struct target *target;
    struct row row;
    struct client clients[MAX_OPEN];
    struct pollfd fds[MAX_OPEN]; /* fd -1: no connection */
    uint64_t started, ended;
    int64_t began_at, reported_at, moved_at;
    int64_t *samples;
    int report_fd;
    unsigned char pattern[PATTERN_SIZE]; /* what messages are cut from */
};

/* A pseudo-random number that depends on nothing but its arguments (splitmix64). */
static uint64_t number_for(uint64_t connection, uint64_t message)
{
    uint64_t z = (connection * 64 + message + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void send_report(struct load *load)
{
    load->reported_at = mio_now_ns();
    load->row.elapsed_ns = load->reported_at - load->began_at;
    const struct row row = load->row;
    if (write(load->report_fd, &row, sizeof row) != (ssize_t)sizeof row)
        _exit(EXIT_FAILURE); /* nobody is left to hear of it */
}

/* ---- One client ------------------------------------------------------------------------------ */

static void client_end(struct load *load, size_t i)
{
    close(load->fds[i].fd);
    load->fds[i].fd = -1;
    load->clients[i].state = CLIENT_FREE;
    load->ended++;
}

static void client_fail(struct load *load, size_t i, const char *what)
{
    const struct client *c = &load->clients[i];
    row_error(&load->row, "connection %llu, message %u of %u: %s", (unsigned long long)c->number,
              c->message + 1, c->messages, what);
    client_end(load, i);
}

/* Chooses the next message: every order of magnitude is equally likely. */
static void client_next_message(struct load *load, struct client *c)
{
    uint64_t number = number_for(c->number, c->message + 1);
    unsigned bits = (unsigned)(number % (MAX_SIZE_BITS + 1));
    c->size = (size_t)1 << bits;
    if (bits < MAX_SIZE_BITS)
        c->size += (size_t)(number >> 8) & (c->size - 1);
    c->bytes = load->pattern + (size_t)(number >> 32) % (PATTERN_SIZE - c->size);
    c->sent = c->received = 0;
    c->began_at = mio_now_ns();
}

static void client_start(struct load *load, size_t i)
{
    const struct target *target = load->target;
    struct client *c = &load->clients[i];
    int fd = socket(target->addr.ss_family, SOCK_STREAM, 0);
    *c = (struct client){.state = CLIENT_CONNECTING, .number = load->started++};
    c->messages = 1 + (unsigned)(number_for(c->number, 0) % MAX_MESSAGES);
    load->fds[i] = (struct pollfd){.fd = fd, .events = POLLOUT};
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        (connect(fd, (const struct sockaddr *)&target->addr, target->addr_length) != 0 &&
         errno != EINPROGRESS))
        client_fail(load, i, strerror(errno));
}

static void client_connected(struct load *load, size_t i)
{
    struct client *c = &load->clients[i];
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(load->fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        error = errno;
    if (error != 0) {
        client_fail(load, i, strerror(error));
        return;
    }
    c->state = CLIENT_TALKING;
    client_next_message(load, c);
}

static void client_write(struct load *load, size_t i)
{
    struct client *c = &load->clients[i];
    ssize_t n = write(load->fds[i].fd, c->bytes + c->sent, c->size - c->sent);
    if (n > 0)
        c->sent += (size_t)n;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        client_fail(load, i, strerror(errno));
}

/* The whole message came back: the next one, or the end. */
static void client_message_done(struct load *load, size_t i)
{
    struct client *c = &load->clients[i];
    load->samples[load->row.messages++] = mio_now_ns() - c->began_at;
    load->row.bytes += c->size;
    if (++c->message < c->messages) {
        client_next_message(load, c);
        return;
    }
    c->state = CLIENT_ENDING;
    if (shutdown(load->fds[i].fd, SHUT_WR) != 0)
        client_fail(load, i, strerror(errno));
}

/* Compares n bytes that came with those that were sent. */
static void client_received(struct load *load, size_t i, const unsigned char *buf, size_t n)
{
    struct client *c = &load->clients[i];
    char text[96];
    if (n > c->sent - c->received) {
        client_fail(load, i, "more bytes came back than were sent");
        return;
    }
    if (memcmp(buf, c->bytes + c->received, n) != 0) {
        size_t k = 0;
        while (buf[k] == c->bytes[c->received + k])
            k++;
        snprintf(text, sizeof text, "byte %zu of %zu is 0x%02x, sent was 0x%02x",
                 c->received + k + 1, c->size, buf[k], c->bytes[c->received + k]);
        client_fail(load, i, text);
        return;
    }
    c->received += n;
    if (c->received == c->size)
        client_message_done(load, i);
}

static void client_read(struct load *load, size_t i)
{
    static unsigned char buf[65536];
    ssize_t n = read(load->fds[i].fd, buf, sizeof buf);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            client_fail(load, i, strerror(errno));
    } else if (load->clients[i].state == CLIENT_ENDING) {
        if (n > 0) {
            client_fail(load, i, "bytes came after the last message");
            return;
        }
        load->row.connections++;
        client_end(load, i);
    } else if (n == 0) {
        client_fail(load, i, "closed by the server");
    } else {
        client_received(load, i, buf, (size_t)n);
    }
}

static void client_step(struct load *load, size_t i)
{
    struct client *c = &load->clients[i];
    if (c->state == CLIENT_CONNECTING)
        client_connected(load, i);
    else if (load->fds[i].revents & (POLLIN | POLLHUP | POLLERR))
        client_read(load, i);
    if (c->state == CLIENT_TALKING && c->sent < c->size)
        client_write(load, i);
    load->fds[i].events = POLLIN;
    if (c->state == CLIENT_TALKING && c->sent < c->size)
        load->fds[i].events |= POLLOUT;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void load_step(struct load *load)
{
    for (size_t i = 0; i < MAX_OPEN && load->started < load->target->connections; i++)
        if (load->clients[i].state == CLIENT_FREE)
            client_start(load, i);
    int count = poll(load->fds, MAX_OPEN, 100);
    if (count < 0 && errno != EINTR)
        row_error(&load->row, "poll: %s", strerror(errno));
    int64_t now = mio_now_ns();
    if (count > 0)
        load->moved_at = now;
    else if (now - load->moved_at > STALL_NS / 2)
        for (size_t i = 0; i < MAX_OPEN; i++)
            if (load->clients[i].state != CLIENT_FREE)
                client_fail(load, i, "no answer");
    for (size_t i = 0; count > 0 && i < MAX_OPEN; i++)
        if (load->fds[i].fd >= 0 && load->fds[i].revents != 0)
            client_step(load, i);
    if (now - load->reported_at > REPORT_NS)
        send_report(load);
}

static void load_target(struct load *load, const struct target *target, unsigned index)
{
    load->target = target;
    load->row = (struct row){.index = index, .planned = target->connections};
    load->began_at = load->moved_at = mio_now_ns();
    load->started = load->ended = 0;
    snprintf(load->row.name, sizeof load->row.name, "%s", target->name);
    if (target->skipped[0] != 0) {
        load->row.state = ROW_SKIPPED;
        snprintf(load->row.note, sizeof load->row.note, "%s", target->skipped);
        send_report(load);
        return;
    }
    send_report(load);
    while (load->ended < target->connections && load->row.errors < MAX_ERRORS)
        load_step(load);
    for (size_t i = 0; i < MAX_OPEN; i++)
        if (load->clients[i].state != CLIENT_FREE)
            client_end(load, i);
    load->row.state = ROW_DONE;
    load->row.elapsed_ns = mio_now_ns() - load->began_at;
    row_set_latency(&load->row, load->samples, (size_t)load->row.messages);
    send_report(load);
}

int load_run(const struct target *targets, unsigned count, int fd)
{
    struct load *load = calloc(1, sizeof *load);
    size_t most = 0;
    for (unsigned i = 0; i < count; i++)
        most = targets[i].connections > most ? targets[i].connections : most;
    if (load == NULL || (load->samples = calloc(most * MAX_MESSAGES + 1, sizeof(int64_t))) == NULL)
        return EXIT_FAILURE;
    signal(SIGPIPE, SIG_IGN);
    load->report_fd = fd;
    for (size_t i = 0; i < PATTERN_SIZE; i += 8) {
        uint64_t number = number_for(i, 63);
        memcpy(load->pattern + i, &number, 8);
    }
    for (size_t i = 0; i < MAX_OPEN; i++)
        load->fds[i].fd = -1;
    for (unsigned i = 0; i < count; i++)
        load_target(load, &targets[i], i);
    free(load->samples);
    free(load);
    return EXIT_SUCCESS;
}

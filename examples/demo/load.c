/* The clients: keeps up to MAX_OPEN of them at work, and reports how far they are. */
#define _POSIX_C_SOURCE 200809L

#include "load.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPORT_NS (100 * MIO_NS_PER_MS)
#define STEP_MS 50 /* clients may have something to do although nothing happened */

static void send_report(struct load *load)
{
    load->reported_at = mio_now_ns();
    load->row.elapsed_ns = load->reported_at - load->began_at;
    const struct row row = load->row;
    if (write(load->report_fd, &row, sizeof row) != (ssize_t)sizeof row)
        _exit(EXIT_FAILURE); /* nobody is left to hear of it */
}

/* ---- One client ------------------------------------------------------------------------------ */

static void client_start(struct load *load, struct client *c)
{
    *c = (struct client){.state = CLIENT_TALKING, .number = load->started++, .in = -1, .out = -1};
    c->messages = message_count(c->number);
    load->protocol->start(load, c);
}

static void client_end(struct load *load, struct client *c)
{
    if (c->in >= 0)
        close(c->in);
    if (c->out >= 0 && c->out != c->in)
        close(c->out);
    c->state = CLIENT_FREE;
    load->ended++;
}

void client_done(struct load *load, struct client *c)
{
    load->row.connections++;
    client_end(load, c);
}

void client_fail(struct load *load, struct client *c, const char *what)
{
    row_error(&load->row, "connection %llu, message %u of %u: %s", (unsigned long long)c->number,
              c->message + 1, c->messages, what);
    client_end(load, c);
}

void client_answered(struct load *load, int64_t began_at, size_t size)
{
    load->samples[load->row.messages++] = mio_now_ns() - began_at;
    load->row.bytes += size;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static int wait_for_some(struct load *load)
{
    for (size_t i = 0; i < MAX_OPEN; i++) {
        const struct client *c = &load->clients[i];
        bool is_free = c->state == CLIENT_FREE;
        int in = is_free ? -1 : c->in, out = is_free || !c->wants_write ? -1 : c->out;
        load->fds[2 * i] = (struct pollfd){.fd = in, .events = POLLIN};
        load->fds[2 * i + 1] = (struct pollfd){.fd = out, .events = POLLOUT};
    }
    int count = poll(load->fds, 2 * MAX_OPEN, STEP_MS);
    if (count < 0 && errno != EINTR)
        row_error(&load->row, "poll: %s", strerror(errno));
    return count;
}

static void load_step(struct load *load)
{
    for (size_t i = 0; i < load->target->max_open && load->started < load->target->connections; i++)
        if (load->clients[i].state == CLIENT_FREE)
            client_start(load, &load->clients[i]);
    int count = wait_for_some(load);
    int64_t now = mio_now_ns();
    bool has_stalled = count <= 0 && now - load->moved_at > STALL_NS / 2;
    if (count > 0)
        load->moved_at = now;
    for (size_t i = 0; i < MAX_OPEN; i++) {
        struct client *c = &load->clients[i];
        if (c->state != CLIENT_FREE && has_stalled)
            client_fail(load, c, "no answer");
        else if (c->state != CLIENT_FREE)
            load->protocol->step(load, c, count > 0 && load->fds[2 * i].revents != 0,
                                 count > 0 && load->fds[2 * i + 1].revents != 0);
    }
    if (now - load->reported_at > REPORT_NS)
        send_report(load);
}

static void load_target(struct load *load, const struct target *target, unsigned index)
{
    load->target = target;
    load->protocol = target->transport == TRANSPORT_DATAGRAMS ? &volley_protocol : &talk_protocol;
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
            client_end(load, &load->clients[i]);
    load->row.state = ROW_DONE;
    load->row.elapsed_ns = mio_now_ns() - load->began_at;
    row_set_latency(&load->row, load->samples, (size_t)load->row.messages);
    send_report(load);
}

int load_run(const struct target *targets, unsigned count, int fd)
{
    struct load *load = calloc(1, sizeof *load);
    size_t most = 0;
    for (unsigned i = 0; i < count; i++) {
        most = targets[i].connections > most ? targets[i].connections : most;
        if (targets[i].pipes >= 0) /* passing them on may wait for the server */
            fcntl(targets[i].pipes, F_SETFL, 0);
    }
    if (load == NULL || (load->samples = calloc(most * MAX_MESSAGES + 1, sizeof(int64_t))) == NULL)
        return EXIT_FAILURE;
    signal(SIGPIPE, SIG_IGN);
    messages_init();
    load->report_fd = fd;
    for (unsigned i = 0; i < count; i++)
        load_target(load, &targets[i], i);
    free(load->samples);
    free(load);
    return EXIT_SUCCESS;
}

/* The clients: keeps up to MAX_OPEN of them at work, and reports how far they are. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#define REPORT_NS (100 * MIO_NS_PER_MS)
#define STEP_MS 50 /* clients may have something to do although nothing happened */

static void send_report(struct load *load)
{
    load->reported_at = mio_now_ns();
    load->row.elapsed_ns = load->reported_at - load->began_at;
    if (!load->report(&load->row))
        _Exit(EXIT_FAILURE); /* nobody is left to hear of it */
}

/* ---- One client ------------------------------------------------------------------------------ */

static void client_start(struct load *load, struct client *c)
{
    *c = (struct client){.state = CLIENT_TALKING, .number = load->started++};
    c->messages = message_count(c->number);
    int error = call_open(load->target, &c->in, &c->out);
    if (error < 0)
        client_fail(load, c, mio_strerror(error));
    else
        load->protocol->start(load, c);
}

static void client_end(struct load *load, struct client *c)
{
    if (c->in != MIO_FD_NONE)
        call_close(c->in);
    if (c->out != MIO_FD_NONE && c->out != c->in)
        call_close(c->out);
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
        load->looks[i].in = is_free ? MIO_FD_NONE : c->in;
        load->looks[i].out = is_free || !c->wants_write ? MIO_FD_NONE : c->out;
    }
    int count = call_wait(load->looks, MAX_OPEN, STEP_MS);
    if (count < 0 && count != -EINTR)
        row_error(&load->row, "poll: %s", mio_strerror(count));
    return count;
}

/* One that fails ends the round, as it can take seconds until the system says so. */
static void start_some(struct load *load)
{
    const uint64_t errors = load->row.errors;
    for (size_t i = 0; i < load->target->max_open && load->row.errors == errors; i++)
        if (load->clients[i].state == CLIENT_FREE && load->started < load->target->connections)
            client_start(load, &load->clients[i]);
}

static void load_step(struct load *load)
{
    start_some(load);
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
            load->protocol->step(load, c, load->looks[i].can_read, load->looks[i].can_write);
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

int load_run(const struct target *targets, unsigned count, bool (*report)(const struct row *row))
{
    struct load *load = calloc(1, sizeof *load);
    size_t most = 0;
    for (unsigned i = 0; i < count; i++)
        most = targets[i].connections > most ? targets[i].connections : most;
    if (load == NULL || (load->samples = calloc(most * MAX_MESSAGES + 1, sizeof(int64_t))) == NULL)
        return EXIT_FAILURE;
    messages_init();
    load->report = report;
    for (unsigned i = 0; i < count; i++)
        load_target(load, &targets[i], i);
    free(load->samples);
    free(load);
    return EXIT_SUCCESS;
}

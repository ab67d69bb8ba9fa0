/*
 * One client that sends datagrams. They, and their answers, can be lost where a queue is full, so
 * only a few are on their way at a time, and each is sent again when its answer does not come. A
 * message that was sent again may be answered twice. Every answer is compared, also the second one.
 */
#include "load.h"

#include <stdio.h>

#define REPEAT_NS (100 * MIO_NS_PER_MS) /* the first time; twice as long each time after that */
#define MAX_REPEATS 6                   /* of one datagram: it is given up after 12.7 s */

/* A datagram that the system does not take is as good as lost. A peer that is gone is an error. */
static void send_datagram(struct load *load, struct client *c, struct flight *flight)
{
    unsigned char buf[MAX_DATAGRAM];
    size_t size = datagram_for(c->number, flight->message, buf);
    flight->sent_at = mio_now_ns();
    ptrdiff_t n = call_write(c->out, buf, size);
    if (n < 0 && n != -EAGAIN && n != -ENOBUFS && n != -EINTR) {
        c->message = flight->message;
        client_fail(load, c, mio_strerror(n));
    }
}

static void send_new_ones(struct load *load, struct client *c)
{
    for (size_t i = 0; i < WINDOW && c->begun < c->messages && c->state == CLIENT_TALKING; i++) {
        struct flight *flight = &c->flights[i];
        if (flight->is_open)
            continue;
        *flight = (struct flight){.is_open = true, .message = c->begun++, .began_at = mio_now_ns()};
        send_datagram(load, c, flight);
    }
}

static void send_again(struct load *load, struct client *c)
{
    for (size_t i = 0; i < WINDOW && c->state == CLIENT_TALKING; i++) {
        struct flight *flight = &c->flights[i];
        if (!flight->is_open || mio_now_ns() - flight->sent_at < REPEAT_NS << flight->repeats)
            continue;
        if (flight->repeats == MAX_REPEATS) {
            c->message = flight->message;
            client_fail(load, c, "no answer");
            return;
        }
        flight->repeats++;
        load->row.repeats++;
        send_datagram(load, c, flight);
    }
}

static void compare(struct load *load, struct client *c, const unsigned char *buf, size_t size)
{
    unsigned char sent[MAX_DATAGRAM];
    char text[DIFFERENCE];
    long number = datagram_number(c->number, buf, size);
    if (number < 0 || number >= (long)c->begun) {
        client_fail(load, c, "an answer to what was never sent");
        return;
    }
    c->message = (unsigned)number;
    struct message expected = {sent, datagram_for(c->number, c->message, sent)};
    if (size != expected.size) {
        snprintf(text, sizeof text, "%zu bytes came back of %zu", size, expected.size);
        client_fail(load, c, text);
        return;
    }
    if (message_differs(text, buf, &expected, 0, size)) {
        client_fail(load, c, text);
        return;
    }
    for (size_t i = 0; i < WINDOW; i++) {
        struct flight *flight = &c->flights[i];
        if (flight->is_open && flight->message == c->message) {
            flight->is_open = false;
            c->answered++;
            client_answered(load, flight->began_at, size);
        }
    }
}

static void receive_all(struct load *load, struct client *c)
{
    unsigned char buf[MAX_DATAGRAM + 1]; /* room to notice one that is too long */
    while (c->state == CLIENT_TALKING) {
        ptrdiff_t n = call_read(c->in, buf, sizeof buf);
        if (n >= 0)
            compare(load, c, buf, (size_t)n);
        else if (n == -EAGAIN)
            return;
        else if (n != -EINTR)
            client_fail(load, c, mio_strerror(n));
    }
}

static void volley_step(struct load *load, struct client *c, bool can_read, bool can_write)
{
    (void)can_write; /* never waited for */
    if (can_read)
        receive_all(load, c);
    if (c->state == CLIENT_TALKING && c->answered == c->messages)
        client_done(load, c);
    send_new_ones(load, c);
    send_again(load, c);
}

const struct protocol volley_protocol = {send_new_ones, volley_step};

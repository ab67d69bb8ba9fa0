/*
 * One client on a stream: sends one message after the other, each when the one before has come back
 * as a whole. Then it says that it will send no more, and expects the same of the server.
 */
#include "load.h"

static void begin_message(struct client *c)
{
    c->sending = message_for(c->number, c->message);
    c->sent = c->received = 0;
    c->began_at = mio_now_ns();
}

static void talk_start(struct load *load, struct client *c)
{
    (void)load;
    begin_message(c);
    c->wants_write = true;
}

static void send_more(struct load *load, struct client *c)
{
    ptrdiff_t n = call_write(c->out, c->sending.bytes + c->sent, c->sending.size - c->sent);
    if (n > 0)
        c->sent += (size_t)n;
    else if (n < 0 && n != -EAGAIN && n != -EINTR)
        client_fail(load, c, mio_strerror(n));
}

/* Sends no more. A pipe has but one way to say so. */
static void end_sending(struct load *load, struct client *c)
{
    c->state = CLIENT_ENDING;
    if (c->in != c->out) {
        call_close(c->out);
        c->out = MIO_FD_NONE;
        return;
    }
    int error = call_shutdown(c->out);
    if (error < 0)
        client_fail(load, c, mio_strerror(error));
}

/* Compares what came. After the last byte of a message comes the next message, or the end. */
static void received(struct load *load, struct client *c, const unsigned char *buf, size_t n)
{
    char text[DIFFERENCE];
    if (n > c->sent - c->received) {
        client_fail(load, c, "more bytes came back than were sent");
        return;
    }
    if (message_differs(text, buf, &c->sending, c->received, n)) {
        client_fail(load, c, text);
        return;
    }
    c->received += n;
    if (c->received < c->sending.size)
        return;
    client_answered(load, c->began_at, c->sending.size);
    if (c->message + 1 == c->messages) {
        end_sending(load, c);
        return;
    }
    c->message++;
    begin_message(c);
}

static void receive(struct load *load, struct client *c)
{
    static unsigned char buf[65536];
    ptrdiff_t n = call_read(c->in, buf, sizeof buf);
    if (n < 0) {
        if (n != -EAGAIN && n != -EINTR)
            client_fail(load, c, mio_strerror(n));
    } else if (c->state == CLIENT_ENDING) {
        if (n > 0)
            client_fail(load, c, "bytes came after the last message");
        else
            client_done(load, c);
    } else if (n == 0) {
        client_fail(load, c, "closed by the server");
    } else {
        received(load, c, buf, (size_t)n);
    }
}

static void talk_step(struct load *load, struct client *c, bool can_read, bool can_write)
{
    if (!can_read && !can_write)
        return;
    if (can_read)
        receive(load, c);
    if (c->state == CLIENT_TALKING && c->sent < c->sending.size)
        send_more(load, c);
    c->wants_write = c->state == CLIENT_TALKING && c->sent < c->sending.size;
}

const struct protocol talk_protocol = {talk_start, talk_step};

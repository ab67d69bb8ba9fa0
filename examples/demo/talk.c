/*
 * One client on a stream: sends one message after the other, each when the one before has come back
 * as a whole. Then it says that it will send no more, and expects the same of the server.
 */
#define _POSIX_C_SOURCE 200809L

#include "load.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- Opening --------------------------------------------------------------------------------- */

/* Waits for the connection: it is the server that has to be quick. */
static bool open_socket(const struct target *target, struct client *c)
{
    c->in = c->out = socket(target->addr.ss_family, SOCK_STREAM, 0);
    return c->in >= 0 &&
           connect(c->in, (const struct sockaddr *)&target->addr, target->addr_length) == 0;
}

/* Makes two pipes and hands the server its ends of them. */
static bool open_pipes(const struct target *target, struct client *c)
{
    int there[2] = {-1, -1}, back[2] = {-1, -1};
    bool good = pipe(there) == 0 && pipe(back) == 0;
    if (good) {
        int error = pass_send(target->pipes, (const int[]){there[0], back[1]});
        good = error == 0;
        errno = -error;
    }
    int saved = errno;
    c->in = back[0];
    c->out = there[1];
    if (there[0] >= 0)
        close(there[0]);
    if (back[1] >= 0)
        close(back[1]);
    errno = saved;
    return good;
}

static void begin_message(struct client *c)
{
    c->sending = message_for(c->number, c->message);
    c->sent = c->received = 0;
    c->began_at = mio_now_ns();
}

static void talk_start(struct load *load, struct client *c)
{
    bool is_open = load->target->transport == TRANSPORT_PIPES ? open_pipes(load->target, c)
                                                              : open_socket(load->target, c);
    if (!is_open || fcntl(c->in, F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(c->out, F_SETFL, O_NONBLOCK) != 0) {
        client_fail(load, c, strerror(errno));
        return;
    }
    begin_message(c);
    c->wants_write = true;
}

/* ---- Talking --------------------------------------------------------------------------------- */

static void send_more(struct load *load, struct client *c)
{
    ssize_t n = write(c->out, c->sending.bytes + c->sent, c->sending.size - c->sent);
    if (n > 0)
        c->sent += (size_t)n;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        client_fail(load, c, strerror(errno));
}

/* Sends no more. A pipe has but one way to say so. */
static void end_sending(struct load *load, struct client *c)
{
    c->state = CLIENT_ENDING;
    if (c->in != c->out) {
        close(c->out);
        c->out = -1;
    } else if (shutdown(c->out, SHUT_WR) != 0) {
        client_fail(load, c, strerror(errno));
    }
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
    ssize_t n = read(c->in, buf, sizeof buf);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            client_fail(load, c, strerror(errno));
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

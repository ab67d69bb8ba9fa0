/*
 * The clients: a process of its own that knows nothing of mio but addresses, names of errors and
 * the clock. Every client sends some messages and compares what comes back with what it sent.
 */
#ifndef LOAD_H
#define LOAD_H

#include "demo.h"

#define MAX_MESSAGES 31 /* of one client */
#define WINDOW 2        /* datagrams of one client that wait for their answers */
#define DIFFERENCE 96   /* room for the text of message_differs */

/* ---- What is sent ---------------------------------------------------------------------------- */

struct message {
    const unsigned char *bytes;
    size_t size;
};

void messages_init(void);

/* How many messages this client sends: 1 to MAX_MESSAGES. */
unsigned message_count(uint64_t client);

/* 1 byte to 256 KiB. Which ones follows from the numbers, so each run is the same. */
struct message message_for(uint64_t client, unsigned message);

/*
 * Writes a datagram, up to MAX_DATAGRAM bytes, and returns its size. It begins with its numbers,
 * which datagram_number takes from an answer; -1: there are none of this client.
 */
size_t datagram_for(uint64_t client, unsigned message, unsigned char *buf);
long datagram_number(uint64_t client, const unsigned char *buf, size_t size);

/* Compares n bytes from an offset on with those that were sent, and says where they differ. */
bool message_differs(char text[DIFFERENCE], const unsigned char *got, const struct message *sent,
                     size_t offset, size_t n);

/* ---- Clients --------------------------------------------------------------------------------- */

enum client_state { CLIENT_FREE, CLIENT_TALKING, CLIENT_ENDING };

/* A datagram that waits for its answer. */
struct flight {
    bool is_open;
    unsigned message, repeats;
    int64_t began_at, sent_at;
};

struct client {
    enum client_state state;
    uint64_t number;
    mio_fd in, out;    /* the same descriptor but for pipes; MIO_FD_NONE: closed */
    bool wants_write;  /* tell it when there is room */
    unsigned messages; /* in all */
    unsigned message;  /* under way, or the last one that was looked at */

    /* on a stream */
    struct message sending;
    size_t sent, received;
    int64_t began_at;

    /* with datagrams */
    unsigned begun, answered;
    struct flight flights[WINDOW];
};

struct load;

/* How clients work once they are open: step goes on, also when there is nothing new. */
struct protocol {
    void (*start)(struct load *load, struct client *c);
    void (*step)(struct load *load, struct client *c, bool can_read, bool can_write);
};

extern const struct protocol talk_protocol, volley_protocol;

struct load {
    const struct target *target;
    const struct protocol *protocol;
    struct row row;
    struct client clients[MAX_OPEN];
    struct look looks[MAX_OPEN];
    uint64_t started, ended;
    int64_t began_at, reported_at, moved_at;
    int64_t *samples;
    bool (*report)(const struct row *row);
};

/* A client has ended: it was content, or it was not. */
void client_done(struct load *load, struct client *c);
void client_fail(struct load *load, struct client *c, const char *what);

/* A whole message has come back. */
void client_answered(struct load *load, int64_t began_at, size_t size);

#endif

/*
 * The server: an event loop with a door for each row of the table. Behind most doors there are
 * connections; datagrams come and go through the door itself.
 */
#ifndef SERVER_H
#define SERVER_H

#include "demo.h"

#define SERVER_BUFFER 65536
#define SERVER_SLOTS (MAX_OPEN + 16) /* some have ended for the clients, but not here yet */
#define SERVER_EVENTS 128

struct connection;
struct door;

/* The server behind a door. */
struct kind {
    mio_interest interest;                                   /* in the door */
    void (*serve)(struct server *server, struct door *door); /* an event of the door */
    int (*close_door)(struct door *door);

    /* The calls of its connections; accept opens one and says which sources it is made of. */
    int (*accept)(struct door *door, struct connection *c);
    ptrdiff_t (*read)(struct connection *c, void *buf, size_t len);
    ptrdiff_t (*write)(struct connection *c, const void *buf, size_t len);
    int (*close)(struct connection *c);
};

extern const struct kind tcp_kind, unix_kind, udp_kind;

/* All types of the library begin with their source. */
struct door {
    const struct kind *kind; /* NULL: this machine has none */
    union {
        struct mio_source source;
        struct mio_tcp_listener tcp;
        struct mio_unix_listener local;
        struct mio_unix_datagram pipes; /* each datagram brings a pair of pipes */
        struct mio_udp_socket udp;
    };
    uint32_t ready;           /* what events said and is not used up yet */
    bool paused;              /* connections wait there for a free slot */
    uint64_t accepted, bytes; /* connections (or datagrams), and what they sent */
};

struct connection {
    struct door *door; /* through which it came; NULL: never used */
    union {
        struct mio_tcp_stream tcp;
        struct mio_unix_stream local;
#if MIO_HAS_PIPES
        struct {
            struct mio_pipe_receiver receiver;
            struct mio_pipe_sender sender;
        } pipes;
#endif
    };
    struct mio_source *in, *out; /* in that union; the same one but for pipes */
    struct connection *next_free;
    uint32_t ready;    /* what events said and is not used up yet */
    size_t begin, end; /* the bytes of buf that wait to be sent */
    unsigned char buf[SERVER_BUFFER];
};

/* The one datagram that is on its way back. */
struct datagram {
    bool waits;
    struct mio_addr from;
    size_t size;
    unsigned char buf[MAX_DATAGRAM];
};

/* Tokens are small numbers: doors first, then the others, then connections. */
enum { TOKEN_WAKER = TARGETS, TOKEN_REPORT, TOKEN_CONNECTION };

struct server {
    struct mio_poll poll;
    struct door doors[TARGETS];
    struct datagram datagram;
    uint32_t report_ready; /* of the pipe that the clients write to */
    int64_t heard_at;      /* when the clients reported last */
    bool clients_ended, wakes_ended;
    struct wakes wakes;
    struct mio_event events[SERVER_EVENTS];
    size_t event_count; /* in this batch */
    struct connection *free;
    enum sabotage sabotage;
    unsigned sabotage_row;
    char failure[160]; /* the first one */
    struct row rows[TARGETS];
    uint64_t wake_events;
    struct mio_counters counters;
    const char *backend;
    struct connection connections[SERVER_SLOTS];
};

/*
 * Serves until the clients have ended and reports their progress. Returns false when something went
 * wrong: server->failure says what.
 */
bool server_run(struct server *server);

/* Whether a result is no error. The first error is the failure of the server. */
bool server_check(struct server *server, const char *what, ptrdiff_t result);

/* Whether it is time to break this at that door, which is so once at most. */
bool server_sabotages(struct server *server, enum sabotage what, const struct door *door);

/* Whether it is time to break the door itself: closes it then. */
bool server_refuses(struct server *server, struct door *door);

mio_token server_door_token(const struct server *server, const struct door *door);

/* Accepts the clients at a door: the serve function of all kinds that have connections. */
void echo_accept(struct server *server, struct door *door);

/* Goes on with a connection that was reported. */
void echo_serve(struct server *server, struct connection *c);

#endif

/*
 * udp_batch: a relay. Datagrams to its port go on to another address, and those that come back from
 * there go to the client that was heard last. It shows batches: up to 32 trains of datagrams in a
 * system call, received coalesced and sent on as they came, with their bits of ECN; how an entry
 * that finds no room waits for it; and that an error costs one entry, and not the relay.
 *
 * Try it:  ./udp_server 7778
 *          ./udp_batch 7777 127.0.0.1:7778     (port and target; port 0: the system chooses one)
 *          nc -u 127.0.0.1 7777                type lines; they come back through the relay
 */
#include <mio.h>
#include <stdio.h>
#include <stdlib.h>

#define ENTRIES 32
#define ENTRY_SIZE 65536 /* a coalesced train of datagrams is as long as one can be */
#define MAX_TURNS 16     /* batches of one direction before the other one has its turn */
#define PAUSE_NS (100 * MIO_NS_PER_MS)

enum { FRONT, BACK }; /* towards the clients, towards the target; tokens, too */

struct side {
    struct mio_udp_socket socket;
    uint32_t ready;
};

/* From one side to the other: entries from first on are still to be sent. */
struct direction {
    struct side *from, *to;
    struct mio_datagram entries[ENTRIES];
    struct mio_addr senders[ENTRIES];
    int first, count;
    unsigned char *memory;
};

struct relay {
    struct mio_poll poll;
    struct side sides[2];
    struct direction out, in; /* from the clients, to the clients */
    struct mio_addr client;   /* that was heard last */
    bool failing;             /* receiving fails: come again after a pause */
};

static void check(const char *what, ptrdiff_t result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "udp_batch: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* ---- One direction --------------------------------------------------------------------------- */

static void direction_init(struct direction *direction, struct side *from, struct side *to)
{
    direction->from = from;
    direction->to = to;
    direction->memory = malloc((size_t)ENTRIES * ENTRY_SIZE);
    if (!direction->memory)
        check("memory", -ENOMEM);
}

/* Whether entries came. Each call sets all fields anew, but for places and their sizes. */
static bool receive(struct relay *relay, struct direction *direction)
{
    for (int i = 0; i < ENTRIES; i++) {
        struct mio_datagram *entry = &direction->entries[i];
        entry->buf = direction->memory + (size_t)i * ENTRY_SIZE;
        entry->capacity = ENTRY_SIZE;
        entry->addr = &direction->senders[i];
    }
    int n = mio_udp_socket_recv_batch(&direction->from->socket, direction->entries, ENTRIES);
    mio_ready_after(&direction->from->ready, MIO_READABLE, n, 0);
    direction->first = 0;
    direction->count = n > 0 ? n : 0;
    if (n < 0 && n != -EAGAIN && n != -ECONNREFUSED) /* a target that is not there may come back */
        relay->failing = true;
    return n > 0;
}

/* Where the entries go to: on the way out to the connected target, on the way in to a client. */
static void address(struct relay *relay, struct direction *direction)
{
    bool is_out = direction == &relay->out;
    if (is_out)
        relay->client = direction->senders[direction->count - 1];
    for (int i = 0; i < direction->count; i++)
        direction->entries[i].addr = is_out ? NULL : &relay->client;
    if (mio_addr_family(&relay->client) == MIO_ADDR_NONE)
        direction->count = 0; /* nobody has asked yet */
}

/* Whether all entries are sent, or given up. */
static bool send_on(struct direction *direction)
{
    while (direction->first < direction->count) {
        int n =
            mio_udp_socket_send_batch(&direction->to->socket, &direction->entries[direction->first],
                                      (size_t)(direction->count - direction->first));
        mio_ready_after(&direction->to->ready, MIO_WRITABLE, n, 0);
        if (n == -EAGAIN)
            return false;
        direction->first += n > 0 ? n : 1; /* an entry that cannot be sent is lost */
    }
    return true;
}

/* Whether there is more to do that no event will tell of. */
static bool pump(struct relay *relay, struct direction *direction)
{
    for (int turn = 0; turn < MAX_TURNS; turn++) {
        if (direction->first < direction->count && !(direction->to->ready & MIO_WRITABLE))
            return false;
        if (!send_on(direction) || !(direction->from->ready & MIO_READABLE) || relay->failing)
            return false;
        if (receive(relay, direction))
            address(relay, direction);
    }
    return true;
}

/* ---- The relay ------------------------------------------------------------------------------- */

static void side_open(struct relay *relay, int number, const struct mio_addr *addr)
{
    const struct mio_datagram_options options = {.report = MIO_DATAGRAM_SEGMENTS};
    struct side *side = &relay->sides[number];
    check("bind", mio_udp_socket_bind_with(&side->socket, addr, &options));
    if (mio_udp_socket_features(&side->socket) & (int)MIO_DATAGRAM_ECN)
        check("report",
              mio_udp_socket_set_report(&side->socket, MIO_DATAGRAM_SEGMENTS | MIO_DATAGRAM_ECN));
    check("register", mio_register(mio_poll_registry(&relay->poll), &side->socket.source,
                                   (mio_token)number, MIO_READABLE | MIO_WRITABLE));
}

static void relay_open(struct relay *relay, const char *port, const char *target)
{
    char text[MIO_ADDR_TEXT];
    struct mio_addr front, back, to;
    snprintf(text, sizeof text, "127.0.0.1:%s", port);
    if (mio_addr_parse(&front, text) < 0 || mio_addr_parse(&to, target) < 0 ||
        mio_addr_parse(&back, mio_addr_family(&to) == MIO_ADDR_IPV6 ? "[::]:0" : "0.0.0.0:0") < 0) {
        fprintf(stderr, "udp_batch: PORT is a number from 0 to 65535, TARGET an address as "
                        "127.0.0.1:7778\n");
        exit(EXIT_FAILURE);
    }
    check("poll", mio_poll_init(&relay->poll));
    side_open(relay, FRONT, &front);
    side_open(relay, BACK, &back);
    check("connect", mio_udp_socket_connect(&relay->sides[BACK].socket, &to));
    direction_init(&relay->out, &relay->sides[FRONT], &relay->sides[BACK]);
    direction_init(&relay->in, &relay->sides[BACK], &relay->sides[FRONT]);
    check("address", mio_udp_socket_local_addr(&relay->sides[FRONT].socket, &front));
    check("address", mio_addr_format(&front, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct relay relay;
    struct mio_event events[2];
    bool more = false;
    if (argc != 3) {
        fprintf(stderr, "usage: udp_batch PORT TARGET\n");
        return EXIT_FAILURE;
    }
    relay_open(&relay, argv[1], argv[2]);
    for (;;) {
        int64_t timeout = more ? 0 : relay.failing ? PAUSE_NS : MIO_FOREVER;
        int n = mio_poll_wait(&relay.poll, events, 2, timeout);
        if (n != -EINTR)
            check("wait", n);
        for (int i = 0; i < n; i++)
            relay.sides[events[i].token].ready |= events[i].readiness;
        relay.failing = false;
        more = pump(&relay, &relay.out);
        more |= pump(&relay, &relay.in);
    }
}

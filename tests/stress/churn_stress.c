/*
 * Thousands of sockets that come and go. Two threads own half of them each: they register, change,
 * deregister and close them, open others with the numbers of those, and follow what they send to
 * themselves until it is told. A third thread waits all the time, and touches no socket, for its
 * owner may close it. Nothing that was sent may stay untold, and a registration that has ended is
 * told by no wait that begins later. A table is not the same with one socket as with thousands: its
 * places are taken over while the answers for their former owners are on the way.
 */
#include "plain.h"
#include "stress.h"
#include "system.h"

#include <stdatomic.h>

enum { OWNERS = 2, CELLS_EACH = 1000, CELLS = OWNERS * CELLS_EACH, BATCH = 24, CAPACITY = 64 };
enum { PLACE_BITS = 12, WAKER_PLACE = CELLS };
_Static_assert(WAKER_PLACE < 1 << PLACE_BITS, "a token has room for a place");

struct cell {
    struct mio_udp_socket socket; /* connected with itself */
    unsigned place;
    uint32_t generation; /* of its registration */
    unsigned told_before;
    bool is_edge; /* so a receive that would block arms it again */
    /* Between the owner and the waiter. */
    atomic_uint told;
    atomic_uint retired;
    atomic_uint retired_in; /* the wait that may still report what was retired */
};

struct owner {
    struct thread thread;
    struct cell *cells;
    unsigned count;
    uint32_t random;
    unsigned long changes, sent;
};

static struct {
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_addr any;
    struct cell cells[CELLS];
    struct owner owners[OWNERS];
    atomic_uint wait; /* the number of the wait that runs, or ran last */
    atomic_bool done;
} s;

/* ---- Cells ----------------------------------------------------------------------------------- */

static bool open_socket(struct cell *cell)
{
    struct mio_addr addr;
    return mio_udp_socket_bind(&cell->socket, &s.any) == 0 &&
           mio_udp_socket_local_addr(&cell->socket, &addr) == 0 &&
           mio_udp_socket_connect(&cell->socket, &addr) == 0;
}

static mio_token token_of(const struct cell *cell)
{
    return (mio_token)cell->generation << PLACE_BITS | cell->place;
}

/* Waits that begin from now on do not report the generation that has ended. */
static void retire(struct cell *cell, uint32_t generation)
{
    atomic_store(&cell->retired_in, atomic_load(&s.wait));
    atomic_store(&cell->retired, generation);
}

static mio_interest random_interest(struct owner *owner, struct cell *cell)
{
    static const mio_interest modes[] = {MIO_EDGE, MIO_EDGE, MIO_EDGE | MIO_ONESHOT,
                                         MIO_LEVEL | MIO_ONESHOT};
    mio_interest mode = modes[stress_random(&owner->random, 4)];
    cell->is_edge = mode == MIO_EDGE;
    return MIO_READABLE | mode;
}

static void add(struct owner *owner, struct cell *cell)
{
    mio_interest interest = random_interest(owner, cell);
    cell->generation++;
    int result =
        mio_register(mio_poll_registry(&s.poll), &cell->socket.source, token_of(cell), interest);
    stress_require(result == 0, "register failed");
}

static void change(struct owner *owner, struct cell *cell)
{
    mio_interest interest = random_interest(owner, cell);
    uint32_t before = cell->generation++;
    int result =
        mio_reregister(mio_poll_registry(&s.poll), &cell->socket.source, token_of(cell), interest);
    stress_require(result == 0, "reregister failed");
    retire(cell, before);
}

static void take_out(struct cell *cell)
{
    stress_require(mio_deregister(mio_poll_registry(&s.poll), &cell->socket.source) == 0,
                   "deregister failed");
    retire(cell, cell->generation);
}

/* Closed while it is registered: the library takes it out first. */
static void replace(struct owner *owner, struct cell *cell)
{
    bool was_registered = mio_source_is_registered(&cell->socket.source);
    stress_require(mio_udp_socket_close(&cell->socket) == 0, "a socket does not close");
    if (was_registered)
        retire(cell, cell->generation);
    stress_require(open_socket(cell), "a socket does not open");
    add(owner, cell);
}

/* ---- Owners ---------------------------------------------------------------------------------- */

static void churn_one(struct owner *owner)
{
    struct cell *cell = &owner->cells[stress_random(&owner->random, owner->count)];
    owner->changes++;
    if (!mio_source_is_registered(&cell->socket.source)) {
        add(owner, cell);
        return;
    }
    switch (stress_random(&owner->random, 4)) {
    case 0:
        take_out(cell);
        break;
    case 1:
        replace(owner, cell);
        break;
    default:
        change(owner, cell);
    }
}

/* Whether something was there. */
static bool drain(struct cell *cell)
{
    char buf[16];
    ptrdiff_t n, count = 0;
    while ((n = mio_udp_socket_recv(&cell->socket, buf, sizeof buf)) > 0)
        count++;
    stress_require(n == -EAGAIN, "a receive failed");
    return count > 0;
}

static void send_to(struct owner *owner, struct cell *cell)
{
    cell->told_before = atomic_load(&cell->told);
    drain(cell);
    if (!cell->is_edge || stress_random(&owner->random, 2))
        change(owner, cell); /* a report may have disarmed it */
    stress_require(mio_udp_socket_send(&cell->socket, "x", 1) == 1, "a send failed");
    owner->sent++;
}

/* Until an event comes after which it is there. One may come before, for what was there earlier. */
static void follow(struct owner *owner, struct cell *cell)
{
    for (;;) {
        struct stress_patience patience = {.spins = 100};
        while (atomic_load(&cell->told) == cell->told_before)
            if (!stress_go_on(&patience, "what a socket was sent is not told"))
                return;
        cell->told_before = atomic_load(&cell->told);
        if (drain(cell) || stress_has_failed())
            return;
        if (!cell->is_edge)
            change(owner, cell);
    }
}

static void send_and_follow(struct owner *owner)
{
    struct cell *batch[BATCH];
    unsigned count = 0;
    uint32_t first = stress_random(&owner->random, owner->count);
    for (unsigned i = 0; i < BATCH && i < owner->count; i++) {
        struct cell *cell = &owner->cells[(first + i) % owner->count];
        if (!mio_source_is_registered(&cell->socket.source))
            continue;
        send_to(owner, cell);
        batch[count++] = cell;
    }
    for (unsigned i = 0; i < count && !stress_has_failed(); i++)
        follow(owner, batch[i]);
}

static void *run_owner(void *arg)
{
    struct owner *owner = arg;
    unsigned long least = (unsigned long)test_scaled(2 * (long)owner->count);
    while ((owner->changes < least || !stress_is_enough()) && !stress_has_failed()) {
        for (unsigned i = 0; i < 2 * BATCH; i++)
            churn_one(owner);
        send_and_follow(owner);
    }
    for (unsigned i = 0; i < owner->count; i++)
        stress_require(mio_udp_socket_close(&owner->cells[i].socket) == 0, "the last close failed");
    return NULL;
}

/* ---- The waiter ------------------------------------------------------------------------------ */

static void handle(const struct mio_event *event, unsigned wait)
{
    unsigned place = (unsigned)(event->token & ((1u << PLACE_BITS) - 1));
    uint32_t generation = (uint32_t)(event->token >> PLACE_BITS);
    stress_require((event->readiness & MIO_READABLE) != 0, "an event is not readable");
    if (place == WAKER_PLACE)
        return;
    struct cell *cell = &s.cells[place];
    /* In this order a thread that retires the next generation meanwhile is never accused. */
    if (generation <= atomic_load(&cell->retired))
        stress_require(wait <= atomic_load(&cell->retired_in), "a retired token was reported");
    atomic_fetch_add(&cell->told, 1);
}

static void *run_waiter(void *arg)
{
    struct mio_event events[CAPACITY];
    (void)arg;
    while (!atomic_load(&s.done)) {
        unsigned wait = atomic_fetch_add(&s.wait, 1) + 1;
        int n = mio_poll_wait(&s.poll, events, CAPACITY, MIO_FOREVER);
        stress_require(n > 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++)
            handle(&events[i], wait);
    }
    return NULL;
}

/* ---- Many sockets ---------------------------------------------------------------------------- */

static void set_up(unsigned cells)
{
    atomic_store(&s.done, false);
    atomic_store(&s.wait, 0);
    CHECK_EQ(mio_addr_parse(&s.any, "127.0.0.1:0"), 0);
    test_poll_init(&s.poll);
    CHECK_EQ(mio_waker_init(&s.waker, mio_poll_registry(&s.poll), WAKER_PLACE), 0);
    for (unsigned i = 0; i < cells; i++) {
        s.cells[i] = (struct cell){.place = i};
        CHECK(open_socket(&s.cells[i]));
    }
    for (unsigned i = 0; i < OWNERS; i++)
        s.owners[i] = (struct owner){
            .cells = &s.cells[i * (cells / OWNERS)], .count = cells / OWNERS, .random = i + 1};
    for (unsigned i = 0; i < cells; i++)
        add(&s.owners[0], &s.cells[i]);
}

static void run(unsigned cells)
{
    struct thread waiter;
    set_up(cells);
    stress_begin();
    thread_start(&waiter, run_waiter, NULL);
    for (unsigned i = 0; i < OWNERS; i++)
        thread_start(&s.owners[i].thread, run_owner, &s.owners[i]);
    for (unsigned i = 0; i < OWNERS; i++)
        thread_join(&s.owners[i].thread);
    atomic_store(&s.done, true);
    CHECK_EQ(mio_waker_wake(&s.waker), 0);
    thread_join(&waiter);
    test_note("%u sockets, %lu changes, %lu datagrams, %u waits", cells,
              s.owners[0].changes + s.owners[1].changes, s.owners[0].sent + s.owners[1].sent,
              atomic_load(&s.wait));
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    /* With answers for all those sockets still under way, where the backend has such. */
    CHECK_EQ(mio_poll_close(&s.poll), 0);
    stress_end();
}

static void thousands(void)
{
    enum { OTHERS = 32 };
    unsigned room = (unsigned)descriptors_raise(CELLS + OTHERS);
    CHECK(room > OTHERS + 2 * BATCH);
    run(room - OTHERS < CELLS ? room - OTHERS : CELLS);
}

static void thousands_of_sockets_churn_beside_a_waiter(void)
{
    if (child_is_possible())
        test_in_child(thousands); /* for the limit of descriptors */
    else
        thousands();
}

/* Hardly more sockets than threads: the same places are taken over again and again. */
static void few_sockets_churn_beside_a_waiter(void)
{
    run(OWNERS * 3);
}

/* ---- Threads that end ------------------------------------------------------------------------ */

enum { LEFT = 40 };

/* Its registrations must not end with it. */
static void *register_and_end(void *arg)
{
    for (unsigned i = 0; i < LEFT; i++) {
        int result = mio_register(arg, &s.cells[i].socket.source, i, MIO_READABLE);
        stress_require(result == 0, "a registration failed");
        stress_require(!drain(&s.cells[i]), "there is something to receive");
    }
    return NULL;
}

static void check_all_are_told(void)
{
    for (unsigned i = 0; i < LEFT; i++) {
        s.cells[i].told_before = atomic_load(&s.cells[i].told);
        CHECK_EQ(mio_udp_socket_send(&s.cells[i].socket, "x", 1), 1);
    }
    for (unsigned i = 0; i < LEFT; i++) {
        struct stress_patience patience = {.spins = 100};
        while (atomic_load(&s.cells[i].told) == s.cells[i].told_before &&
               stress_go_on(&patience, "what a thread had registered is not told"))
            continue;
        drain(&s.cells[i]);
        CHECK_EQ(mio_deregister(mio_poll_registry(&s.poll), &s.cells[i].socket.source), 0);
    }
}

static void threads_that_register_and_end_leave_their_registrations(void)
{
    struct thread waiter, registrar;
    CHECK_EQ(mio_addr_parse(&s.any, "127.0.0.1:0"), 0);
    stress_begin();
    atomic_store(&s.done, false);
    atomic_store(&s.wait, 0);
    test_poll_init(&s.poll);
    CHECK_EQ(mio_waker_init(&s.waker, mio_poll_registry(&s.poll), WAKER_PLACE), 0);
    for (unsigned i = 0; i < LEFT; i++) {
        s.cells[i] = (struct cell){.place = i};
        CHECK(open_socket(&s.cells[i]));
        atomic_store(&s.cells[i].retired, UINT32_MAX); /* no generation is looked at */
        atomic_store(&s.cells[i].retired_in, UINT32_MAX);
    }
    thread_start(&waiter, run_waiter, NULL);
    for (long left = test_scaled(50); left > 0 && !stress_has_failed(); left--) {
        thread_start(&registrar, register_and_end, mio_poll_registry(&s.poll));
        thread_join(&registrar);
        check_all_are_told();
    }
    atomic_store(&s.done, true);
    CHECK_EQ(mio_waker_wake(&s.waker), 0);
    thread_join(&waiter);
    for (unsigned i = 0; i < LEFT; i++)
        CHECK_EQ(mio_udp_socket_close(&s.cells[i].socket), 0);
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    CHECK_EQ(mio_poll_close(&s.poll), 0);
    stress_end();
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"thousands_of_sockets_churn_beside_a_waiter", thousands_of_sockets_churn_beside_a_waiter,
         0},
        {"few_sockets_churn_beside_a_waiter", few_sockets_churn_beside_a_waiter, 0},
        {"threads_that_register_and_end_leave_their_registrations",
         threads_that_register_and_end_leave_their_registrations, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite suite = {"churn", cases};
    return test_main(argc, argv, (const struct test_suite *const[]){&suite, NULL});
}

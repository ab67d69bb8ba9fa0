/*
 * The end of a token. Threads register, and deregister, reregister or close, while another thread
 * waits without pause. Each registration has a token of its own, made of the thread and a
 * generation. When a call has ended one, the thread notes the number of the wait that runs: that
 * one may still return it, a later one must not.
 *     Some registrations are quiet: nothing ever makes them ready. Where descriptors are closed and
 * their numbers used again, an event that was meant for a former owner would show on them.
 */
#define _GNU_SOURCE 1
#include "race.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { OWNERS = 3, HISTORY = 64, CAPACITY = 4, NUMBERS = 256 };
enum { OWNER_BITS = 3, QUIET = 1u << OWNER_BITS, GENERATION_SHIFT = OWNER_BITS + 1 };
enum { TOKEN_WAKER = OWNERS };

/* The work of one thread. */
struct owner {
    pthread_t thread;
    mio_token number;
    uint32_t random;
    uint32_t generation;
    atomic_uint reported;            /* the newest generation that was */
    _Atomic uint64_t ended[HISTORY]; /* the last ones: generation, and the wait that ran then */
};

static struct {
    struct mio_poll poll;
    struct mio_waker waker;
    struct owner owners[OWNERS];
    void (*try)(struct owner *owner);
    long tries;
    atomic_long made; /* tokens that have ended */
    atomic_uint wait; /* the number of the wait that runs, or ran last */
    atomic_ulong events, reused;
    atomic_uchar users[NUMBERS]; /* of descriptors: who had the number last, from 1 */
    bool sleepy;                 /* all waits are without end */
    atomic_bool done;
} s;

/* ---- Registrations --------------------------------------------------------------------------- */

static mio_token next_token(struct owner *owner, bool quiet)
{
    return (mio_token)++owner->generation << GENERATION_SHIFT | (quiet ? QUIET : 0) | owner->number;
}

static void note_end(struct owner *owner, uint32_t generation)
{
    atomic_store(&owner->ended[generation % HISTORY],
                 (uint64_t)generation << 32 | atomic_load(&s.wait));
    atomic_fetch_add(&s.made, 1);
}

static void follow(struct owner *owner)
{
    struct stress_patience patience = {.spins = 100};
    while (atomic_load(&owner->reported) < owner->generation &&
           stress_go_on(&patience, "a source that is ready is not reported"))
        continue;
}

/* Long enough to meet the other threads at every point of their ways. */
static void dawdle(struct owner *owner)
{
    uint32_t turns = stress_random(&owner->random, stress_random(&owner->random, 8) ? 200 : 5000);
    while (turns-- > 0)
        atomic_signal_fence(memory_order_seq_cst);
}

/* Lets another thread have the number that was freed. */
static void give_way(struct owner *owner)
{
    if (stress_random(&owner->random, 4) == 0)
        sched_yield();
}

static mio_interest random_mode(struct owner *owner)
{
    static const mio_interest modes[] = {MIO_EDGE, MIO_LEVEL, MIO_ONESHOT, MIO_LEVEL | MIO_ONESHOT};
    return modes[stress_random(&owner->random, 4)];
}

static void check_event(const struct mio_event *event, unsigned wait)
{
    mio_token number = event->token & (QUIET - 1);
    uint32_t generation = (uint32_t)(event->token >> GENERATION_SHIFT);
    if (number == TOKEN_WAKER)
        return;
    struct owner *owner = &s.owners[number];
    uint64_t ended = atomic_load(&owner->ended[generation % HISTORY]);
    stress_require((event->token & QUIET) == 0, "a source that was never ready was reported");
    if (ended >> 32 == generation)
        stress_require(wait <= (uint32_t)ended, "a token was reported after its end");
    if (generation > atomic_load(&owner->reported))
        atomic_store(&owner->reported, generation);
    atomic_fetch_add(&s.events, 1);
}

static void *run_waiter(void *arg)
{
    struct mio_event events[CAPACITY];
    uint32_t random = 9;
    (void)arg;
    while (!atomic_load(&s.done)) {
        unsigned wait = atomic_fetch_add(&s.wait, 1) + 1;
        int n = mio_poll_wait(&s.poll, events, 1 + stress_random(&random, CAPACITY),
                              s.sleepy || stress_random(&random, 2) ? MIO_FOREVER : 0);
        stress_require(n >= 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++)
            check_event(&events[i], wait);
    }
    return NULL;
}

static void *run_owner(void *arg)
{
    struct owner *owner = arg;
    long made = 0;
    while (made < s.tries && !stress_has_failed() && (race_tries || !stress_is_enough())) {
        s.try(owner);
        made++;
    }
    return NULL;
}

static void run(void (*try)(struct owner *owner), long tries, bool sleepy)
{
    pthread_t waiter;
    const unsigned owners = sleepy ? 1 : OWNERS;
    memset(&s, 0, sizeof s);
    s.try = try;
    s.sleepy = sleepy;
    s.tries = race_tries ? race_tries : test_scaled(tries);
    if (race_tries)
        alarm(0); /* the harness's limit is for runs that end by themselves */
    test_poll_init(&s.poll);
    CHECK_EQ(mio_waker_init(&s.waker, mio_poll_registry(&s.poll), TOKEN_WAKER), 0);
    stress_begin();
    CHECK_EQ(pthread_create(&waiter, NULL, run_waiter, NULL), 0);
    for (unsigned i = 0; i < owners; i++) {
        s.owners[i].number = i;
        s.owners[i].random = i + 1;
        CHECK_EQ(pthread_create(&s.owners[i].thread, NULL, run_owner, &s.owners[i]), 0);
    }
    for (unsigned i = 0; i < owners; i++)
        pthread_join(s.owners[i].thread, NULL);
    atomic_store(&s.done, true);
    CHECK_EQ(mio_waker_wake(&s.waker), 0);
    pthread_join(waiter, NULL);
    test_note("%ld tokens ended, %u waits, %lu events, %lu numbers used again by another thread",
              atomic_load(&s.made), atomic_load(&s.wait), atomic_load(&s.events),
              atomic_load(&s.reused));
    stress_end();
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    CHECK_EQ(mio_poll_close(&s.poll), 0); /* so all registrations have ended */
}

/* ---- Deregistering and reregistering --------------------------------------------------------- */

static int open_ready(struct mio_source *source)
{
    int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    stress_require(fd >= 0 && mio_source_init_fd(source, fd) == 0, "no eventfd");
    return fd;
}

static void try_to_deregister(struct owner *owner)
{
    struct mio_source source;
    struct mio_registry *registry = mio_poll_registry(&s.poll);
    int fd = open_ready(&source);
    for (int left = 16; left > 0; left--) {
        mio_token token = next_token(owner, false);
        stress_require(mio_register(registry, &source, token, MIO_READABLE | random_mode(owner)) ==
                           0,
                       "register failed");
        if (stress_random(&owner->random, 16) == 0)
            follow(owner);
        dawdle(owner);
        stress_require(mio_deregister(registry, &source) == 0, "deregister failed");
        note_end(owner, owner->generation);
    }
    close(fd);
}

void deregistering_during_waits_ends_the_token(void)
{
    run(try_to_deregister, 150, false);
    CHECK(atomic_load(&s.events) > 0);
}

static void try_to_reregister(struct owner *owner)
{
    struct mio_source source;
    struct mio_registry *registry = mio_poll_registry(&s.poll);
    int fd = open_ready(&source);
    stress_require(mio_register(registry, &source, next_token(owner, false), MIO_READABLE) == 0,
                   "register failed");
    for (int left = 16; left > 0; left--) {
        dawdle(owner);
        uint32_t old = owner->generation;
        /* Half of them ask for a direction more, which is ready as well. */
        mio_interest interest = MIO_READABLE | (left % 2 ? MIO_WRITABLE : 0) | random_mode(owner);
        stress_require(mio_reregister(registry, &source, next_token(owner, false), interest) == 0,
                       "reregister failed");
        note_end(owner, old);
        if (stress_random(&owner->random, 8) == 0)
            follow(owner);
    }
    stress_require(mio_deregister(registry, &source) == 0, "deregister failed");
    note_end(owner, owner->generation);
    close(fd);
}

void reregistering_during_waits_ends_the_old_token(void)
{
    run(try_to_reregister, 150, false);
    CHECK(atomic_load(&s.events) > 0);
}

/* ---- Closing, and numbers that are used again ------------------------------------------------ */

static void note_number(struct owner *owner, int fd)
{
    if (fd < 0 || fd >= NUMBERS)
        return;
    unsigned char before = atomic_exchange(&s.users[fd], (unsigned char)(owner->number + 1));
    if (before != 0 && before != owner->number + 1)
        atomic_fetch_add(&s.reused, 1);
}

/* Loud ones become ready before they are registered, or after. */
static void try_pipe(struct owner *owner, bool quiet)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    bool early = stress_random(&owner->random, 2) == 0;
    stress_require(mio_pipe_pair(&sender, &receiver) == 0, "no pipe");
    note_number(owner, mio_source_fd(&receiver.source));
    if (!quiet && early)
        stress_require(mio_pipe_sender_write(&sender, "x", 1) == 1, "a pipe takes nothing");
    stress_require(mio_register(mio_poll_registry(&s.poll), &receiver.source,
                                next_token(owner, quiet), MIO_READABLE | random_mode(owner)) == 0,
                   "register failed");
    if (!quiet && !early)
        stress_require(mio_pipe_sender_write(&sender, "x", 1) == 1, "a pipe takes nothing");
    if (!quiet && stress_random(&owner->random, 16) == 0)
        follow(owner);
    dawdle(owner);
    stress_require(mio_pipe_receiver_close(&receiver) == 0, "a receiver does not close");
    note_end(owner, owner->generation);
    give_way(owner);
    stress_require(mio_pipe_sender_close(&sender) == 0, "a sender does not close");
}

#ifndef MIO_NO_NET
static void try_unix(struct owner *owner, bool quiet)
{
    struct mio_unix_stream a, b;
    stress_require(mio_unix_stream_pair(&a, &b) == 0, "no streams");
    note_number(owner, mio_source_fd(&a.source));
    mio_interest interest = MIO_READABLE | random_mode(owner);
    /* Those that can be written are ready at once. */
    if (!quiet && stress_random(&owner->random, 2) == 0)
        interest |= MIO_WRITABLE;
    stress_require(mio_register(mio_poll_registry(&s.poll), &a.source, next_token(owner, quiet),
                                interest) == 0,
                   "register failed");
    if (!quiet)
        stress_require(mio_unix_stream_write(&b, "x", 1) == 1, "a stream takes nothing");
    dawdle(owner);
    stress_require(mio_unix_stream_close(&a) == 0, "a stream does not close");
    note_end(owner, owner->generation);
    give_way(owner);
    stress_require(mio_unix_stream_close(&b) == 0, "a stream does not close");
}
#endif

static void try_to_close(struct owner *owner)
{
    bool quiet = stress_random(&owner->random, 2) == 0;
#ifndef MIO_NO_NET
    if (stress_random(&owner->random, 2) == 0) {
        try_unix(owner, quiet);
        return;
    }
#endif
    try_pipe(owner, quiet);
}

void closing_during_waits_ends_the_token_though_the_number_is_used_again(void)
{
    run(try_to_close, 8000, false);
    CHECK(atomic_load(&s.events) > 0);
    CHECK(atomic_load(&s.reused) > 0);
}

/*
 * While a wait sleeps the kernel may hold on to what it looks at, so that a close is not done: the
 * peer would not know of it until something else ends the wait.
 */
static void try_to_tell_the_peer(struct owner *owner)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    struct stress_patience patience = {.spins = 100};
    stress_require(mio_pipe_pair(&sender, &receiver) == 0, "no pipe");
    stress_require(mio_register(mio_poll_registry(&s.poll), &receiver.source,
                                next_token(owner, true), MIO_READABLE) == 0,
                   "register failed");
    /* Nothing is ever ready, and there is no other thread, so the waiter sleeps. */
    stress_pause_us(stress_random(&owner->random, 200));
    stress_require(mio_pipe_receiver_close(&receiver) == 0, "a receiver does not close");
    note_end(owner, owner->generation);
    /* No operation on the pipe, for that might end the wait. */
    struct pollfd peer = {.fd = mio_source_fd(&sender.source), .events = POLLOUT};
    while (poll(&peer, 1, 0) >= 0 && !(peer.revents & POLLERR) &&
           stress_go_on(&patience, "the peer does not know of a close"))
        continue;
    stress_require(mio_pipe_sender_close(&sender) == 0, "a sender does not close");
}

void closing_during_a_wait_that_sleeps_is_told_to_the_peer(void)
{
    run(try_to_tell_the_peer, 500, true);
}

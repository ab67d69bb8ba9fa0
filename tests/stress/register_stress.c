/*
 * Registration from several threads while another one waits.
 *
 * Each registering thread owns a few sources that are always ready, and gives every registration a
 * token of its own: the place of the source and a generation. It notes in which wait the queue was
 * when a generation came to its end; no later wait may report that one. Some registrations it
 * follows until they are reported, though the waiter may be asleep. Meanwhile a writer counts what
 * it writes to sources that stay registered, and the waiter has to find all of it.
 */
#include "plain.h"
#include "stress.h"
#include "system.h"

#include <stdatomic.h>

enum { REGISTRARS_MAX = 3, ITEMS = 8, STABLE = 4, CLONES = 2, CAPACITY_MAX = 8 };
enum { PLACES = REGISTRARS_MAX * ITEMS, PLACE_BITS = 8, WAKER_PLACE = 200, STABLE_PLACE = 100 };

struct plan {
    long rounds; /* at most; a busy machine ends them earlier */
    unsigned registrars;
    unsigned follow; /* one registration in so many is followed until it is reported */
    size_t capacity;
    bool edge_only; /* so that the waiter sleeps most of the time */
};

struct item {
    struct mio_source source;
    mio_fd fd;
    unsigned place;
    uint32_t generation;
};

struct registrar {
    struct item items[ITEMS];
    struct mio_registry clones[CLONES];
    bool is_open[CLONES];
    struct thread thread;
    uint32_t random;
};

/* Between a registering thread and the waiter. */
struct place {
    atomic_uint retired_in; /* the wait that may still report the retired generation */
    atomic_uint retired;
    atomic_uint reported; /* the newest generation that was reported */
};

static struct {
    struct plan plan;
    struct mio_poll poll;
    struct mio_waker waker;
    struct registrar registrars[REGISTRARS_MAX];
    struct place places[PLACES];
    struct mio_source stable[STABLE];
    mio_fd stable_fds[STABLE];
    atomic_ulong found; /* what the waiter read from the stable sources */
    atomic_long rounds;
    atomic_uint wait;          /* the number of the wait that runs, or ran last */
    atomic_bool written, done; /* the writer, the waiter is to end */
} s;

/* ---- Registering threads --------------------------------------------------------------------- */

static mio_token token_of(const struct item *item)
{
    return (mio_token)item->generation << PLACE_BITS | item->place;
}

/* The generation's registration is over: waits that begin from now on do not report it. */
static void retire(const struct item *item, uint32_t generation)
{
    struct place *place = &s.places[item->place];
    atomic_store(&place->retired_in, atomic_load(&s.wait));
    atomic_store(&place->retired, generation);
}

static mio_interest random_interest(struct registrar *registrar)
{
    static const mio_interest modes[] = {MIO_EDGE, MIO_EDGE | MIO_ONESHOT, MIO_LEVEL | MIO_ONESHOT,
                                         MIO_LEVEL};
    return MIO_READABLE | modes[stress_random(&registrar->random, s.plan.edge_only ? 2 : 4)];
}

/* Opens or closes a clone now and then; any registry of the poll is as good as the other. */
static struct mio_registry *random_registry(struct registrar *registrar)
{
    uint32_t number = stress_random(&registrar->random, CLONES);
    struct mio_registry *clone = &registrar->clones[number];
    uint32_t dice = stress_random(&registrar->random, 8);
    if (dice < 2) {
        stress_require(mio_registry_close(clone) == 0, "a clone does not close");
        registrar->is_open[number] = dice == 1;
    }
    if (dice == 1)
        stress_require(mio_registry_clone(mio_poll_registry(&s.poll), clone) == 0, "no clone");
    return registrar->is_open[number] ? clone : mio_poll_registry(&s.poll);
}

static void follow(const struct item *item)
{
    struct stress_patience patience = {.spins = 100};
    while (atomic_load(&s.places[item->place].reported) < item->generation &&
           stress_go_on(&patience, "a source that was registered is not reported"))
        continue;
}

static void change_one(struct registrar *registrar)
{
    struct item *item = &registrar->items[stress_random(&registrar->random, ITEMS)];
    struct mio_registry *registry = random_registry(registrar);
    mio_interest interest = random_interest(registrar);
    uint32_t old = item->generation;
    if (!mio_source_is_registered(&item->source)) {
        stress_require(mio_deregister(registry, &item->source) == -ENOENT, "deregistered twice");
        item->generation++;
        stress_require(mio_register(registry, &item->source, token_of(item), interest) == 0,
                       "register failed");
    } else if (stress_random(&registrar->random, 2) == 0) {
        stress_require(mio_deregister(registry, &item->source) == 0, "deregister failed");
        retire(item, old);
        return;
    } else {
        stress_require(mio_register(registry, &item->source, 0, interest) == -EEXIST,
                       "registered twice");
        item->generation++;
        stress_require(mio_reregister(registry, &item->source, token_of(item), interest) == 0,
                       "reregister failed");
        retire(item, old);
    }
    if (stress_random(&registrar->random, s.plan.follow) == 0)
        follow(item);
}

static void *run_registrar(void *arg)
{
    struct registrar *registrar = arg;
    long round = 0;
    while (round < s.plan.rounds && !stress_is_enough() && !stress_has_failed()) {
        change_one(registrar);
        round++;
    }
    atomic_fetch_add(&s.rounds, round);
    for (int i = 0; i < ITEMS; i++)
        if (mio_source_is_registered(&registrar->items[i].source)) {
            stress_require(
                mio_deregister(mio_poll_registry(&s.poll), &registrar->items[i].source) == 0,
                "the last deregister failed");
            retire(&registrar->items[i], registrar->items[i].generation);
        }
    for (int i = 0; i < CLONES; i++)
        stress_require(mio_registry_close(&registrar->clones[i]) == 0, "a clone does not close");
    return NULL;
}

/* ---- The writer and the waiter --------------------------------------------------------------- */

static void *run_writer(void *arg)
{
    uint32_t random = 99;
    unsigned long written = 0;
    (void)arg;
    while (!atomic_load(&s.written) && !stress_has_failed()) {
        for (uint32_t left = stress_random(&random, 16); left > 0; left--, written++)
            stress_require(plain_loop_make_ready(s.stable_fds[stress_random(&random, STABLE)]),
                           "a stable source takes no more");
        struct stress_patience patience = {.spins = 100};
        while (atomic_load(&s.found) < written &&
               stress_go_on(&patience, "a source that stays registered is not reported"))
            continue;
    }
    return NULL;
}

static void handle(const struct mio_event *event, unsigned wait)
{
    unsigned number = (unsigned)(event->token & ((1u << PLACE_BITS) - 1));
    uint32_t generation = (uint32_t)(event->token >> PLACE_BITS);
    uint64_t count;
    stress_require((event->readiness & MIO_READABLE) != 0, "an event is not readable");
    if (number == WAKER_PLACE)
        return;
    if (number >= STABLE_PLACE) {
        while (plain_read(s.stable_fds[number - STABLE_PLACE], &count, sizeof count) > 0)
            atomic_fetch_add(&s.found, (unsigned long)count);
        stress_require(mio_source_blocked(&s.stable[number - STABLE_PLACE], MIO_READABLE) == 0,
                       "blocked failed");
        return;
    }
    struct place *place = &s.places[number];
    /* In this order a thread that retires the next generation meanwhile is never accused. */
    if (generation <= atomic_load(&place->retired))
        stress_require(wait <= atomic_load(&place->retired_in), "a retired token was reported");
    if (generation > atomic_load(&place->reported))
        atomic_store(&place->reported, generation);
}

static void *run_waiter(void *arg)
{
    struct mio_event events[CAPACITY_MAX];
    (void)arg;
    while (!atomic_load(&s.done)) {
        unsigned wait = atomic_fetch_add(&s.wait, 1) + 1;
        int n = mio_poll_wait(&s.poll, events, s.plan.capacity, MIO_FOREVER);
        stress_require(n > 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++)
            handle(&events[i], wait);
    }
    return NULL;
}

/* ---- A plan from begin to end ---------------------------------------------------------------- */

static mio_fd open_source(struct mio_source *source, bool ready)
{
    mio_fd fd = plain_loop(ready);
    CHECK_EQ(mio_source_init_fd(source, fd), 0);
    return fd;
}

static void set_up(const struct plan *plan)
{
    s.plan = *plan;
    s.plan.rounds = test_scaled(plan->rounds);
    atomic_store(&s.rounds, 0);
    atomic_store(&s.found, 0);
    atomic_store(&s.wait, 0);
    atomic_store(&s.written, false);
    atomic_store(&s.done, false);
    test_poll_init(&s.poll);
    CHECK_EQ(mio_waker_init(&s.waker, mio_poll_registry(&s.poll), WAKER_PLACE), 0);
    for (unsigned i = 0; i < STABLE; i++) {
        s.stable_fds[i] = open_source(&s.stable[i], false);
        CHECK_EQ(mio_register(mio_poll_registry(&s.poll), &s.stable[i], STABLE_PLACE + i,
                              MIO_READABLE | (i % 2 ? MIO_LEVEL : MIO_EDGE)),
                 0);
    }
    for (unsigned i = 0; i < PLACES; i++)
        s.places[i] = (struct place){0};
    for (unsigned i = 0; i < plan->registrars; i++) {
        struct registrar *registrar = &s.registrars[i];
        *registrar = (struct registrar){.random = i + 1};
        for (unsigned k = 0; k < ITEMS; k++) {
            registrar->items[k].place = i * ITEMS + k;
            registrar->items[k].fd = open_source(&registrar->items[k].source, true);
        }
    }
}

static void tear_down(void)
{
    CHECK_EQ(mio_waker_close(&s.waker), 0);
    for (unsigned i = 0; i < s.plan.registrars; i++)
        for (unsigned k = 0; k < ITEMS; k++)
            CHECK_EQ(plain_close(s.registrars[i].items[k].fd), 0);
    for (unsigned i = 0; i < STABLE; i++) {
        CHECK_EQ(mio_poll_close(&s.poll), -EBUSY);
        CHECK_EQ(mio_deregister(mio_poll_registry(&s.poll), &s.stable[i]), 0);
        CHECK_EQ(plain_close(s.stable_fds[i]), 0);
    }
    CHECK_EQ(mio_poll_close(&s.poll), 0); /* so nothing was miscounted */
}

static void run(const struct plan *plan)
{
    struct thread waiter, writer;
    int64_t begin = mio_now_ns();
    set_up(plan);
    stress_begin();
    thread_start(&waiter, run_waiter, NULL);
    thread_start(&writer, run_writer, NULL);
    for (unsigned i = 0; i < plan->registrars; i++)
        thread_start(&s.registrars[i].thread, run_registrar, &s.registrars[i]);
    for (unsigned i = 0; i < plan->registrars; i++)
        thread_join(&s.registrars[i].thread);
    atomic_store(&s.written, true);
    thread_join(&writer);
    atomic_store(&s.done, true);
    CHECK_EQ(mio_waker_wake(&s.waker), 0);
    thread_join(&waiter);
    test_note("%ld rounds by %u threads in %.2f s, %u waits, %lu found at stable sources",
              atomic_load(&s.rounds), plan->registrars, (double)(mio_now_ns() - begin) / 1e9,
              atomic_load(&s.wait), atomic_load(&s.found));
    tear_down();
    stress_end();
}

/* ---- Cases ----------------------------------------------------------------------------------- */

static void registration_ends_the_wait_of_a_sleeping_thread(void)
{
    run(&(struct plan){
        .rounds = 20000, .registrars = 1, .follow = 1, .capacity = 8, .edge_only = true});
}

static void several_threads_register_amid_waits_for_one_event(void)
{
    run(&(struct plan){.rounds = 40000, .registrars = 3, .follow = 16, .capacity = 1});
}

static void several_threads_register_amid_waits_for_eight_events(void)
{
    run(&(struct plan){.rounds = 40000, .registrars = 3, .follow = 16, .capacity = 8});
}

static void *open_and_close_clones(void *arg)
{
    struct mio_registry clone;
    for (long left = test_scaled(300000); left > 0; left--) {
        stress_require(mio_registry_clone(arg, &clone) == 0, "no clone");
        stress_require(mio_registry_close(&clone) == 0, "a clone does not close");
    }
    return NULL;
}

/* No system call comes between: what keeps the count of the poll's users has to be exact. */
static void clones_opened_and_closed_by_all_threads_are_counted(void)
{
    struct thread threads[REGISTRARS_MAX];
    stress_begin();
    test_poll_init(&s.poll);
    for (int i = 0; i < REGISTRARS_MAX; i++)
        thread_start(&threads[i], open_and_close_clones, mio_poll_registry(&s.poll));
    for (int i = 0; i < REGISTRARS_MAX; i++)
        thread_join(&threads[i]);
    CHECK_EQ(mio_poll_close(&s.poll), 0);
    stress_end();
}

enum { OPENERS = 4, WAKERS_EACH = MIO_WAKERS_MAX / OPENERS };

static struct mio_waker wakers[MIO_WAKERS_MAX];
static atomic_uint openers_ready;

static void *open_wakers(void *arg)
{
    struct mio_waker *waker = arg;
    struct stress_patience patience = {.spins = 1000};
    atomic_fetch_add(&openers_ready, 1);
    while (atomic_load(&openers_ready) < OPENERS && stress_go_on(&patience, "a thread is missing"))
        continue;
    for (mio_token i = 0; i < WAKERS_EACH; i++)
        stress_require(mio_waker_init(&waker[i], mio_poll_registry(&s.poll), i) == 0,
                       "a waker does not open");
    return NULL;
}

/* Had two of them one place, there would be room for one more. */
static void wakers_opened_by_all_threads_at_once_have_a_place_each(void)
{
    struct thread threads[OPENERS];
    struct mio_waker extra;
    stress_begin();
    test_poll_init(&s.poll);
    for (long left = test_scaled(2000); left > 0 && !stress_is_enough(); left--) {
        atomic_store(&openers_ready, 0);
        for (int i = 0; i < OPENERS; i++)
            thread_start(&threads[i], open_wakers, &wakers[i * WAKERS_EACH]);
        for (int i = 0; i < OPENERS; i++)
            thread_join(&threads[i]);
        stress_end();
        CHECK_EQ(mio_waker_init(&extra, mio_poll_registry(&s.poll), 0), -ENOSPC);
        for (int i = 0; i < MIO_WAKERS_MAX; i++)
            CHECK_EQ(mio_waker_close(&wakers[i]), 0);
    }
    CHECK_EQ(mio_poll_close(&s.poll), 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"registration_ends_the_wait_of_a_sleeping_thread",
         registration_ends_the_wait_of_a_sleeping_thread, 0},
        {"several_threads_register_amid_waits_for_one_event",
         several_threads_register_amid_waits_for_one_event, 0},
        {"several_threads_register_amid_waits_for_eight_events",
         several_threads_register_amid_waits_for_eight_events, 0},
        {"clones_opened_and_closed_by_all_threads_are_counted",
         clones_opened_and_closed_by_all_threads_are_counted, 0},
        {"wakers_opened_by_all_threads_at_once_have_a_place_each",
         wakers_opened_by_all_threads_at_once_have_a_place_each, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite suite = {"register", cases};
    return test_main(argc, argv, (const struct test_suite *const[]){&suite, NULL});
}

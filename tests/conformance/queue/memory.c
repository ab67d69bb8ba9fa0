/*
 * Where memory comes from: backends with tables ask for it when a poll is opened and when more is
 * registered than ever before, and never else. The kernel's own tables need none.
 */
#include "queue/queue_util.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* An allocator that counts, and that can be told to fail. */
struct counter {
    long calls;
    long fail_at; /* the call that fails, counted from 1; 0 for none */
    size_t bytes; /* that were not given back */
    size_t blocks;
    size_t limit; /* of bytes; 0 for none */
};

static void *counted_allocate(void *arg, size_t size)
{
    struct counter *counter = arg;
    if (++counter->calls == counter->fail_at)
        return NULL;
    if (counter->limit != 0 && counter->bytes + size > counter->limit)
        return NULL;
    counter->bytes += size;
    counter->blocks++;
    return malloc(size);
}

static void counted_release(void *arg, void *memory, size_t size)
{
    struct counter *counter = arg;
    counter->bytes -= size;
    counter->blocks--;
    free(memory);
}

static struct mio_poll_options options_with(struct counter *counter)
{
    struct mio_poll_options options = test_config.poll;
    *counter = (struct counter){0};
    options.allocator.allocate = counted_allocate;
    options.allocator.release = counted_release;
    options.allocator.arg = counter;
    return options;
}

static bool has_tables(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    bool has = mio_poll_fd(&poll) == MIO_FD_NONE && test_config.poll.spin_ns == 0;
    CHECK_EQ(mio_poll_close(&poll), 0);
    return has;
}

static void check_all_given_back(const struct counter *counter)
{
    CHECK_EQ(counter->bytes, 0);
    CHECK_EQ(counter->blocks, 0);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

static void half_an_allocator_is_invalid(void)
{
    struct counter counter;
    struct mio_poll poll;
    struct mio_poll_options options = options_with(&counter);
    options.allocator.release = NULL;
    CHECK_EQ(mio_poll_init_with(&poll, &options), -EINVAL);
    options = options_with(&counter);
    options.allocator.allocate = NULL;
    CHECK_EQ(mio_poll_init_with(&poll, &options), -EINVAL);
    CHECK_EQ(counter.calls, 0);
}

enum { MANY = 300 };

static void memory_comes_from_the_allocator_and_goes_back(void)
{
    static struct mio_source sources[MANY];
    struct counter counter;
    struct mio_poll poll;
    struct mio_poll_options options = options_with(&counter);
    CHECK_EQ(mio_poll_init_with(&poll, &options), 0);
    for (int i = 0; i < MANY; i++) {
        queue_loop(&sources[i], true);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &sources[i], (mio_token)i, MIO_READABLE),
                 0);
    }
    CHECK(has_tables() ? counter.calls > 2 : counter.calls == 0);
    for (int i = 0; i < MANY; i++) {
        mio_fd fd = mio_source_fd(&sources[i]);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &sources[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_all_given_back(&counter);
}

/* Fails each allocation in turn. */
static void failed_allocation_of_an_init_leaves_nothing(void)
{
    struct counter counter;
    struct mio_poll poll;
    if (!has_tables())
        SKIP("this backend has no tables");
    for (long fail_at = 1;; fail_at++) {
        struct mio_poll_options options = options_with(&counter);
        counter.fail_at = fail_at;
        int result = mio_poll_init_with(&poll, &options);
        if (result == 0)
            break;
        CHECK_EQ(result, -ENOMEM);
        CHECK_EQ(mio_poll_close(&poll), 0);
        check_all_given_back(&counter);
        CHECK(fail_at < 100);
    }
    CHECK(counter.calls >= 2);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void failed_growth_changes_nothing(void)
{
    static struct mio_source sources[MANY];
    struct counter counter;
    struct mio_poll poll;
    int refused = 0;
    if (!has_tables())
        SKIP("this backend has no tables");
    struct mio_poll_options options = options_with(&counter);
    CHECK_EQ(mio_poll_init_with(&poll, &options), 0);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int i = 0; i < MANY; i++) {
        queue_loop(&sources[i], true);
        counter.fail_at = counter.calls + 1; /* any growth at all */
        int result = mio_register(registry, &sources[i], (mio_token)i, MIO_READABLE | MIO_LEVEL);
        counter.fail_at = 0;
        if (result == 0)
            continue;
        refused++;
        CHECK_EQ(result, -ENOMEM);
        CHECK(!mio_source_is_registered(&sources[i]));
        CHECK_EQ(mio_register(registry, &sources[i], (mio_token)i, MIO_READABLE | MIO_LEVEL), 0);
    }
    CHECK(refused >= 2);
    /* All are reported, though a wait may return fewer events than are ready. */
    struct mio_event events[MANY];
    bool seen[MANY] = {false};
    for (int left = MANY; left > 0;) {
        int n = mio_poll_wait(&poll, events, MANY, TEST_SOON);
        CHECK(n > 0);
        for (int i = 0; i < n; i++) {
            left -= !seen[events[i].token];
            seen[events[i].token] = true;
        }
    }
    for (int i = 0; i < MANY; i++) {
        mio_fd fd = mio_source_fd(&sources[i]);
        CHECK_EQ(mio_deregister(registry, &sources[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_all_given_back(&counter);
}

/* ---- Churn ----------------------------------------------------------------------------------- */

enum { CHURNING = 10000 };

static void churn(struct mio_poll *poll, struct mio_source *sources, int count)
{
    struct mio_registry *registry = mio_poll_registry(poll);
    struct mio_event events[64];
    for (int i = 0; i < count; i++) {
        struct mio_source *source = &sources[(i * 7919LL) % count];
        CHECK_EQ(mio_deregister(registry, source), 0);
        if (i % 100 == 0)
            CHECK(mio_poll_wait(poll, events, 64, 0) > 0);
        CHECK_EQ(mio_register(registry, source, (mio_token)i, MIO_READABLE), 0);
    }
}

static void many_churning(void)
{
    static struct mio_source sources[CHURNING];
    struct counter counter;
    struct mio_poll poll;
    int count = descriptors_raise(CHURNING);
    struct mio_poll_options options = options_with(&counter);
    CHECK_EQ(mio_poll_init_with(&poll, &options), 0);
    for (int i = 0; i < count; i++) {
        queue_loop(&sources[i], true);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &sources[i], (mio_token)i, MIO_READABLE),
                 0);
    }
    churn(&poll, sources, count);
    long calls = counter.calls;
    for (int round = 0; round < 3; round++)
        churn(&poll, sources, count);
    CHECK_EQ(counter.calls, calls);
    for (int i = 0; i < count; i++) {
        mio_fd fd = mio_source_fd(&sources[i]);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &sources[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_all_given_back(&counter);
}

static void steady_state_allocates_nothing(void)
{
    test_in_child(many_churning); /* for the limit of descriptors */
}

/* Nor does a program that looks at its sources again and again before it waits. */
static void defect_10_would_block_between_waits_needs_no_memory(void)
{
    static struct mio_source sources[MANY];
    struct counter counter;
    struct mio_poll poll;
    struct mio_event events[MANY];
    struct mio_poll_options options = options_with(&counter);
    CHECK_EQ(mio_poll_init_with(&poll, &options), 0);
    for (int i = 0; i < MANY; i++) {
        queue_loop(&sources[i], true);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &sources[i], (mio_token)i, MIO_READABLE),
                 0);
    }
    const long calls = counter.calls;
    int told = 0;
    while (told < MANY) {
        int n = mio_poll_wait(&poll, events, MANY, TEST_SOON);
        CHECK(n > 0);
        told += n;
    }
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < MANY; i++) {
            test_drain(&sources[i]);
            CHECK_EQ(mio_source_blocked(&sources[i], MIO_WRITABLE), 0);
        }
    test_expect_no_event(&poll);
    CHECK_EQ(counter.calls, calls);
    for (int i = 0; i < MANY; i++) {
        mio_fd fd = mio_source_fd(&sources[i]);
        CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &sources[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_all_given_back(&counter);
}

/* Sources whose descriptors were closed while they were registered, and told before: their entries
 * are out of sight, and would pile up if nobody looked for them. */
static void abandoned_sources_leave_nothing(void)
{
    struct counter counter;
    struct mio_poll poll;
    struct mio_poll_options options = options_with(&counter);
    CHECK_EQ(mio_poll_init_with(&poll, &options), 0);
    long calls = 0;
    for (int i = 0; i < 2000; i++) {
        struct mio_source source;
        mio_fd fd = queue_loop(&source, true);
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, (mio_token)i,
                              MIO_READABLE | MIO_ONESHOT),
                 0);
        CHECK_EQ(test_expect_event(&poll, (mio_token)i), MIO_READABLE);
        CHECK_EQ(plain_close(fd), 0);
        CHECK_EQ(mio_source_abandon(&source), 0);
        if (i == 10)
            calls = counter.calls;
    }
    CHECK_EQ(counter.calls, calls);
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_all_given_back(&counter);
}

/* ---- A waiter that does not come back -------------------------------------------------------- */

enum { ROTATORS = 8, ROTATING = 40, BOUND = 64 * 1024 };

static atomic_bool held, released;

/* Keeps the waiter inside its wait. */
static void hold_the_waiter(int signal)
{
    (void)signal;
    atomic_store(&held, true);
    while (!atomic_load(&released))
        thread_sleep(MIO_NS_PER_MS);
}

struct rotation {
    struct mio_registry *registry;
    long pairs;
    bool abandon;
};

/* Registers sources in turn, so that a few are always registered, and ends each in one way. */
static void *rotate(void *arg)
{
    const struct rotation *rotation = arg;
    struct mio_registry *registry = rotation->registry;
    long pairs = rotation->pairs;
    bool abandon = rotation->abandon;
    struct mio_source sources[ROTATING];
    for (int i = 0; i < ROTATING; i++)
        queue_loop(&sources[i], false);
    for (long i = 0; i < pairs + ROTATING; i++) {
        struct mio_source *source = &sources[i % ROTATING];
        if (i >= ROTATING)
            CHECK_EQ(abandon ? mio_source_abandon(source) : mio_deregister(registry, source), 0);
        if (i < pairs)
            CHECK_EQ(mio_register(registry, source, (mio_token)i, MIO_READABLE), 0);
    }
    for (int i = 0; i < ROTATING; i++)
        CHECK_EQ(plain_close(mio_source_fd(&sources[i])), 0);
    return NULL;
}

static atomic_bool tried;

static void *try_once(void *arg)
{
    const struct rotation once = {arg, 1, false};
    rotate((void *)&once);
    atomic_store(&tried, true);
    return NULL;
}

/*
 * Holds the waiter. False where its handler runs inside the library, with the lock of the poll, as
 * under ThreadSanitizer, which puts handlers off to the next call of libc.
 */
static bool hold(struct waiter *waiter, struct thread *trial)
{
    atomic_store(&held, false);
    atomic_store(&released, false);
    atomic_store(&tried, false);
    thread_on_interrupt(hold_the_waiter);
    for (int tries = 0; tries < 3000 && !atomic_load(&held); tries++) {
        thread_interrupt(&waiter->thread);
        thread_sleep(MIO_NS_PER_MS);
    }
    thread_start(trial, try_once, mio_poll_registry(waiter->poll));
    for (int tries = 0; tries < 3000 && !atomic_load(&tried); tries++)
        thread_sleep(MIO_NS_PER_MS);
    return atomic_load(&held) && atomic_load(&tried);
}

static void rotate_in_threads(const struct rotation *rotation)
{
    struct thread threads[ROTATORS];
    for (int i = 0; i < ROTATORS; i++)
        thread_start(&threads[i], rotate, (void *)rotation);
    for (int i = 0; i < ROTATORS; i++)
        thread_join(&threads[i]);
}

/* Memory grows only when more sources are registered at once than ever before. */
static void check_bounded(bool held_up, long pairs, bool abandon)
{
    struct counter counter;
    struct mio_poll poll;
    struct waiter waiter;
    if (!has_tables())
        SKIP("this backend has no tables");
    if (held_up)
        queue_need_interrupts();
    struct mio_poll_options options = options_with(&counter);
    counter.limit = BOUND;
    CHECK_EQ(mio_poll_init_with(&poll, &options), 0);
    waiter_start(&waiter, &poll);
    struct thread trial;
    bool can_run = !held_up || hold(&waiter, &trial);
    const struct rotation rotation = {mio_poll_registry(&poll), pairs / ROTATORS, abandon};
    if (can_run)
        rotate_in_threads(&rotation);
    CHECK(counter.bytes <= BOUND);
    atomic_store(&released, true);
    if (held_up)
        thread_join(&trial);
    waiter_stop(&waiter);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_all_given_back(&counter);
    if (!can_run)
        SKIP("signal handlers run late here, inside the library");
}

static void registrations_beside_a_held_waiter_are_bounded(void)
{
    check_bounded(true, test_scaled(1000 * 1000), false);
}

static void registrations_beside_a_sleeping_waiter_are_bounded(void)
{
    check_bounded(false, test_scaled(20 * 1000), false);
}

static void abandoned_registrations_beside_a_held_waiter_are_bounded(void)
{
    check_bounded(true, test_scaled(200 * 1000), true);
}

/* ---- Fork amid a growth ---------------------------------------------------------------------- */

static struct {
    struct mio_poll poll;
    struct mio_source sources[MANY];
    int count;
    bool can_fork, in_child; /* a child forks no more */
    int forks, failures;
} amid;

static int abandon_in_child(const char **word)
{
    (void)word;
    amid.in_child = true;
    for (int i = 0; i <= amid.count; i++) /* the last one is about to be registered */
        mio_source_abandon(&amid.sources[i]);
    return mio_poll_abandon(&amid.poll) != 0;
}

/* Another thread may do this at any moment. */
static void fork_and_abandon(void)
{
    const char *word;
    if (amid.in_child || !amid.can_fork)
        return;
    amid.forks++;
    int status = child_run(abandon_in_child, &word);
    amid.failures += child_signal(status) != 0 || child_result(status) != 0;
}

/* Here the table is between two blocks. */
static void release_and_fork(void *arg, void *memory, size_t size)
{
    (void)arg, (void)size;
    free(memory);
    fork_and_abandon();
}

/* Here it has no slot yet for the source that is being registered. */
static void *fork_and_allocate(void *arg, size_t size)
{
    (void)arg;
    fork_and_abandon();
    return malloc(size);
}

static void fork_amid_a_growth_leaves_the_child_a_whole_table(void)
{
    struct mio_poll_options options = test_config.poll;
    if (!has_tables())
        SKIP("this backend has no tables");
    if (!child_is_possible())
        SKIP("no process can be copied here");
    memset(&amid, 0, sizeof amid);
    options.allocator.allocate = fork_and_allocate;
    options.allocator.release = release_and_fork;
    CHECK_EQ(mio_poll_init_with(&amid.poll, &options), 0);
    amid.can_fork = true;
    for (; amid.count < MANY; amid.count++) {
        struct mio_source *source = &amid.sources[amid.count];
        queue_loop(source, true);
        CHECK_EQ(mio_register(mio_poll_registry(&amid.poll), source, 1, MIO_READABLE), 0);
    }
    CHECK(amid.forks >= 4);
    CHECK_EQ(amid.failures, 0);
    amid.can_fork = false;
    for (int i = 0; i < MANY; i++) {
        mio_fd fd = mio_source_fd(&amid.sources[i]);
        CHECK_EQ(mio_deregister(mio_poll_registry(&amid.poll), &amid.sources[i]), 0);
        CHECK_EQ(plain_close(fd), 0);
    }
    CHECK_EQ(mio_poll_close(&amid.poll), 0);
}

static const struct test_case cases[] = {
    {"half_an_allocator_is_invalid", half_an_allocator_is_invalid, 0},
    {"memory_comes_from_the_allocator_and_goes_back", memory_comes_from_the_allocator_and_goes_back,
     0},
    {"failed_allocation_of_an_init_leaves_nothing", failed_allocation_of_an_init_leaves_nothing, 0},
    {"failed_growth_changes_nothing", failed_growth_changes_nothing, 0},
    {"steady_state_allocates_nothing", steady_state_allocates_nothing, 0},
    {"defect_10_would_block_between_waits_needs_no_memory",
     defect_10_would_block_between_waits_needs_no_memory, 0},
    {"abandoned_sources_leave_nothing", abandoned_sources_leave_nothing, 0},
    {"registrations_beside_a_held_waiter_are_bounded",
     registrations_beside_a_held_waiter_are_bounded, 0},
    {"registrations_beside_a_sleeping_waiter_are_bounded",
     registrations_beside_a_sleeping_waiter_are_bounded, 0},
    {"abandoned_registrations_beside_a_held_waiter_are_bounded",
     abandoned_registrations_beside_a_held_waiter_are_bounded, 0},
    {"fork_amid_a_growth_leaves_the_child_a_whole_table",
     fork_amid_a_growth_leaves_the_child_a_whole_table, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_memory = {"memory", cases};

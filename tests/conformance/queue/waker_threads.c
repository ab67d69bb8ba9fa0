/* Wakers between threads: waits that a wake ends, signal handlers, timeouts. */
#include "queue/waker_util.h"

#include <signal.h>
#include <stdatomic.h>

enum { OTHER = 8, SOURCE = 9 };

/* ThreadSanitizer runs a handler late, at the next call that it intercepts: look again at times. */
#if defined(__SANITIZE_THREAD__)
#define HANDLER_WAIT (5 * MIO_NS_PER_MS)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HANDLER_WAIT (5 * MIO_NS_PER_MS)
#endif
#endif
#ifndef HANDLER_WAIT
#define HANDLER_WAIT TEST_SOON
#endif

/* ---- Waits ----------------------------------------------------------------------------------- */

static void *wake_after_a_pause(void *waker)
{
    thread_sleep(5 * MIO_NS_PER_MS);
    CHECK_EQ(mio_waker_wake(waker), 0);
    return NULL;
}

static void wake_from_another_thread_ends_a_wait(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    waker_open(&poll, &waker);
    for (int round = 0; round < 20; round++) {
        struct thread thread;
        thread_start(&thread, wake_after_a_pause, &waker);
        test_expect_event(&poll, TOKEN);
        thread_join(&thread);
    }
    test_expect_no_event(&poll);
    waker_close(&poll, &waker);
}

static void *open_wake_and_hand_over(void *arg)
{
    struct mio_poll *poll = arg;
    static struct mio_waker waker;
    thread_sleep(5 * MIO_NS_PER_MS);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(poll), OTHER), 0);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    return &waker;
}

static void waker_opened_during_a_wait_ends_it(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    struct thread thread;
    thread_start(&thread, open_wake_and_hand_over, &poll);
    test_expect_event(&poll, OTHER);
    struct mio_waker *waker = thread_join(&thread);
    waker_close(&poll, waker);
}

/* ---- Order and signals ----------------------------------------------------------------------- */

struct letter {
    struct mio_waker *waker;
    long text[8];     /* plain memory: only the wake hands it over */
    atomic_long read; /* hands it back */
    long rounds;
};

static void *write_letters(void *arg)
{
    struct letter *letter = arg;
    int64_t deadline = mio_now_ns() + 6 * TEST_SOON;
    for (long round = 1; round <= letter->rounds; round++) {
        for (int i = 0; i < 8; i++)
            letter->text[i] = round;
        CHECK_EQ(mio_waker_wake(letter->waker), 0);
        while (atomic_load_explicit(&letter->read, memory_order_acquire) < round) {
            CHECK(mio_now_ns() < deadline);
            thread_yield();
        }
    }
    return NULL;
}

static void what_was_written_before_a_wake_is_visible(void)
{
    static struct mio_poll poll; /* static: should the case fail, the thread goes on for a while */
    static struct mio_waker waker;
    static struct letter letter;
    letter.waker = &waker;
    letter.rounds = test_scaled(2000);
    atomic_store(&letter.read, 0);
    waker_open(&poll, &waker);
    struct thread thread;
    thread_start(&thread, write_letters, &letter);
    for (long round = 1; round <= letter.rounds; round++) {
        test_expect_event(&poll, TOKEN);
        for (int i = 0; i < 8; i++)
            CHECK_EQ(letter.text[i], round);
        atomic_store_explicit(&letter.read, round, memory_order_release);
    }
    thread_join(&thread);
    waker_close(&poll, &waker);
}

static struct mio_waker *handler_waker;
static volatile sig_atomic_t handler_result, handler_runs;

static void wake_in_handler(int signal)
{
    (void)signal;
    handler_result = mio_waker_wake(handler_waker);
    handler_runs = handler_runs + 1;
}

static void *send_signal(void *waiter)
{
    thread_sleep(1 * MIO_NS_PER_MS);
    thread_interrupt(waiter);
    return NULL;
}

static void wake_in_a_signal_handler_ends_the_wait_it_interrupts(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    struct mio_event events[8];
    struct thread self = thread_self();
    queue_need_interrupts();
    waker_open(&poll, &waker);
    handler_waker = &waker;
    handler_runs = 0;
    thread_on_interrupt(wake_in_handler);
    for (int round = 1; round <= 50; round++) {
        struct thread thread;
        thread_start(&thread, send_signal, &self);
        int64_t deadline = mio_now_ns() + TEST_SOON;
        int n = 0;
        while (n == -EINTR || (n == 0 && mio_now_ns() < deadline))
            n = mio_poll_wait(&poll, events, 8, HANDLER_WAIT);
        thread_join(&thread);
        CHECK_EQ(handler_runs, round);
        CHECK_EQ(handler_result, 0);
        CHECK_EQ(n, 1);
        CHECK_EQ(events[0].token, TOKEN);
    }
    thread_on_interrupt(NULL);
    test_expect_no_event(&poll);
    waker_close(&poll, &waker);
}

struct commotion {
    struct mio_poll *poll;
    atomic_bool stop, gave_up;
};

/* Everything that might end or prolong a wait of another thread, without an event to report. */
static void *make_commotion(void *arg)
{
    struct commotion *commotion = arg;
    struct mio_registry *registry = mio_poll_registry(commotion->poll);
    struct mio_source source;
    struct mio_waker waker;
    mio_fd fd = plain_loop(false);
    int64_t deadline = mio_now_ns() + TEST_SOON;
    CHECK_EQ(mio_source_init_fd(&source, fd), 0);
    while (!atomic_load(&commotion->stop) && !atomic_load(&commotion->gave_up)) {
        CHECK_EQ(mio_waker_init(&waker, registry, OTHER), 0);
        CHECK_EQ(mio_register(registry, &source, SOURCE, MIO_READABLE), 0);
        CHECK_EQ(mio_reregister(registry, &source, SOURCE, MIO_READABLE | MIO_LEVEL), 0);
        CHECK_EQ(mio_deregister(registry, &source), 0);
        CHECK_EQ(mio_waker_close(&waker), 0);
        thread_sleep(1 * MIO_NS_PER_MS);
        atomic_store(&commotion->gave_up, mio_now_ns() > deadline);
    }
    plain_close(fd);
    return NULL;
}

static void defect_07_timeout_restart(void)
{
    struct mio_poll poll;
    struct mio_event events[8];
    struct commotion commotion = {.poll = &poll};
    test_poll_init(&poll);
    struct thread thread;
    thread_start(&thread, make_commotion, &commotion);
    int64_t begin = mio_now_ns();
    int n = mio_poll_wait(&poll, events, 8, 100 * MIO_NS_PER_MS);
    int64_t waited = mio_now_ns() - begin;
    bool outlived = atomic_load(&commotion.gave_up);
    atomic_store(&commotion.stop, true);
    thread_join(&thread);
    CHECK_EQ(n, 0);
    CHECK(waited >= 100 * MIO_NS_PER_MS);
    CHECK(!outlived); /* else it was the end of the commotion that ended the wait */
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"wake_from_another_thread_ends_a_wait", wake_from_another_thread_ends_a_wait, 0},
    {"waker_opened_during_a_wait_ends_it", waker_opened_during_a_wait_ends_it, 0},
    {"what_was_written_before_a_wake_is_visible", what_was_written_before_a_wake_is_visible,
     TEST_EDGE},
    {"wake_in_a_signal_handler_ends_the_wait_it_interrupts",
     wake_in_a_signal_handler_ends_the_wait_it_interrupts, 0},
    {"defect_07_timeout_restart", defect_07_timeout_restart, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_waker_threads = {"waker_threads", cases};

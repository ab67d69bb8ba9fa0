/* Wakers in threads that are cancelled: what POSIX has, and some systems have not. */
#include "queue/waker_util.h"

#include <pthread.h>
#include <stdatomic.h>

struct cancelled {
    struct mio_waker *waker;
    atomic_int go, wakes;
};

static void *wake_while_cancelled(void *arg)
{
    struct cancelled *cancelled = arg;
    while (!atomic_load(&cancelled->go))
        thread_yield();
    for (int i = 0; i < 2; i++) { /* one that is sent, one that merges with it */
        CHECK_EQ(mio_waker_wake(cancelled->waker), 0);
        atomic_fetch_add(&cancelled->wakes, 1);
    }
    pthread_testcancel();
    return NULL;
}

static void cancelled_thread_does_not_leave_the_waker_deaf(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    waker_open(&poll, &waker);
    for (int round = 0; round < 20; round++) {
        struct cancelled cancelled = {.waker = &waker};
        void *result = NULL;
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, wake_while_cancelled, &cancelled), 0);
        CHECK_EQ(pthread_cancel(thread), 0);
        atomic_store(&cancelled.go, 1);
        pthread_join(thread, &result);
        CHECK(result == PTHREAD_CANCELED);
        CHECK_EQ(atomic_load(&cancelled.wakes), 2);
        test_expect_event(&poll, TOKEN);
        waker_wake_and_expect(&poll, &waker, TOKEN);
    }
    waker_close(&poll, &waker);
}

static const struct test_case cases[] = {
    {"cancelled_thread_does_not_leave_the_waker_deaf",
     cancelled_thread_does_not_leave_the_waker_deaf, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_waker_cancelled = {"waker_cancelled", cases};

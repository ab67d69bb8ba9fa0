/*
 * A program under ThreadSanitizer, with the library as it is installed, which is not. Writes of a
 * thread before a wake, a registration or a write to a pipe have to count as ordered before what
 * the waiter does with the event, or the reader with the bytes. Nothing else here orders the two:
 * naps and the library's counters do not.
 *
 *     events CASE BACKEND      CASE: wake, coalesced, register, reregister, pipe
 */
#include <mio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TRIES = 10000 };

static struct mio_poll poll_;
static struct mio_waker waker;
static struct mio_pipe_sender sender;
static struct mio_pipe_receiver receiver;
static int shared, shared_too; /* these are what races are looked for on */

static void nap(void)
{
    const struct timespec time = {0, 1000000};
    nanosleep(&time, NULL);
}

/* Whether so many wakes come to be; both counters are read without an order. */
static bool wakes_become(uintptr_t wakes, uintptr_t coalesced)
{
    struct mio_counters counters;
    for (int i = 0; i < TRIES; i++, nap())
        if (mio_poll_counters(&poll_, &counters) == 0 && counters.wakes == wakes &&
            counters.wakes_coalesced == coalesced)
            return true;
    return false;
}

static int wait_for(mio_token token)
{
    struct mio_event event;
    for (int i = 0; i < TRIES; i++) {
        int n = mio_poll_wait(&poll_, &event, 1, MIO_NS_PER_S);
        if (n == 1)
            return event.token == token ? 0 : 10;
        if (n < 0 && n != -EINTR)
            return 11;
    }
    return 12;
}

static void *wake(void *arg)
{
    shared = 5;
    return mio_waker_wake(&waker) == 0 ? arg : NULL;
}

static void *wake_too(void *arg)
{
    if (!wakes_become(1, 0))
        return NULL;
    shared_too = 6;
    return mio_waker_wake(&waker) == 0 ? arg : NULL;
}

static void *register_source(void *arg)
{
    shared = 5;
    return mio_register(mio_poll_registry(&poll_), &receiver.source, 1, MIO_READABLE) == 0 ? arg
                                                                                           : NULL;
}

static void *reregister_source(void *arg)
{
    shared = 5;
    return mio_reregister(mio_poll_registry(&poll_), &receiver.source, 1, MIO_READABLE) == 0 ? arg
                                                                                             : NULL;
}

static void *send_another(void *arg)
{
    shared = 5;
    return mio_pipe_sender_write(&sender, "y", 1) == 1 ? arg : NULL;
}

/* The bytes that a pipe transfers are ordered, too. */
static int receive_in_order(void)
{
    pthread_t thread;
    char byte = 0;
    if (mio_pipe_receiver_read(&receiver, &byte, 1) != 1 ||
        pthread_create(&thread, NULL, send_another, &poll_) != 0)
        return 40;
    for (int i = 0; i < TRIES && mio_pipe_receiver_read(&receiver, &byte, 1) == -EAGAIN; i++)
        nap();
    int result = byte == 'y' && shared == 5 ? 0 : 41;
    pthread_join(thread, NULL);
    return result;
}

/* The threads are joined after the look, for a join is an order, too. */
static int look(void *(*first)(void *), void *(*second)(void *), mio_token token)
{
    pthread_t threads[2];
    void *results[2] = {NULL, &poll_};
    if (pthread_create(&threads[0], NULL, first, &poll_) != 0 ||
        (second && pthread_create(&threads[1], NULL, second, &poll_) != 0))
        return 20;
    if (second && !wakes_become(1, 1))
        return 21;
    int result = wait_for(token);
    if (result == 0 && (shared != 5 || (second && shared_too != 6)))
        result = 22;
    pthread_join(threads[0], &results[0]);
    if (second)
        pthread_join(threads[1], &results[1]);
    return results[0] && results[1] ? result : 23;
}

/* One byte lies in the pipe. A source to register again has reported it once, and is silent. */
static int prepare(const char *name)
{
    bool registered = strcmp(name, "reregister") == 0;
    if (mio_pipe_pair(&sender, &receiver) != 0)
        return 30;
    if (registered && mio_register(mio_poll_registry(&poll_), &receiver.source, 0,
                                   MIO_READABLE | MIO_ONESHOT) != 0)
        return 31;
    if (mio_pipe_sender_write(&sender, "x", 1) != 1)
        return 32;
    return registered ? wait_for(0) : mio_waker_init(&waker, mio_poll_registry(&poll_), 2);
}

int main(int argc, char **argv)
{
    struct mio_poll_options options = {0};
    if (argc != 3)
        return 1;
    options.backend = strcmp(argv[2], "poll") == 0 ? MIO_BACKEND_POLL : MIO_BACKEND_EPOLL;
    int result = mio_poll_init_with(&poll_, &options);
    if (result == -ENOTSUP) {
        puts("this build has no such backend");
        return 0;
    }
    if (result != 0 || prepare(argv[1]) != 0)
        return 2;
    if (strcmp(argv[1], "pipe") == 0)
        return receive_in_order();
    if (strcmp(argv[1], "wake") == 0)
        return look(wake, NULL, 2);
    if (strcmp(argv[1], "coalesced") == 0)
        return look(wake, wake_too, 2);
    if (strcmp(argv[1], "register") == 0)
        return look(register_source, NULL, 1);
    return strcmp(argv[1], "reregister") == 0 ? look(reregister_source, NULL, 1) : 1;
}

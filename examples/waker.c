/*
 * waker: a worker thread computes, the loop collects. The worker puts each result into a small
 * queue and wakes the loop; wakes that come faster than the loop runs merge into one event, so the
 * loop empties the queue each time it is woken.
 *
 * Try it:  ./waker       (it ends by itself)
 */
#include <mio.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESULTS 40
#define QUEUE_SIZE 8

enum { WAKER };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t room; /* signalled when the loop has emptied the queue */
    int values[QUEUE_SIZE];
    size_t count;
    struct mio_waker waker;
};

static void check(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "waker: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/* The functions of pthread return an error as a positive number. */
static void check_thread(const char *what, int error)
{
    check(what, -error);
}

static void put(struct queue *queue, int value)
{
    check_thread("lock", pthread_mutex_lock(&queue->lock));
    while (queue->count == QUEUE_SIZE)
        check_thread("wait", pthread_cond_wait(&queue->room, &queue->lock));
    queue->values[queue->count++] = value;
    check_thread("unlock", pthread_mutex_unlock(&queue->lock));
    check("wake", mio_waker_wake(&queue->waker));
}

/* Takes all there is; values has room for QUEUE_SIZE. */
static size_t take_all(struct queue *queue, int *values)
{
    check_thread("lock", pthread_mutex_lock(&queue->lock));
    size_t count = queue->count;
    memcpy(values, queue->values, count * sizeof values[0]);
    queue->count = 0;
    check_thread("signal", pthread_cond_signal(&queue->room));
    check_thread("unlock", pthread_mutex_unlock(&queue->lock));
    return count;
}

/* The work: counts the primes below a thousand, two thousand and so on. */
static void *work(void *arg)
{
    int primes = 0;
    for (int n = 2; n <= RESULTS * 1000; n++) {
        bool prime = true;
        for (int d = 2; prime && d * d <= n; d++)
            prime = n % d != 0;
        primes += prime;
        if (n % 1000 == 0)
            put(arg, primes);
    }
    return NULL;
}

int main(void)
{
    static struct queue queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                 .room = PTHREAD_COND_INITIALIZER};
    struct mio_poll poll;
    struct mio_event events[8];
    pthread_t worker;
    int values[QUEUE_SIZE], results = 0, wakeups = 0;

    check("poll", mio_poll_init(&poll));
    check("waker", mio_waker_init(&queue.waker, mio_poll_registry(&poll), WAKER));
    check_thread("thread", pthread_create(&worker, NULL, work, &queue));

    while (results < RESULTS) {
        int count = mio_poll_wait(&poll, events, 8, MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        for (int i = 0; i < count; i++) {
            if (events[i].token != WAKER)
                continue;
            wakeups++;
            size_t taken = take_all(&queue, values);
            for (size_t k = 0; k < taken; k++)
                printf("%d primes below %d\n", values[k], ++results * 1000);
        }
    }
    printf("%d results in %d wake-ups\n", results, wakeups);

    /* The worker must be done with the waker before that is closed. */
    check_thread("join", pthread_join(worker, NULL));
    check("close", mio_waker_close(&queue.waker));
    check("close", mio_poll_close(&poll));
    return 0;
}

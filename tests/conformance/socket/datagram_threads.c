/* Datagrams that several threads send and receive on one socket, while another one waits. */
#define _POSIX_C_SOURCE 200809L
#include "net.h"

#include <stdatomic.h>

enum { THREADS = 3, MAX_NUMBERS = 3000 };

static struct mio_unix_datagram sender, receiver;
static atomic_int received[MAX_NUMBERS];
static atomic_int next_number, received_count;
static int numbers;

/* Sends numbers, each of them once, whichever thread takes it. */
static void *send_numbers(void *arg)
{
    int number;
    (void)arg;
    while ((number = atomic_fetch_add(&next_number, 1)) < numbers) {
        ptrdiff_t n;
        while ((n = mio_unix_datagram_send(&sender, &number, sizeof number)) == -EAGAIN)
            plain_wait(mio_source_fd(&sender.source), PLAIN_OUT);
        CHECK_EQ(n, sizeof number);
    }
    return NULL;
}

static void *receive_numbers(void *arg)
{
    (void)arg;
    while (atomic_load(&received_count) < numbers) {
        int number;
        ptrdiff_t n = mio_unix_datagram_recv(&receiver, &number, sizeof number);
        if (n == -EAGAIN) {
            plain_look(mio_source_fd(&receiver.source), PLAIN_IN, 10 * MIO_NS_PER_MS);
            continue;
        }
        CHECK_EQ(n, sizeof number);
        CHECK(number >= 0 && number < numbers);
        atomic_fetch_add(&received[number], 1);
        atomic_fetch_add(&received_count, 1);
    }
    return NULL;
}

static void any_thread_may_send_and_receive(void)
{
    struct mio_poll poll;
    struct mio_event events[4];
    struct thread senders[THREADS], receivers[THREADS];
    numbers = (int)test_scaled(1000);
    numbers = numbers < MAX_NUMBERS ? numbers : MAX_NUMBERS;
    test_poll_init(&poll);
    test_need_unix_pair(PLAIN_DATAGRAM);
    CHECK_EQ(mio_unix_datagram_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &receiver.source, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &sender.source, 2, MIO_WRITABLE), 0);
    for (int i = 0; i < THREADS; i++) {
        thread_start(&senders[i], send_numbers, NULL);
        thread_start(&receivers[i], receive_numbers, NULL);
    }
    /* Each would-block of theirs arms a direction while this wait may run. */
    while (atomic_load(&received_count) < numbers)
        CHECK(mio_poll_wait(&poll, events, 4, MIO_NS_PER_MS) >= 0);
    for (int i = 0; i < THREADS; i++) {
        thread_join(&senders[i]);
        thread_join(&receivers[i]);
    }
    for (int i = 0; i < numbers; i++)
        CHECK_EQ(atomic_load(&received[i]), 1);
    CHECK_EQ(mio_unix_datagram_close(&sender), 0);
    CHECK_EQ(mio_unix_datagram_close(&receiver), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"any_thread_may_send_and_receive", any_thread_may_send_and_receive, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_datagram_threads = {"datagram_threads", cases};

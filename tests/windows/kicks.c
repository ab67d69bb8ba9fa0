/* Requests that are refused while another thread sleeps in a wait, on a system without memory. */
#include "answers.h"

#include "system.h"

#include <stdatomic.h>

enum { QUIET, BUSY }; /* tokens */

static atomic_int sleeps; /* waits that went to sleep */
static atomic_int cancels_refused;

static BOOL WINAPI fetch_and_count(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count,
                                   DWORD milliseconds, BOOL alertable)
{
    if (milliseconds != 0)
        atomic_fetch_add(&sleeps, 1);
    return GetQueuedCompletionStatusEx(port, entries, room, count, milliseconds, alertable);
}

static BOOL WINAPI refuse_packet(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED *overlapped)
{
    (void)port, (void)bytes, (void)key, (void)overlapped;
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return FALSE;
}

/* Which is how a request is changed. */
static NTSTATUS(NTAPI *cancel)(HANDLE device, IO_STATUS_BLOCK *request, IO_STATUS_BLOCK *status);

static NTSTATUS NTAPI refuse_first_cancel(HANDLE device, IO_STATUS_BLOCK *request,
                                          IO_STATUS_BLOCK *status)
{
    if (atomic_fetch_sub(&cancels_refused, 1) > 0)
        return (NTSTATUS)0xc000009a; /* insufficient resources */
    return cancel(device, request, status);
}

static void *wait_for_busy(void *arg)
{
    return (void *)(uintptr_t)test_expect_event(arg, BUSY);
}

static void register_udp(struct mio_poll *poll, struct mio_udp_socket *udp, mio_token token)
{
    answers_udp(udp, "127.0.0.1:0");
    CHECK_EQ(mio_register(mio_poll_registry(poll), &udp->source, token, MIO_READABLE), 0);
}

static void close_udp(struct mio_poll *poll, struct mio_udp_socket *udp)
{
    CHECK_EQ(mio_deregister(mio_poll_registry(poll), &udp->source), 0);
    CHECK_EQ(mio_udp_socket_close(udp), 0);
}

/* The end of another source's request has to do for the packet. */
static void sleeping_wait_is_told_of_a_refused_request_without_a_packet(void)
{
    struct mio_udp_socket quiet, busy;
    struct mio_poll poll;
    struct mio_counters counters;
    struct thread waiter;
    char byte;
    CHECK_EQ(mio_poll_init(&poll), 0);
    register_udp(&poll, &quiet, QUIET);
    register_udp(&poll, &busy, BUSY);
    const struct mio_addr to = plain_name(mio_source_fd(&busy.source));
    CHECK_EQ(mio_udp_socket_send_to(&quiet, "1", 1, &to), 1);
    CHECK_EQ(test_expect_event(&poll, BUSY), MIO_READABLE);

    cancel = mio__calls.NtCancelIoFileEx;
    mio__calls.NtCancelIoFileEx = refuse_first_cancel;
    mio__calls.PostQueuedCompletionStatus = refuse_packet;
    mio__calls.GetQueuedCompletionStatusEx = fetch_and_count;
    atomic_store(&sleeps, 0);
    thread_start(&waiter, wait_for_busy, &poll);
    while (atomic_load(&sleeps) == 0)
        thread_yield();
    atomic_store(&cancels_refused, 1);
    CHECK_EQ(mio_udp_socket_recv(&busy, &byte, 1), 1);
    CHECK_EQ(mio_udp_socket_recv(&busy, &byte, 1), -EAGAIN); /* it is watched again, or should be */
    CHECK_EQ(mio_udp_socket_send_to(&quiet, "2", 1, &to), 1);
    CHECK_EQ((uintptr_t)thread_join(&waiter), MIO_READABLE);
    answers_of_system();
    CHECK_EQ(mio_poll_counters(&poll, &counters), 0);
    CHECK_EQ(counters.kicks, 1);
    close_udp(&poll, &quiet);
    close_udp(&poll, &busy);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"sleeping_wait_is_told_of_a_refused_request_without_a_packet",
     sleeping_wait_is_told_of_a_refused_request_without_a_packet, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_kicks = {"kicks", cases};

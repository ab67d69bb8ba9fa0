/* The error queue of a socket, which reports an error for as long as it holds something. */
#define _GNU_SOURCE 1
#include "queue/queue_util.h"
#include "tcp/tcp_util.h"

#include <linux/net_tstamp.h>
#include <sys/socket.h>

enum { TOKEN = 7 };

/* Time stamps of what is sent come by the queue. */
static void empty_error_queue(mio_fd fd)
{
    char control[512], byte;
    struct iovec part = {&byte, 1};
    for (;;) {
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};
        if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0)
            break;
    }
    CHECK_EQ(errno, EAGAIN);
}

/* An error was told and taken: the peer's end is told even so, whatever the interest. */
static void check_end_after_an_error(mio_interest interest, bool resets)
{
    const int stamps = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    struct mio_event event;
    uint32_t ready = 0;
    mio_fd peer;
    test_poll_init(&poll);
    test_tcp_pair(&stream, &peer);
    mio_fd fd = mio_source_fd(&stream.source);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0) {
        CHECK_EQ(mio_tcp_stream_close(&stream), 0);
        CHECK_EQ(plain_close(peer), 0);
        CHECK_EQ(mio_poll_close(&poll), 0);
        SKIP("this kernel has no time stamps");
    }
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &stream.source, TOKEN, interest), 0);
    CHECK_EQ(mio_tcp_stream_write(&stream, "x", 1), 1);
    plain_wait(fd, PLAIN_ERROR);
    test_expect_readiness(&poll, TOKEN, MIO_ERROR);
    empty_error_queue(fd);
    CHECK_EQ(mio_source_after(&stream.source, &ready, MIO_READABLE, -EAGAIN, 0), 0);
    while (mio_poll_wait(&poll, &event, 1, TEST_QUIET) == 1) /* writable, told again on poll */
        CHECK(!(event.readiness & MIO_READ_CLOSED));
    if (resets)
        plain_reset_on_close(peer);
    CHECK_EQ(plain_close(peer), 0);
    test_expect_readiness(&poll, TOKEN, MIO_READ_CLOSED);
    CHECK_EQ(mio_tcp_stream_close(&stream), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void end_is_told_after_an_error_that_was_taken(void)
{
    queue_need_datagram_errors(); /* nor is there an error queue */
    for (int resets = 0; resets < 2; resets++) {
        check_end_after_an_error(MIO_READ_CLOSED, resets);
        check_end_after_an_error(MIO_READ_CLOSED | MIO_WRITABLE, resets);
        check_end_after_an_error(MIO_READABLE, resets);
    }
    check_end_after_an_error(MIO_WRITABLE, true);
}

static const struct test_case cases[] = {
    {"end_is_told_after_an_error_that_was_taken", end_is_told_after_an_error_that_was_taken,
     TEST_EDGE},
    {NULL, NULL, 0},
};

const struct test_suite suite_error_queue = {"error_queue", cases};

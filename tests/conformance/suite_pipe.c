/* Pipes. */
#include "suites.h"

static void the_end_comes_after_the_bytes(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    char buf[8];
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), 3);
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 3);
    CHECK_EQ(mio_pipe_receiver_read(&receiver, buf, sizeof buf), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
}

static void nobody_reads(void)
{
    struct mio_pipe_sender sender;
    struct mio_pipe_receiver receiver;
    CHECK_EQ(mio_pipe_pair(&sender, &receiver), 0);
    CHECK_EQ(mio_pipe_receiver_close(&receiver), 0);
    CHECK_EQ(mio_pipe_sender_write(&sender, "abc", 3), -EPIPE); /* SIGPIPE would end us */
    CHECK_EQ(mio_pipe_sender_close(&sender), 0);
}

static const struct test_case cases[] = {
    {"the_end_comes_after_the_bytes", the_end_comes_after_the_bytes, 0},
    {"nobody_reads", nobody_reads, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_pipe = {"pipe", cases};

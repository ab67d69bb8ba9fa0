/* Streams in the Unix domain. */
#include "suites.h"

static void pairs_are_connected(void)
{
    struct mio_unix_stream a, b;
    char buf[8];
    CHECK_EQ(mio_unix_stream_pair(&a, &b), 0);
    CHECK_EQ(mio_unix_stream_read(&b, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_unix_stream_write(&a, "abc", 3), 3);
    CHECK_EQ(mio_unix_stream_read(&b, buf, sizeof buf), 3);
    CHECK_EQ(mio_unix_stream_close(&a), 0);
    CHECK_EQ(mio_unix_stream_read(&b, buf, sizeof buf), 0);
    CHECK_EQ(mio_unix_stream_write(&b, "abc", 3), -EPIPE);
    CHECK_EQ(mio_unix_stream_close(&b), 0);
}

static const struct test_case cases[] = {
    {"pairs_are_connected", pairs_are_connected, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_stream = {"unix_stream", cases};

/* The life of a source: closed, moved, abandoned, with a descriptor closed behind its back. */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7 };

/* ---- Closed and open ------------------------------------------------------------------------- */

static void check_closed(struct mio_source *source, struct mio_registry *registry)
{
    CHECK_EQ(mio_register(registry, source, TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_reregister(registry, source, TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_deregister(registry, source), -EBADF);
    CHECK_EQ(mio_source_blocked(source, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_source_abandon(source), -EBADF);
    CHECK(!mio_source_is_registered(source));
    CHECK_EQ(mio_source_fd(source), MIO_FD_NONE);
}

static void zeroed_source_is_closed(void)
{
    static struct mio_source source;
    struct mio_poll poll;
    test_poll_init(&poll);
    check_closed(&source, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void negative_descriptor_makes_a_closed_source(void)
{
    static const mio_fd negative[] = {(mio_fd)-1, (mio_fd)-2, (mio_fd)INT32_MIN};
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    for (size_t i = 0; i < sizeof negative / sizeof negative[0]; i++) {
        memset(&source, 0xa5, sizeof source);
        CHECK_EQ(mio_source_init_fd(&source, negative[i]), -EBADF);
        check_closed(&source, mio_poll_registry(&poll));
    }
    CHECK_EQ(mio_source_init_fd(NULL, 0), -EINVAL);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void source_knows_its_descriptor_and_whether_it_is_registered(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    memset(&source, 0xa5, sizeof source);
    CHECK_EQ(mio_source_init_fd(&source, 0), 0);
    CHECK_EQ(mio_source_fd(&source), 0);
    memset(&source, 0xa5, sizeof source);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_source_fd(&source), fd);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_source_fd(&source), fd);
    CHECK(mio_source_is_registered(&source));
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK(mio_source_is_registered(&source));
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_source_fd(&source), fd);
    CHECK_EQ(mio_source_fd(NULL), MIO_FD_NONE);
    CHECK(!mio_source_is_registered(NULL));
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void blocked_checks_its_arguments(void)
{
    static const uint32_t invalid[] = {0,
                                       MIO_PRIORITY,
                                       MIO_ERROR,
                                       MIO_READABLE | MIO_PRIORITY,
                                       MIO_READABLE | MIO_READ_CLOSED,
                                       MIO_WRITABLE | MIO_LEVEL,
                                       0xffffffffu};
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_source_blocked(NULL, MIO_READABLE), -EINVAL);
    for (int registered = 0; registered < 2; registered++) {
        for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
            CHECK_EQ(mio_source_blocked(&source, invalid[i]), -EINVAL);
        CHECK_EQ(mio_source_blocked(&source, MIO_READABLE), 0);
        CHECK_EQ(mio_source_blocked(&source, MIO_WRITABLE), 0);
        CHECK_EQ(mio_source_blocked(&source, MIO_READABLE | MIO_WRITABLE), 0);
        if (!registered)
            CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    }
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- Moved ----------------------------------------------------------------------------------- */

static void moved_source_still_works(void)
{
    struct mio_poll poll;
    struct mio_source source, moved;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    const mio_interest interest = MIO_READABLE | test_config.mode;
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, interest), 0);
    memcpy(&moved, &source, sizeof moved);
    memset(&source, 0xa5, sizeof source);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_register(registry, &moved, 1, interest), -EEXIST);
    CHECK_EQ(mio_source_blocked(&moved, MIO_READABLE), 0);
    CHECK_EQ(mio_reregister(registry, &moved, 1, interest), 0);
    memcpy(&source, &moved, sizeof source);
    memset(&moved, 0xa5, sizeof moved);
    CHECK_EQ(test_expect_event(&poll, 1), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* Every type, in the middle of its work. */
static void moved_object_still_works(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel, moved;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    const mio_interest interest = MIO_READABLE | test_config.mode;
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(registry, channel.source, TOKEN, interest), 0);
    channel_send(&channel, "data", 4);
    channel_move(&moved, &channel);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK(channel_drain(&moved) >= 4);
    CHECK_EQ(mio_reregister(registry, moved.source, 1, interest), 0);
    channel_move(&channel, &moved);
    channel_send(&channel, "data", 4);
    CHECK_EQ(test_expect_event(&poll, 1), MIO_READABLE);
    channel_close(&channel, registry);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_READER, moved_object_still_works)

/* ---- Closed ---------------------------------------------------------------------------------- */

/* A duplicate keeps the object of the system alive, which would go on to report it. */
static void closed_object_is_silent_even_beside_a_duplicate(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(registry, channel.source, TOKEN,
                          MIO_READABLE | MIO_WRITABLE | test_config.mode),
             0);
    mio_fd duplicate = plain_duplicate(channel.fd);
    channel_close_own(&channel, registry);
    if (!channel_is_raw(&channel))
        check_closed(channel.source, registry);
    channel_send(&channel, "data", 4);
    CHECK(plain_wait(duplicate, PLAIN_IN) & PLAIN_IN);
    test_expect_no_event(&poll);
    /* Nothing is left of the registration that would keep the poll open. */
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(duplicate), 0);
    channel_close_peer(&channel);
}
/* Not over a loop: it has no peer that could make the duplicate ready. */
DEFINE_CASES(EACH_PIPE_READER, closed_object_is_silent_even_beside_a_duplicate)
DEFINE_CASES(EACH_SOCKET, closed_object_is_silent_even_beside_a_duplicate)

/* ---- A descriptor closed behind the library's back ------------------------------------------- */

static void deregister_unregisters_even_when_the_system_refuses(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(plain_close(fd), 0);
    int result = mio_deregister(registry, &source);
    if (queue_is_epoll(&poll))
        CHECK_EQ(result, -EBADF);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_deregister(registry, &source), -ENOENT);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void reregister_of_a_closed_descriptor_changes_nothing(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), -EBADF);
    CHECK(mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    CHECK_EQ(mio_source_abandon(&source), 0);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* The number belongs to somebody else by now, whose registration must survive. */
static void abandon_leaves_the_new_owner_of_the_number_alone(void)
{
    struct mio_poll poll;
    struct mio_source source, owner;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    mio_fd other = queue_loop(&owner, true);
    plain_replace(fd, other);
    CHECK_EQ(plain_close(other), 0);
    CHECK_EQ(mio_source_init_fd(&owner, fd), 0);
    /* Only the kernel's own table knows that the number means something else now. */
    if (queue_has_kernel_edges(&poll))
        CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), -ENOENT);
    CHECK(mio_source_is_registered(&source));
    CHECK_EQ(mio_register(registry, &owner, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_source_abandon(&source), 0);
    CHECK_EQ(mio_source_abandon(&source), 0);
    CHECK_EQ(mio_source_fd(&source), fd);
    CHECK_EQ(test_expect_event(&poll, 1), MIO_READABLE);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    CHECK_EQ(mio_deregister(registry, &owner), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void abandoned_source_is_open_and_unregistered(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_source_abandon(NULL), -EINVAL);
    CHECK_EQ(mio_source_abandon(&source), 0);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_source_abandon(&source), 0);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_deregister(registry, &source), -ENOENT);
    /* No system call was made: the kernel's queue goes on to report the open descriptor. */
    if (queue_has_kernel_edges(&poll))
        CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    else
        test_expect_no_event(&poll);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A hang-up must not cost a source its registration. */
static void defect_03_hang_up_keeps_the_registration(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    const mio_interest interest = MIO_READABLE | test_config.mode;
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(registry, channel.source, TOKEN, interest), 0);
    channel_close_peer(&channel);
    CHECK(test_expect_event(&poll, TOKEN) & MIO_READABLE);
    CHECK_EQ(mio_source_blocked(channel.source, MIO_READABLE), 0);
    CHECK_EQ(mio_reregister(registry, channel.source, 1, interest), 0);
    CHECK(test_expect_event(&poll, 1) & MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, channel.source), 0);
    test_expect_no_event(&poll);
    channel_close(&channel, registry);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_STREAM, defect_03_hang_up_keeps_the_registration)
DEFINE_CASES(EACH_PIPE_WRITER, defect_03_hang_up_keeps_the_registration)

/* clang-format off */
static const struct test_case cases[] = {
    {"zeroed_source_is_closed", zeroed_source_is_closed, 0},
    {"negative_descriptor_makes_a_closed_source", negative_descriptor_makes_a_closed_source, 0},
    {"source_knows_its_descriptor_and_whether_it_is_registered",
     source_knows_its_descriptor_and_whether_it_is_registered, 0},
    {"blocked_checks_its_arguments", blocked_checks_its_arguments, 0},
    {"moved_source_still_works", moved_source_still_works, TEST_ANY_MODE},
    CASES(EACH_READER, moved_object_still_works, TEST_ANY_MODE)
    CASES(EACH_PIPE_READER, closed_object_is_silent_even_beside_a_duplicate, TEST_ANY_MODE)
    CASES(EACH_SOCKET, closed_object_is_silent_even_beside_a_duplicate, TEST_ANY_MODE)
    {"deregister_unregisters_even_when_the_system_refuses",
     deregister_unregisters_even_when_the_system_refuses, 0},
    {"reregister_of_a_closed_descriptor_changes_nothing",
     reregister_of_a_closed_descriptor_changes_nothing, 0},
    {"abandon_leaves_the_new_owner_of_the_number_alone",
     abandon_leaves_the_new_owner_of_the_number_alone, 0},
    {"abandoned_source_is_open_and_unregistered", abandoned_source_is_open_and_unregistered, 0},
    CASES(EACH_STREAM, defect_03_hang_up_keeps_the_registration, TEST_ANY_MODE)
    CASES(EACH_PIPE_WRITER, defect_03_hang_up_keeps_the_registration, TEST_ANY_MODE)
    {NULL, NULL, 0},
};
/* clang-format on */

const struct test_suite suite_source = {"source", cases};

/*
 * mio_watch: one call that sets the interest, whatever the state, also after somebody else closed
 * the descriptor.
 */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7, OTHER = 8 };

/* ---- Whatever the state ---------------------------------------------------------------------- */

static void interest_is_set_whatever_the_state(void)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    channel_open(&channel, CHANNEL_UNIX);
    CHECK_EQ(mio_watch(registry, channel.source, TOKEN, 0), 0);
    CHECK(!mio_source_is_registered(channel.source));
    channel_send(&channel, "x", 1);
    CHECK_EQ(mio_watch(registry, channel.source, TOKEN, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_watch(registry, channel.source, OTHER, MIO_WRITABLE | test_config.mode), 0);
    CHECK_EQ(test_expect_event(&poll, OTHER) & MIO_WRITABLE, MIO_WRITABLE);
    CHECK_EQ(mio_watch(registry, channel.source, OTHER, 0), 0);
    CHECK(!mio_source_is_registered(channel.source));
    test_expect_no_event(&poll);
    CHECK_EQ(mio_watch(registry, channel.source, TOKEN, 0), 0);
    channel_close(&channel, registry);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* A bit that the poll does not know; there is one on every system. */
static mio_interest unknown_to(const struct mio_poll *poll)
{
    return mio_poll_features(poll) & MIO_LIO ? MIO_PRIORITY : MIO_LIO;
}

static void refused_calls_change_nothing(void)
{
    static struct mio_source closed;
    static struct mio_poll closed_poll;
    static const mio_interest invalid[] = {MIO_LEVEL, MIO_ONESHOT | MIO_LEVEL, MIO_ERROR,
                                           MIO_READABLE | 0x400u};
    struct mio_poll poll, foreign;
    struct mio_source source;
    test_poll_init(&poll);
    test_poll_init(&foreign);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_watch(NULL, &source, TOKEN, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_watch(registry, NULL, TOKEN, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_watch(registry, NULL, TOKEN, 0), -EINVAL);
    CHECK_EQ(mio_watch(mio_poll_registry(&closed_poll), &source, TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_watch(mio_poll_registry(&closed_poll), &source, TOKEN, 0), -EBADF);
    CHECK_EQ(mio_watch(registry, &closed, TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_watch(registry, &closed, TOKEN, 0), -EBADF);
    CHECK_EQ(mio_watch(registry, &source, TOKEN, unknown_to(&poll)), -ENOTSUP);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        CHECK_EQ(mio_watch(registry, &source, OTHER, invalid[i]), -EINVAL);
    CHECK_EQ(mio_watch(registry, &source, OTHER, unknown_to(&poll)), -ENOTSUP);
    CHECK_EQ(mio_watch(mio_poll_registry(&foreign), &source, OTHER, MIO_READABLE), -EEXIST);
    CHECK_EQ(mio_watch(mio_poll_registry(&foreign), &source, OTHER, 0), -EEXIST);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&foreign), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void system_refuses_what_cannot_be_watched(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    mio_fd fd = plain_folder();
    CHECK_EQ(mio_source_init_fd(&source, fd), 0);
    CHECK_EQ(mio_watch(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), -EPERM);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_watch(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), -EBADF);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Closed by somebody else ----------------------------------------------------------------- */

/* Opens a descriptor under a number that is free. */
static void take_number(mio_fd fd, bool ready)
{
    struct mio_source fresh;
    mio_fd other = queue_loop(&fresh, ready);
    if (other != fd) {
        plain_replace(fd, other);
        CHECK_EQ(plain_close(other), 0);
    }
}

/* Closes the descriptor of a registered source and opens another one under the same number. */
static void reopen(mio_fd fd, bool ready)
{
    CHECK_EQ(plain_close(fd), 0);
    take_number(fd, ready);
}

static void number_that_was_given_out_again_is_watched(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE | test_config.mode), 0);
    for (int round = 0; round < 3; round++) {
        reopen(fd, true);
        CHECK_EQ(mio_watch(registry, &source, OTHER, MIO_READABLE | test_config.mode), 0);
        CHECK_EQ(test_expect_event(&poll, OTHER), MIO_READABLE);
    }
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* The same after a wait in which the backend may have noticed. */
static void number_is_watched_again_after_a_wait(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(plain_close(fd), 0);
    test_expect_no_event(&poll);
    take_number(fd, true);
    CHECK_EQ(mio_watch(registry, &source, OTHER, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(test_expect_event(&poll, OTHER), MIO_READABLE);
    CHECK_EQ(mio_watch(registry, &source, OTHER, 0), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void closed_descriptor_ends_unregistered(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (mio_interest interest = 0; interest <= MIO_READABLE; interest += MIO_READABLE) {
        mio_fd fd = queue_loop(&source, false);
        CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), 0);
        CHECK_EQ(plain_close(fd), 0);
        CHECK_EQ(mio_watch(registry, &source, TOKEN, interest), interest == 0 ? 0 : -EBADF);
        CHECK(!mio_source_is_registered(&source));
    }
    CHECK_EQ(mio_poll_close(&poll), 0); /* nothing is counted as registered */
}

#ifndef MIO_NO_NET
/* Of a socket type: what other backends find in the system, poll finds in its next wait. */
static void closed_socket_object_ends_unregistered(void)
{
    struct mio_poll poll;
    struct mio_tcp_stream stream;
    mio_fd peer;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    test_tcp_pair(&stream, &peer);
    CHECK_EQ(mio_watch(registry, &stream.source, TOKEN, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(plain_close(mio_source_fd(&stream.source)), 0);
    test_expect_no_event(&poll);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_watch(registry, &stream.source, OTHER, MIO_READABLE | test_config.mode),
                 -EBADF);
        CHECK(!mio_source_is_registered(&stream.source));
        test_expect_no_event(&poll);
    }
    CHECK_EQ(plain_close(peer), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
#endif

static void number_of_a_directory_ends_unregistered(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    if (queue_is_kqueue(&poll)) {
        CHECK_EQ(mio_poll_close(&poll), 0);
        SKIP("a kqueue takes folders, and a change does not look at what the number means");
    }
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), 0);
    mio_fd folder = plain_folder();
    plain_replace(fd, folder);
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), -EPERM);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(plain_close(folder), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/*
 * While a duplicate lives epoll keeps the entry of a closed descriptor, and returns its token. When
 * the same file gets the same number again, only a modification gets hold of it.
 */
static void entry_that_outlived_a_close_is_taken_over(void)
{
    struct mio_poll poll;
    struct mio_source source;
    queue_need_epoll(); /* others keep nothing of a descriptor that was closed */
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    mio_fd duplicate = plain_duplicate(fd);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_deregister(registry, &source), -EBADF);
    CHECK(plain_loop_make_ready(duplicate));
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    plain_replace(fd, duplicate);
    CHECK_EQ(mio_register(registry, &source, OTHER, MIO_READABLE | test_config.mode), -EEXIST);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_watch(registry, &source, OTHER, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(test_expect_event(&poll, OTHER), MIO_READABLE);
    CHECK_EQ(mio_watch(registry, &source, OTHER, 0), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(plain_close(duplicate), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void later_object_over_one_descriptor_wins(void)
{
    struct mio_poll poll;
    struct mio_source first, second;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&first, true);
    CHECK_EQ(mio_source_init_fd(&second, fd), 0);
    CHECK_EQ(mio_watch(registry, &first, TOKEN, MIO_READABLE | MIO_LEVEL), 0);
    CHECK_EQ(mio_watch(registry, &second, OTHER, MIO_READABLE | MIO_LEVEL), 0);
    struct mio_event events[4];
    int n = mio_poll_wait(&poll, events, 4, TEST_SOON);
    if (queue_has_kernel_edges(&poll)) {
        CHECK_EQ(n, 1);
        CHECK_EQ(events[0].token, OTHER);
    } else {
        CHECK_EQ(n, 2);
    }
    CHECK_EQ(mio_source_abandon(&first), 0);
    CHECK_EQ(test_expect_event(&poll, OTHER), MIO_READABLE);
    CHECK_EQ(mio_watch(registry, &second, OTHER, 0), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Custom sources -------------------------------------------------------------------------- */

static int custom_result;
static int custom_adds, custom_changes, custom_removes;

static int custom_add(struct mio_registry *registry, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    (void)registry, (void)source, (void)token, (void)interest;
    custom_adds++;
    return custom_result;
}

static int custom_change(struct mio_registry *registry, struct mio_source *source, mio_token token,
                         mio_interest interest)
{
    (void)registry, (void)source, (void)token, (void)interest;
    custom_changes++;
    return custom_result;
}

static int custom_remove(struct mio_registry *registry, struct mio_source *source)
{
    (void)registry, (void)source;
    custom_removes++;
    return custom_result;
}

static void check_custom_calls(int adds, int changes, int removes)
{
    CHECK_EQ(custom_adds, adds);
    CHECK_EQ(custom_changes, changes);
    CHECK_EQ(custom_removes, removes);
}

static void custom_sources_are_not_recovered(void)
{
    static const struct mio_source_ops ops = {custom_add, custom_change, custom_remove};
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_source_init_custom(&source, &ops), 0);
    custom_result = -EEXIST;
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), -EEXIST);
    check_custom_calls(1, 0, 0);
    custom_result = 0;
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), 0);
    check_custom_calls(2, 1, 0);
    custom_result = -ENOENT; /* as every failed change, it ends the registration */
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), -ENOENT);
    check_custom_calls(2, 2, 1);
    CHECK(!mio_source_is_registered(&source));
    custom_result = 0;
    CHECK_EQ(mio_watch(registry, &source, TOKEN, MIO_READABLE), 0);
    custom_result = -ENOENT;
    CHECK_EQ(mio_watch(registry, &source, TOKEN, 0), -ENOENT);
    check_custom_calls(3, 2, 2);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"interest_is_set_whatever_the_state", interest_is_set_whatever_the_state, TEST_ANY_MODE},
    {"refused_calls_change_nothing", refused_calls_change_nothing, 0},
    {"system_refuses_what_cannot_be_watched", system_refuses_what_cannot_be_watched, 0},
    {"number_that_was_given_out_again_is_watched", number_that_was_given_out_again_is_watched,
     TEST_ANY_MODE},
    {"number_is_watched_again_after_a_wait", number_is_watched_again_after_a_wait, TEST_ANY_MODE},
    {"closed_descriptor_ends_unregistered", closed_descriptor_ends_unregistered, 0},
#ifndef MIO_NO_NET
    {"closed_socket_object_ends_unregistered", closed_socket_object_ends_unregistered,
     TEST_ANY_MODE},
#endif
    {"number_of_a_directory_ends_unregistered", number_of_a_directory_ends_unregistered, 0},
    {"entry_that_outlived_a_close_is_taken_over", entry_that_outlived_a_close_is_taken_over,
     TEST_ANY_MODE},
    {"later_object_over_one_descriptor_wins", later_object_over_one_descriptor_wins, 0},
    {"custom_sources_are_not_recovered", custom_sources_are_not_recovered, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_watch = {"watch", cases};

/* register, reregister, deregister: what they refuse, and what they change. */
#include "queue/queue_util.h"

enum { TOKEN = 7 };

/* ---- What is refused ------------------------------------------------------------------------- */

static void null_is_invalid(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_register(NULL, &source, TOKEN, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_register(registry, NULL, TOKEN, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_reregister(NULL, &source, TOKEN, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_reregister(registry, NULL, TOKEN, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_deregister(NULL, &source), -EINVAL);
    CHECK_EQ(mio_deregister(registry, NULL), -EINVAL);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static const mio_interest invalid_interests[] = {
    0,
    MIO_LEVEL,
    MIO_ONESHOT,
    MIO_LEVEL | MIO_ONESHOT,
    MIO_ERROR,
    MIO_WRITE_CLOSED,
    MIO_READABLE | MIO_ERROR,
    MIO_WRITABLE | MIO_WRITE_CLOSED,
    MIO_READABLE | 0x400u,
    MIO_READABLE | 0x80000000u,
    0xffffffffu,
    MIO_AIO | 0x400u, /* the interest is looked at before the capability */
};
enum { INVALID_INTERESTS = sizeof invalid_interests / sizeof invalid_interests[0] };

static void invalid_interest_is_refused(void)
{
    static struct mio_source closed;
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    for (int i = 0; i < INVALID_INTERESTS; i++) {
        CHECK_EQ(mio_register(registry, &source, TOKEN, invalid_interests[i]), -EINVAL);
        CHECK(!mio_source_is_registered(&source));
        /* Before the state of the source: closed, not registered. */
        CHECK_EQ(mio_register(registry, &closed, TOKEN, invalid_interests[i]), -EINVAL);
        CHECK_EQ(mio_reregister(registry, &source, TOKEN, invalid_interests[i]), -EINVAL);
    }
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    for (int i = 0; i < INVALID_INTERESTS; i++) {
        CHECK_EQ(mio_register(registry, &source, 1, invalid_interests[i]), -EINVAL);
        CHECK_EQ(mio_reregister(registry, &source, 1, invalid_interests[i]), -EINVAL);
    }
    /* Nothing was changed, and nothing armed again. */
    test_expect_no_event(&poll);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void unknown_capability_is_unsupported(void)
{
    static const mio_interest bits[] = {MIO_PRIORITY, MIO_READ_CLOSED, MIO_AIO, MIO_LIO,
                                        MIO_AIO | MIO_LIO};
    static struct mio_source closed;
    struct mio_poll poll;
    struct mio_source source, registered;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    mio_fd other = queue_loop(&registered, false);
    CHECK_EQ(mio_register(registry, &registered, TOKEN, MIO_READABLE), 0);
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        mio_interest interest = MIO_READABLE | bits[i];
        if ((mio_poll_features(&poll) & bits[i]) == bits[i])
            continue;
        CHECK_EQ(mio_register(registry, &source, TOKEN, bits[i]), -ENOTSUP);
        CHECK_EQ(mio_register(registry, &source, TOKEN, interest | MIO_LEVEL), -ENOTSUP);
        CHECK(!mio_source_is_registered(&source));
        CHECK_EQ(mio_register(registry, &closed, TOKEN, interest), -ENOTSUP);
        CHECK_EQ(mio_register(registry, &registered, TOKEN, interest), -ENOTSUP);
        CHECK_EQ(mio_reregister(registry, &source, TOKEN, interest), -ENOTSUP);
        CHECK_EQ(mio_reregister(registry, &registered, TOKEN, interest), -ENOTSUP);
        CHECK(mio_source_is_registered(&registered));
    }
    CHECK_EQ(mio_deregister(registry, &registered), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(plain_close(other), 0);
}

static void unwatchable_file_is_refused(struct mio_registry *registry, mio_fd fd)
{
    struct mio_source source;
    CHECK_EQ(mio_source_init_fd(&source, fd), 0);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), -EPERM);
    CHECK(!mio_source_is_registered(&source));
}

static void defect_26_misuse_is_found_on_every_backend(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_deregister(registry, &source), -ENOENT);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), -ENOENT);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_register(registry, &source, 1, MIO_WRITABLE), -EEXIST);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(mio_deregister(registry, &source), -ENOENT);
    mio_fd file = plain_file();
    unwatchable_file_is_refused(registry, file);
    CHECK_EQ(plain_close(file), 0);
    mio_fd directory = plain_folder();
    unwatchable_file_is_refused(registry, directory);
    CHECK_EQ(plain_close(directory), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void bad_descriptor_is_refused(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(plain_close(queue_loop(&source, true)), 0);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), -EBADF);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_deregister(registry, &source), -ENOENT);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void second_object_over_a_descriptor_is_found_by_epoll(void)
{
    struct mio_poll poll;
    struct mio_source source, twin;
    queue_need_epoll();
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_source_init_fd(&twin, fd), 0);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_register(registry, &twin, 1, MIO_READABLE), -EEXIST);
    CHECK(!mio_source_is_registered(&twin));
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(mio_register(registry, &twin, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_deregister(registry, &twin), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- Two polls ------------------------------------------------------------------------------- */

static void foreign_registry_is_refused(void)
{
    struct mio_poll poll, foreign;
    struct mio_source source;
    test_poll_init(&poll);
    test_poll_init(&foreign);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_reregister(mio_poll_registry(&foreign), &source, 1, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_deregister(mio_poll_registry(&foreign), &source), -EINVAL);
    CHECK(mio_source_is_registered(&source));
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    test_expect_no_event(&foreign);
    CHECK_EQ(mio_poll_close(&foreign), 0);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void defect_15_refused_register_leaves_the_source_where_it_was(void)
{
    struct mio_poll poll, second;
    struct mio_source source;
    test_poll_init(&poll);
    test_poll_init(&second);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&second), &source, 1, MIO_READABLE), -EEXIST);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN + 1, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN + 1), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    test_expect_no_event(&second);
    /* A source is bound to no poll for life. */
    CHECK_EQ(mio_register(mio_poll_registry(&second), &source, 1, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&second, 1), MIO_READABLE);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(mio_deregister(mio_poll_registry(&second), &source), 0);
    CHECK_EQ(mio_poll_close(&second), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- What is changed ------------------------------------------------------------------------- */

static void reregister_replaces_token_and_interest(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    channel_open(&channel, kind);
    CHECK_EQ(mio_register(registry, channel.source, 1, MIO_READABLE | test_config.mode), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_reregister(registry, channel.source, 2, MIO_WRITABLE | test_config.mode), 0);
    CHECK_EQ(test_expect_event(&poll, 2), MIO_WRITABLE);
    channel_send(&channel, "data", 4);
    channel_await_bytes(&channel, 4);
    CHECK_EQ(mio_reregister(registry, channel.source, 3, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(test_expect_event(&poll, 3), MIO_READABLE);
    CHECK_EQ(
        mio_reregister(registry, channel.source, 4, MIO_READABLE | MIO_WRITABLE | test_config.mode),
        0);
    CHECK_EQ(test_expect_readiness(&poll, 4, MIO_READABLE | MIO_WRITABLE),
             MIO_READABLE | MIO_WRITABLE);
    CHECK_EQ(channel_drain(&channel), 4);
    CHECK_EQ(mio_reregister(registry, channel.source, 5, MIO_READABLE | test_config.mode), 0);
    test_expect_no_event(&poll);
    channel_close(&channel, registry);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_SOCKET, reregister_replaces_token_and_interest)

static void reregister_reports_what_is_still_ready(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    const mio_interest interest = MIO_READABLE | test_config.mode;
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, interest), 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
        CHECK_EQ(mio_reregister(registry, &source, TOKEN, interest), 0);
    }
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void register_works_again_after_deregister(enum channel_kind kind)
{
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    const mio_interest interest = MIO_READABLE | test_config.mode;
    channel_open(&channel, kind);
    channel_send(&channel, "data", 4);
    for (mio_token token = 1; token < 5; token++) {
        CHECK_EQ(mio_register(registry, channel.source, token, interest), 0);
        CHECK(mio_source_is_registered(channel.source));
        CHECK_EQ(mio_register(registry, channel.source, 9, interest), -EEXIST);
        CHECK_EQ(test_expect_event(&poll, token), MIO_READABLE);
        CHECK_EQ(mio_deregister(registry, channel.source), 0);
        CHECK_EQ(mio_deregister(registry, channel.source), -ENOENT);
        CHECK(!mio_source_is_registered(channel.source));
        test_expect_no_event(&poll);
    }
    channel_close(&channel, registry);
    CHECK_EQ(mio_poll_close(&poll), 0);
}
DEFINE_CASES(EACH_READER, register_works_again_after_deregister)

static void deregistered_source_is_not_reported(void)
{
    struct mio_poll poll;
    struct mio_source source, other;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    mio_fd other_fd = queue_loop(&other, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(mio_register(registry, &other, 1, MIO_READABLE | test_config.mode), 0);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(test_expect_event(&poll, 1), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &other), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(plain_close(other_fd), 0);
}

static void every_token_comes_back_intact(void)
{
    struct mio_poll poll;
    struct mio_source source;
    struct mio_event event;
    const mio_token tokens[] = {
        0, 1, UINTPTR_MAX, UINTPTR_MAX - 1, UINTPTR_MAX / 2 + 1, 0x80000000u, (mio_token)&poll};
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        CHECK_EQ(mio_reregister(registry, &source, tokens[i], MIO_READABLE), 0);
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        CHECK(event.token == tokens[i]);
        CHECK_EQ(mio_deregister(registry, &source), 0);
        CHECK_EQ(mio_register(registry, &source, tokens[i], MIO_READABLE), 0);
        CHECK_EQ(mio_poll_wait(&poll, &event, 1, TEST_SOON), 1);
        CHECK(event.token == tokens[i]);
    }
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

/* clang-format off */
static const struct test_case cases[] = {
    {"null_is_invalid", null_is_invalid, 0},
    {"invalid_interest_is_refused", invalid_interest_is_refused, 0},
    {"unknown_capability_is_unsupported", unknown_capability_is_unsupported, 0},
    {"defect_26_misuse_is_found_on_every_backend", defect_26_misuse_is_found_on_every_backend, 0},
    {"bad_descriptor_is_refused", bad_descriptor_is_refused, 0},
    {"second_object_over_a_descriptor_is_found_by_epoll",
     second_object_over_a_descriptor_is_found_by_epoll, 0},
    {"foreign_registry_is_refused", foreign_registry_is_refused, 0},
    {"defect_15_refused_register_leaves_the_source_where_it_was",
     defect_15_refused_register_leaves_the_source_where_it_was, 0},
    CASES(EACH_SOCKET, reregister_replaces_token_and_interest, TEST_ANY_MODE)
    {"reregister_reports_what_is_still_ready", reregister_reports_what_is_still_ready,
     TEST_ANY_MODE},
    CASES(EACH_READER, register_works_again_after_deregister, TEST_ANY_MODE)
    {"deregistered_source_is_not_reported", deregistered_source_is_not_reported, TEST_ANY_MODE},
    {"every_token_comes_back_intact", every_token_comes_back_intact, 0},
    {NULL, NULL, 0},
};
/* clang-format on */

const struct test_suite suite_register = {"register", cases};

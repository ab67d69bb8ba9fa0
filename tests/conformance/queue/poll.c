/* Opening and closing polls and registries, and what closed ones say. */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7 };

/* ---- Opening --------------------------------------------------------------------------------- */

static void check_closed_registry(struct mio_registry *registry)
{
    struct mio_source source;
    struct mio_waker waker;
    struct mio_registry clone;
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_deregister(registry, &source), -EBADF);
    CHECK(!mio_source_is_registered(&source));
    memset(&waker, 0xa5, sizeof waker);
    CHECK_EQ(mio_waker_init(&waker, registry, TOKEN), -EBADF);
    CHECK_EQ(mio_waker_wake(&waker), -EBADF);
    CHECK_EQ(mio_waker_close(&waker), 0);
    memset(&clone, 0xa5, sizeof clone);
    CHECK_EQ(mio_registry_clone(registry, &clone), -EBADF);
    CHECK_EQ(mio_registry_close(&clone), 0);
    CHECK_EQ(mio_registry_fd(registry), MIO_FD_NONE);
    CHECK_EQ(plain_close(fd), 0);
}

static void check_closed(struct mio_poll *poll)
{
    struct mio_event event;
    struct mio_counters counters;
    CHECK_EQ(mio_poll_wait(poll, &event, 1, 0), -EBADF);
    CHECK_EQ(mio_poll_counters(poll, &counters), -EBADF);
    CHECK_EQ(mio_poll_fd(poll), MIO_FD_NONE);
    CHECK_EQ(mio_poll_features(poll), 0);
    CHECK(strcmp(mio_poll_backend_name(poll), "closed") == 0);
    CHECK(mio_poll_registry(poll) != NULL);
    check_closed_registry(mio_poll_registry(poll));
    CHECK_EQ(mio_poll_close(poll), 0);
    CHECK_EQ(mio_poll_abandon(poll), 0);
}

static void zeroed_poll_is_closed(void)
{
    static struct mio_poll poll;
    check_closed(&poll);
}

static void closed_poll_is_closed(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    check_closed(&poll);
}

static void init_overwrites_what_was_there(void)
{
    struct mio_poll poll;
    memset(&poll, 0xa5, sizeof poll);
    test_poll_init(&poll);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    memset(&poll, 0xa5, sizeof poll);
    CHECK_EQ(mio_poll_init(&poll), 0);
    test_expect_no_event(&poll);
    CHECK_EQ(mio_poll_close(&poll), 0);
    memset(&poll, 0xa5, sizeof poll);
    CHECK_EQ(mio_poll_init_with(&poll, NULL), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void null_is_invalid(void)
{
    static struct mio_poll poll;
    struct mio_registry clone;
    struct mio_counters counters;
    CHECK_EQ(mio_poll_init(NULL), -EINVAL);
    CHECK_EQ(mio_poll_init_with(NULL, &test_config.poll), -EINVAL);
    CHECK_EQ(mio_poll_close(NULL), -EINVAL);
    CHECK_EQ(mio_poll_abandon(NULL), -EINVAL);
    CHECK_EQ(mio_poll_counters(NULL, &counters), -EINVAL);
    CHECK_EQ(mio_poll_counters(&poll, NULL), -EINVAL);
    CHECK_EQ(mio_registry_clone(NULL, &clone), -EINVAL);
    CHECK_EQ(mio_registry_clone(mio_poll_registry(&poll), NULL), -EINVAL);
    CHECK_EQ(mio_registry_close(NULL), -EINVAL);
    CHECK_EQ(mio_registry_abandon(NULL), -EINVAL);
    CHECK_EQ(mio_registry_fd(NULL), MIO_FD_NONE);
    CHECK(mio_poll_registry(NULL) == NULL);
    CHECK_EQ(mio_poll_fd(NULL), MIO_FD_NONE);
    CHECK_EQ(mio_poll_features(NULL), 0);
    CHECK(strcmp(mio_poll_backend_name(NULL), "closed") == 0);
}

static void check_refused_options(const struct mio_poll_options *options, int error)
{
    struct mio_poll poll;
    memset(&poll, 0xa5, sizeof poll);
    CHECK_EQ(mio_poll_init_with(&poll, options), error);
    check_closed(&poll);
}

static void unknown_options_are_invalid(void)
{
    const size_t words = sizeof((struct mio_poll_options *)0)->reserved / sizeof(uintptr_t);
    struct mio_poll_options options = test_config.poll;
    options.backend = 99;
    check_refused_options(&options, -EINVAL);
    options = test_config.poll;
    options.waker = 99;
    check_refused_options(&options, -EINVAL);
    for (size_t i = 0; i < words; i++) {
        options = test_config.poll;
        options.reserved[i] = 1;
        check_refused_options(&options, -EINVAL);
    }
}

#ifdef MIO_FORCE_WAKER_PIPE
static void waker_left_out_of_the_build_is_unsupported(void)
{
    struct mio_poll_options options = test_config.poll;
    options.waker = MIO_WAKER_EVENTFD;
    check_refused_options(&options, -ENOTSUP);
}
#endif

static void init_without_descriptors_is_emfile(void)
{
    struct mio_poll poll;
    memset(&poll, 0xa5, sizeof poll);
    if (!descriptors_leave(0))
        SKIP("the system has no limit of descriptors");
    int result = mio_poll_init_with(&poll, &test_config.poll);
    descriptors_give_back();
    CHECK_EQ(result, -EMFILE);
    check_closed(&poll);
}

static void queue_is_not_inherited(void)
{
    struct mio_poll poll;
    queue_need_poll_fd();
    test_poll_init(&poll);
    CHECK(plain_is_open(mio_poll_fd(&poll)));
    CHECK(test_is_cloexec(mio_poll_fd(&poll)));
    CHECK_EQ(mio_registry_fd(mio_poll_registry(&poll)), mio_poll_fd(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void many_polls_leave_nothing_behind(void)
{
    static struct mio_poll polls[16];
    for (long round = test_scaled(2000); round > 0; round -= 16) {
        for (int i = 0; i < 16; i++)
            test_poll_init(&polls[i]);
        for (int i = 0; i < 16; i++)
            CHECK_EQ(mio_poll_close(&polls[i]), 0);
    }
}

static void features_are_what_register_accepts(void)
{
    static const mio_interest interests[] = {MIO_READABLE, MIO_WRITABLE, MIO_READ_CLOSED,
                                             MIO_PRIORITY, MIO_AIO,      MIO_LIO};
    struct mio_poll poll;
    struct channel channel;
    test_poll_init(&poll);
    mio_interest features = mio_poll_features(&poll);
    CHECK((features & MIO_READABLE) && (features & MIO_WRITABLE));
    CHECK((features & MIO_LEVEL) && (features & MIO_ONESHOT));
    CHECK_EQ(features & (MIO_ERROR | MIO_WRITE_CLOSED), 0);
    channel_open(&channel, CHANNEL_UNIX);
    for (size_t i = 0; i < sizeof interests / sizeof interests[0]; i++) {
        bool known = (features & interests[i]) != 0;
        int result = mio_register(mio_poll_registry(&poll), channel.source, TOKEN, interests[i]);
        CHECK_EQ(result, known ? 0 : -ENOTSUP);
        if (known)
            CHECK_EQ(mio_deregister(mio_poll_registry(&poll), channel.source), 0);
    }
    channel_close(&channel, mio_poll_registry(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void backend_has_its_name(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    CHECK(strcmp(mio_poll_backend_name(&poll), "closed") != 0);
    if (test_config.poll.backend == MIO_BACKEND_EPOLL)
        CHECK(queue_is_epoll(&poll));
    if (queue_is_epoll(&poll))
        CHECK_EQ(mio_poll_features(&poll), MIO_READABLE | MIO_WRITABLE | MIO_READ_CLOSED |
                                               MIO_PRIORITY | MIO_LEVEL | MIO_ONESHOT |
                                               MIO_CAN_SPIN);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

/* ---- Closing --------------------------------------------------------------------------------- */

/* Refused, and nothing changed: the poll still reports what becomes ready. */
static void check_busy(struct mio_poll *poll)
{
    struct mio_source source;
    CHECK_EQ(mio_poll_close(poll), -EBUSY);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_register(mio_poll_registry(poll), &source, TOKEN + 1, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(poll, TOKEN + 1), MIO_READABLE);
    CHECK_EQ(mio_deregister(mio_poll_registry(poll), &source), 0);
    CHECK_EQ(plain_close(fd), 0);
    CHECK_EQ(mio_poll_close(poll), -EBUSY);
}

static void close_with_a_source_is_busy(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &source, TOKEN, MIO_READABLE), 0);
    check_busy(&poll);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void close_with_a_waker_is_busy(void)
{
    struct mio_poll poll;
    struct mio_waker waker;
    test_poll_init(&poll);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(&poll), TOKEN), 0);
    check_busy(&poll);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_waker_close(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void close_with_a_clone_is_busy(void)
{
    struct mio_poll poll;
    struct mio_registry clone;
    test_poll_init(&poll);
    CHECK_EQ(mio_registry_clone(mio_poll_registry(&poll), &clone), 0);
    check_busy(&poll);
    CHECK_EQ(mio_registry_close(&clone), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void close_during_a_wait_is_busy(void)
{
    struct mio_poll poll;
    struct waiter waiter;
    test_poll_init(&poll);
    waiter_start(&waiter, &poll);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    waiter_stop(&waiter);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void refused_calls_do_not_count(void)
{
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, false);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), -EEXIST);
    CHECK_EQ(mio_register(registry, &source, TOKEN, 0), -EINVAL);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_deregister(registry, &source), 0);
    CHECK_EQ(mio_deregister(registry, &source), -ENOENT);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void abandon_gives_everything_up(void)
{
    struct mio_poll poll;
    struct mio_registry clone;
    struct mio_source source;
    struct mio_waker waker;
    test_poll_init(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_registry_clone(mio_poll_registry(&poll), &clone), 0);
    CHECK_EQ(mio_register(&clone, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_waker_init(&waker, &clone, TOKEN), 0);
    CHECK_EQ(mio_source_abandon(&source), 0);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    CHECK_EQ(mio_waker_abandon(&waker), 0);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    CHECK_EQ(mio_registry_abandon(&clone), 0);
    mio_fd queue = mio_poll_fd(&poll);
    CHECK_EQ(mio_poll_abandon(&poll), 0);
    CHECK(!plain_is_open(queue));
    check_closed(&poll);
    check_closed_registry(&clone);
    CHECK_EQ(mio_waker_wake(&waker), -EBADF);
    CHECK_EQ(plain_close(fd), 0);
}

/* ---- Registries ------------------------------------------------------------------------------ */

static void clone_registers_as_the_poll_does(void)
{
    struct mio_poll poll;
    struct mio_registry clone, again;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    mio_fd fd = queue_loop(&source, true);
    CHECK_EQ(mio_registry_clone(registry, &clone), 0);
    CHECK_EQ(mio_registry_clone(&clone, &again), 0);
    CHECK_EQ(mio_registry_fd(&clone), mio_poll_fd(&poll));
    CHECK_EQ(mio_register(&clone, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), -EEXIST);
    CHECK_EQ(mio_reregister(&again, &source, TOKEN + 1, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN + 1), MIO_READABLE);
    /* The registration outlives the clone it was made with. */
    CHECK_EQ(mio_registry_close(&clone), 0);
    CHECK_EQ(mio_registry_close(&clone), 0);
    check_closed_registry(&clone);
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(test_expect_event(&poll, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_deregister(&again, &source), 0);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    CHECK_EQ(mio_registry_close(&again), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(plain_close(fd), 0);
}

static void own_registry_is_no_clone(void)
{
    struct mio_poll poll;
    test_poll_init(&poll);
    CHECK_EQ(mio_registry_close(mio_poll_registry(&poll)), -EINVAL);
    CHECK_EQ(mio_registry_abandon(mio_poll_registry(&poll)), -EINVAL);
    CHECK_EQ(mio_registry_fd(mio_poll_registry(&poll)), mio_poll_fd(&poll));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void clone_of_nothing_or_of_itself_is_invalid(void)
{
    struct mio_poll poll;
    struct mio_registry clone;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_registry_clone(registry, registry), -EINVAL);
    memset(&clone, 0xa5, sizeof clone);
    CHECK_EQ(mio_registry_clone(NULL, &clone), -EINVAL);
    CHECK_EQ(mio_registry_close(&clone), 0);
    CHECK_EQ(mio_registry_clone(registry, NULL), -EINVAL);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void zeroed_registry_is_closed(void)
{
    static struct mio_registry registry;
    check_closed_registry(&registry);
    CHECK_EQ(mio_registry_close(&registry), 0);
    CHECK_EQ(mio_registry_abandon(&registry), 0);
}

/* ---- Fork ------------------------------------------------------------------------------------ */

static struct mio_poll of_parent;
static struct mio_waker waker_of_parent;

/* The number of a queue that was not inherited is somebody else's in the child. */
static void close_what_the_parent_has(void)
{
    mio_fd number = mio_poll_fd(&of_parent);
    mio_fd ends[2];
    if (number == MIO_FD_NONE || plain_is_open(number))
        SKIP("queues are inherited here");
    plain_pipe(ends);
    if (ends[0] != number && ends[1] != number)
        plain_replace(number, ends[0]);
    CHECK_EQ(mio_waker_abandon(&waker_of_parent), 0);
    CHECK_EQ(mio_poll_close(&of_parent), 0);
    CHECK(plain_is_open(number));
}

/*
 * The stranger is a queue of the child's own with the parent's number: its wakers have the idents
 * that those of the parent have.
 */
static void end_what_the_parent_has(int (*end)(struct mio_waker *waker))
{
    enum { MOST = 8 };
    struct mio_poll own[MOST];
    struct mio_waker waker;
    mio_fd number = mio_poll_fd(&of_parent);
    int count = 0;
    if (number == MIO_FD_NONE || plain_is_open(number))
        SKIP("queues are inherited here");
    do
        test_poll_init(&own[count]);
    while (mio_poll_fd(&own[count++]) != number && count < MOST);
    struct mio_poll *poll = &own[count - 1];
    CHECK_EQ(mio_poll_fd(poll), number);
    CHECK_EQ(mio_waker_init(&waker, mio_poll_registry(poll), TOKEN + 1), 0);
    CHECK_EQ(end(&waker_of_parent), 0);
    CHECK_EQ(mio_poll_abandon(&of_parent), 0);
    CHECK_EQ(mio_waker_wake(&waker), 0);
    CHECK_EQ(test_expect_event(poll, TOKEN + 1), MIO_READABLE);
    CHECK_EQ(mio_waker_close(&waker), 0);
    while (count > 0)
        CHECK_EQ(mio_poll_close(&own[--count]), 0);
}

static void abandon_the_parents_waker(void)
{
    end_what_the_parent_has(mio_waker_abandon);
}

static void close_the_parents_waker(void)
{
    end_what_the_parent_has(mio_waker_close);
}

static void check_parent_after(void (*run)(void))
{
    enum { ALL_SKIPPED = 77 };
    if (!child_is_possible())
        SKIP("no process can be copied here");
    test_poll_init(&of_parent);
    CHECK_EQ(mio_waker_init(&waker_of_parent, mio_poll_registry(&of_parent), TOKEN), 0);
    int status = test_child_status(run);
    CHECK_EQ(mio_waker_wake(&waker_of_parent), 0);
    CHECK_EQ(test_expect_event(&of_parent, TOKEN), MIO_READABLE);
    CHECK_EQ(mio_waker_close(&waker_of_parent), 0);
    CHECK_EQ(mio_poll_close(&of_parent), 0);
    CHECK_EQ(child_signal(status), 0);
    if (child_result(status) == ALL_SKIPPED)
        SKIP("queues are inherited here");
    CHECK_EQ(child_result(status), 0);
}

static void close_in_a_child_leaves_strangers_alone(void)
{
    check_parent_after(close_what_the_parent_has);
}

static void abandon_in_a_child_leaves_its_own_waker_alone(void)
{
    check_parent_after(abandon_the_parents_waker);
}

static void close_in_a_child_leaves_its_own_waker_alone(void)
{
    check_parent_after(close_the_parents_waker);
}

static const struct test_case cases[] = {
    {"close_in_a_child_leaves_strangers_alone", close_in_a_child_leaves_strangers_alone, 0},
    {"abandon_in_a_child_leaves_its_own_waker_alone", abandon_in_a_child_leaves_its_own_waker_alone,
     0},
    {"close_in_a_child_leaves_its_own_waker_alone", close_in_a_child_leaves_its_own_waker_alone, 0},
    {"zeroed_poll_is_closed", zeroed_poll_is_closed, 0},
    {"closed_poll_is_closed", closed_poll_is_closed, 0},
    {"init_overwrites_what_was_there", init_overwrites_what_was_there, 0},
    {"null_is_invalid", null_is_invalid, 0},
    {"unknown_options_are_invalid", unknown_options_are_invalid, 0},
#ifdef MIO_FORCE_WAKER_PIPE
    {"waker_left_out_of_the_build_is_unsupported", waker_left_out_of_the_build_is_unsupported, 0},
#endif
    {"init_without_descriptors_is_emfile", init_without_descriptors_is_emfile, 0},
    {"queue_is_not_inherited", queue_is_not_inherited, 0},
    {"many_polls_leave_nothing_behind", many_polls_leave_nothing_behind, 0},
    {"features_are_what_register_accepts", features_are_what_register_accepts, 0},
    {"backend_has_its_name", backend_has_its_name, 0},
    {"close_with_a_source_is_busy", close_with_a_source_is_busy, 0},
    {"close_with_a_waker_is_busy", close_with_a_waker_is_busy, 0},
    {"close_with_a_clone_is_busy", close_with_a_clone_is_busy, 0},
    {"close_during_a_wait_is_busy", close_during_a_wait_is_busy, 0},
    {"refused_calls_do_not_count", refused_calls_do_not_count, 0},
    {"abandon_gives_everything_up", abandon_gives_everything_up, 0},
    {"clone_registers_as_the_poll_does", clone_registers_as_the_poll_does, 0},
    {"own_registry_is_no_clone", own_registry_is_no_clone, 0},
    {"clone_of_nothing_or_of_itself_is_invalid", clone_of_nothing_or_of_itself_is_invalid, 0},
    {"zeroed_registry_is_closed", zeroed_registry_is_closed, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_poll = {"poll", cases};

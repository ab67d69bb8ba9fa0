/* Sources of the user's own type: here a pair of descriptors behind one source. */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7, FAILURE = -EPROTO };

struct pair {
    struct mio_source source; /* first, so that the functions find the pair */
    struct mio_source left, right;
    mio_fd left_fd, right_fd;
    int added, changed, removed; /* calls */
    bool fail_add, fail_change, fail_remove;
    struct mio_registry *registry; /* what the last call was given */
    mio_token token;
    mio_interest interest;
};

static void pair_remember(struct pair *pair, struct mio_registry *registry, mio_token token,
                          mio_interest interest)
{
    pair->registry = registry;
    pair->token = token;
    pair->interest = interest;
}

/* Fails after the left half was registered, so that it has something to undo. */
static int pair_add(struct mio_registry *registry, struct mio_source *source, mio_token token,
                    mio_interest interest)
{
    struct pair *pair = (struct pair *)source;
    pair->added++;
    pair_remember(pair, registry, token, interest);
    int result = mio_register(registry, &pair->left, token, interest);
    if (result < 0)
        return result;
    result = pair->fail_add ? FAILURE : mio_register(registry, &pair->right, token + 1, interest);
    if (result < 0)
        mio_deregister(registry, &pair->left);
    return result;
}

/* Fails after the left half was changed. */
static int pair_change(struct mio_registry *registry, struct mio_source *source, mio_token token,
                       mio_interest interest)
{
    struct pair *pair = (struct pair *)source;
    pair->changed++;
    pair_remember(pair, registry, token, interest);
    int result = mio_reregister(registry, &pair->left, token, interest);
    if (result < 0)
        return result;
    return pair->fail_change ? FAILURE
                             : mio_reregister(registry, &pair->right, token + 1, interest);
}

static int pair_remove(struct mio_registry *registry, struct mio_source *source)
{
    struct pair *pair = (struct pair *)source;
    pair->removed++;
    pair->registry = registry;
    int left = mio_deregister(registry, &pair->left);
    int right = mio_deregister(registry, &pair->right);
    if (pair->fail_remove)
        return FAILURE;
    return left < 0 ? left : right;
}

static const struct mio_source_ops pair_ops = {pair_add, pair_change, pair_remove};

static void pair_open(struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    memset(&pair->source, 0xa5, sizeof pair->source);
    CHECK_EQ(mio_source_init_custom(&pair->source, &pair_ops), 0);
    pair->left_fd = queue_loop(&pair->left, true);
    pair->right_fd = queue_loop(&pair->right, true);
}

static void pair_close(struct pair *pair)
{
    CHECK(!mio_source_is_registered(&pair->left));
    CHECK(!mio_source_is_registered(&pair->right));
    CHECK_EQ(plain_close(pair->left_fd), 0);
    CHECK_EQ(plain_close(pair->right_fd), 0);
}

static void check_calls(const struct pair *pair, int added, int changed, int removed)
{
    CHECK_EQ(pair->added, added);
    CHECK_EQ(pair->changed, changed);
    CHECK_EQ(pair->removed, removed);
}

static void expect_both(struct mio_poll *poll, mio_token token)
{
    struct mio_event events[4];
    bool left = false, right = false;
    for (int tries = 0; tries < 8 && !(left && right); tries++) {
        int n = mio_poll_wait(poll, events, 4, TEST_SOON);
        CHECK(n > 0);
        for (int i = 0; i < n; i++) {
            CHECK(events[i].token == token || events[i].token == token + 1);
            left = left || events[i].token == token;
            right = right || events[i].token == token + 1;
        }
    }
    CHECK(left && right);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

static void calls_reach_the_functions_with_their_arguments(void)
{
    struct mio_poll poll;
    struct pair pair;
    const mio_interest interest = MIO_READABLE | test_config.mode;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    pair_open(&pair);
    CHECK(!mio_source_is_registered(&pair.source));
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, interest), 0);
    check_calls(&pair, 1, 0, 0);
    CHECK(pair.registry == registry && pair.token == TOKEN && pair.interest == interest);
    CHECK(mio_source_is_registered(&pair.source));
    expect_both(&poll, TOKEN);
    CHECK_EQ(mio_reregister(registry, &pair.source, 20, interest | MIO_WRITABLE), 0);
    check_calls(&pair, 1, 1, 0);
    CHECK(pair.registry == registry && pair.token == 20);
    CHECK_EQ(pair.interest, interest | MIO_WRITABLE);
    CHECK(mio_source_is_registered(&pair.source));
    expect_both(&poll, 20);
    pair.registry = NULL;
    CHECK_EQ(mio_deregister(registry, &pair.source), 0);
    check_calls(&pair, 1, 1, 1);
    CHECK(pair.registry == registry);
    CHECK(!mio_source_is_registered(&pair.source));
    test_expect_no_event(&poll);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, interest), 0);
    expect_both(&poll, TOKEN);
    CHECK_EQ(mio_deregister(registry, &pair.source), 0);
    check_calls(&pair, 2, 1, 2);
    CHECK_EQ(mio_poll_close(&poll), 0);
    pair_close(&pair);
}

static void refused_calls_do_not_reach_the_functions(void)
{
    struct mio_poll poll, foreign;
    struct pair pair;
    test_poll_init(&poll);
    test_poll_init(&foreign);
    struct mio_registry *registry = mio_poll_registry(&poll);
    pair_open(&pair);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, 0), -EINVAL);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_LEVEL), -EINVAL);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE | MIO_ERROR), -EINVAL);
    if (!(mio_poll_features(&poll) & MIO_LIO))
        CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_LIO), -ENOTSUP);
    CHECK_EQ(mio_reregister(registry, &pair.source, TOKEN, MIO_READABLE), -ENOENT);
    CHECK_EQ(mio_deregister(registry, &pair.source), -ENOENT);
    check_calls(&pair, 0, 0, 0);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), -EEXIST);
    CHECK_EQ(mio_reregister(registry, &pair.source, TOKEN, 0), -EINVAL);
    registry = mio_poll_registry(&foreign);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), -EEXIST);
    CHECK_EQ(mio_reregister(registry, &pair.source, TOKEN, MIO_READABLE), -EINVAL);
    CHECK_EQ(mio_deregister(registry, &pair.source), -EINVAL);
    check_calls(&pair, 1, 0, 0);
    expect_both(&poll, TOKEN);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &pair.source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    CHECK_EQ(mio_poll_close(&foreign), 0);
    pair_close(&pair);
}

static void failed_add_leaves_the_source_unregistered(void)
{
    struct mio_poll poll;
    struct pair pair;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    pair_open(&pair);
    pair.fail_add = true;
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), FAILURE);
    check_calls(&pair, 1, 0, 0);
    CHECK(!mio_source_is_registered(&pair.source));
    CHECK_EQ(mio_deregister(registry, &pair.source), -ENOENT);
    test_expect_no_event(&poll);
    /* Nothing is counted any more, and the next attempt is as good as the first. */
    CHECK_EQ(mio_poll_close(&poll), 0);
    test_poll_init(&poll);
    pair.fail_add = false;
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), 0);
    expect_both(&poll, TOKEN);
    CHECK_EQ(mio_deregister(registry, &pair.source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    pair_close(&pair);
}

static void failed_change_removes_the_source(void)
{
    struct mio_poll poll;
    struct pair pair;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    for (int remove_fails = 0; remove_fails < 2; remove_fails++) {
        pair_open(&pair);
        CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), 0);
        pair.fail_change = true;
        pair.fail_remove = remove_fails != 0;
        pair.registry = NULL;
        CHECK_EQ(mio_reregister(registry, &pair.source, 20, MIO_READABLE), FAILURE);
        check_calls(&pair, 1, 1, 1);
        CHECK(pair.registry == registry);
        CHECK(!mio_source_is_registered(&pair.source));
        CHECK_EQ(mio_deregister(registry, &pair.source), -ENOENT);
        test_expect_no_event(&poll);
        pair_close(&pair);
    }
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void failed_remove_unregisters_all_the_same(void)
{
    struct mio_poll poll;
    struct pair pair;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    pair_open(&pair);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), 0);
    pair.fail_remove = true;
    CHECK_EQ(mio_deregister(registry, &pair.source), FAILURE);
    check_calls(&pair, 1, 0, 1);
    CHECK(!mio_source_is_registered(&pair.source));
    CHECK_EQ(mio_deregister(registry, &pair.source), -ENOENT);
    check_calls(&pair, 1, 0, 1);
    CHECK_EQ(mio_poll_close(&poll), 0);
    pair_close(&pair);
}

static void source_and_inner_sources_count_separately(void)
{
    struct mio_poll poll;
    struct pair pair;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    pair_open(&pair);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), 0);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    CHECK_EQ(mio_deregister(registry, &pair.left), 0);
    CHECK_EQ(mio_deregister(registry, &pair.right), 0);
    CHECK_EQ(mio_poll_close(&poll), -EBUSY);
    /* To abandon asks no function. */
    CHECK_EQ(mio_source_abandon(&pair.source), 0);
    check_calls(&pair, 1, 0, 0);
    CHECK(!mio_source_is_registered(&pair.source));
    CHECK_EQ(mio_poll_close(&poll), 0);
    pair_close(&pair);
}

static void missing_functions_are_refused(void)
{
    static const struct mio_source_ops incomplete[] = {{NULL, pair_change, pair_remove},
                                                       {pair_add, NULL, pair_remove},
                                                       {pair_add, pair_change, NULL}};
    struct mio_source source;
    CHECK_EQ(mio_source_init_custom(NULL, &pair_ops), -EINVAL);
    for (size_t i = 0; i <= sizeof incomplete / sizeof incomplete[0]; i++) {
        const struct mio_source_ops *ops =
            i < sizeof incomplete / sizeof incomplete[0] ? &incomplete[i] : NULL;
        memset(&source, 0xa5, sizeof source);
        CHECK_EQ(mio_source_init_custom(&source, ops), -EINVAL);
        CHECK(!mio_source_is_registered(&source));
        CHECK_EQ(mio_source_blocked(&source, MIO_READABLE), -EBADF);
    }
}

static void custom_source_has_no_descriptor(void)
{
    struct mio_poll poll;
    struct pair pair;
    test_poll_init(&poll);
    pair_open(&pair);
    for (int registered = 0; registered < 2; registered++) {
        CHECK_EQ(mio_source_fd(&pair.source), MIO_FD_NONE);
        CHECK_EQ(mio_source_blocked(&pair.source, MIO_READABLE), -EINVAL);
        if (!registered)
            CHECK_EQ(mio_register(mio_poll_registry(&poll), &pair.source, TOKEN, MIO_READABLE), 0);
    }
    CHECK_EQ(mio_source_blocked(&pair.left, MIO_READABLE), 0);
    CHECK_EQ(mio_deregister(mio_poll_registry(&poll), &pair.source), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    pair_close(&pair);
}

/* The inner source is the one that is registered; its error comes through. */
static void error_of_an_inner_source_reaches_the_caller(void)
{
    struct mio_poll poll;
    struct pair pair;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    pair_open(&pair);
    CHECK_EQ(mio_register(registry, &pair.right, 1, MIO_READABLE), 0);
    CHECK_EQ(mio_register(registry, &pair.source, TOKEN, MIO_READABLE), -EEXIST);
    CHECK(!mio_source_is_registered(&pair.source));
    CHECK(!mio_source_is_registered(&pair.left));
    CHECK_EQ(test_expect_event(&poll, 1), MIO_READABLE);
    CHECK_EQ(mio_deregister(registry, &pair.right), 0);
    CHECK_EQ(mio_poll_close(&poll), 0);
    pair_close(&pair);
}

/* A positive result is no success that a caller could count on. */
static int positive_result;

static int positive_add(struct mio_registry *registry, struct mio_source *source, mio_token token,
                        mio_interest interest)
{
    (void)registry, (void)source, (void)token, (void)interest;
    return positive_result;
}

static int positive_remove(struct mio_registry *registry, struct mio_source *source)
{
    (void)registry, (void)source;
    return positive_result;
}

static void positive_results_are_invalid(void)
{
    static const struct mio_source_ops ops = {positive_add, positive_add, positive_remove};
    struct mio_poll poll;
    struct mio_source source;
    test_poll_init(&poll);
    struct mio_registry *registry = mio_poll_registry(&poll);
    CHECK_EQ(mio_source_init_custom(&source, &ops), 0);
    positive_result = 1;
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), -EINVAL);
    CHECK(!mio_source_is_registered(&source));
    positive_result = 0;
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    positive_result = 1;
    CHECK_EQ(mio_reregister(registry, &source, TOKEN, MIO_READABLE), -EINVAL);
    CHECK(!mio_source_is_registered(&source));
    positive_result = 0;
    CHECK_EQ(mio_register(registry, &source, TOKEN, MIO_READABLE), 0);
    positive_result = 7;
    CHECK_EQ(mio_deregister(registry, &source), -EINVAL);
    CHECK(!mio_source_is_registered(&source));
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static const struct test_case cases[] = {
    {"calls_reach_the_functions_with_their_arguments",
     calls_reach_the_functions_with_their_arguments, TEST_ANY_MODE},
    {"refused_calls_do_not_reach_the_functions", refused_calls_do_not_reach_the_functions, 0},
    {"failed_add_leaves_the_source_unregistered", failed_add_leaves_the_source_unregistered, 0},
    {"failed_change_removes_the_source", failed_change_removes_the_source, 0},
    {"failed_remove_unregisters_all_the_same", failed_remove_unregisters_all_the_same, 0},
    {"source_and_inner_sources_count_separately", source_and_inner_sources_count_separately, 0},
    {"missing_functions_are_refused", missing_functions_are_refused, 0},
    {"custom_source_has_no_descriptor", custom_source_has_no_descriptor, 0},
    {"error_of_an_inner_source_reaches_the_caller", error_of_an_inner_source_reaches_the_caller, 0},
    {"positive_results_are_invalid", positive_results_are_invalid, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_custom = {"custom", cases};

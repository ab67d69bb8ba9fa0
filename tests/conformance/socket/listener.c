/* When listeners of every type are reported. They are drained by would-block alone. */
#include "queue/queue_util.h"

#include <string.h>

enum { TOKEN = 7, CLIENTS_MAX = 4 };

enum listener_kind { LISTENER_TCP, LISTENER_UNIX };

#define EACH_LISTENER(X, behaviour, modes)                                                         \
    X(LISTENER_TCP, tcp, behaviour, modes)                                                         \
    X(LISTENER_UNIX, unix, behaviour, modes)

/* A registered listener, and clients that are plain descriptors. */
struct fixture {
    struct mio_poll poll;
    struct mio_registry *registry;
    enum listener_kind kind;
    struct mio_source *source;
    mio_interest interest;
    struct mio_addr addr;
    union {
        struct mio_tcp_listener tcp;
        struct mio_unix_listener local;
    };
    mio_fd clients[CLIENTS_MAX];
    int connected;
};

static void fixture_open(struct fixture *fixture, enum listener_kind kind)
{
    memset(fixture, 0, sizeof *fixture);
    test_poll_init(&fixture->poll);
    fixture->registry = mio_poll_registry(&fixture->poll);
    fixture->kind = kind;
    fixture->interest = MIO_READABLE | test_config.mode;
    if (kind == LISTENER_TCP) {
        test_listen(&fixture->tcp, &fixture->addr);
        fixture->source = &fixture->tcp.source;
        return;
    }
    test_need_unix(PLAIN_STREAM);
    fixture->addr = plain_fresh_name();
    CHECK_EQ(mio_unix_listener_bind(&fixture->local, &fixture->addr), 0);
    CHECK_EQ(mio_unix_listener_local_addr(&fixture->local, &fixture->addr), 0);
    fixture->source = &fixture->local.source;
}

static void fixture_register(struct fixture *fixture)
{
    CHECK_EQ(mio_register(fixture->registry, fixture->source, TOKEN, fixture->interest), 0);
}

static void fixture_reregister(struct fixture *fixture)
{
    CHECK_EQ(mio_reregister(fixture->registry, fixture->source, TOKEN, fixture->interest), 0);
}

static int listener_close(struct fixture *fixture)
{
    return fixture->kind == LISTENER_TCP ? mio_tcp_listener_close(&fixture->tcp)
                                         : mio_unix_listener_close(&fixture->local);
}

static void fixture_close(struct fixture *fixture)
{
    for (int i = 0; i < fixture->connected; i++)
        CHECK_EQ(plain_close(fixture->clients[i]), 0);
    CHECK_EQ(listener_close(fixture), 0);
    CHECK_EQ(mio_poll_close(&fixture->poll), 0);
}

/* Returns when the connection waits to be accepted. */
static void a_client_connects(struct fixture *fixture)
{
    CHECK(fixture->connected < CLIENTS_MAX);
    fixture->clients[fixture->connected++] = test_client(&fixture->addr);
    CHECK(plain_wait(mio_source_fd(fixture->source), PLAIN_IN) & PLAIN_IN);
}

static int accept_one(struct fixture *fixture)
{
    struct mio_tcp_stream tcp = {0};
    struct mio_unix_stream local = {0};
    int result = fixture->kind == LISTENER_TCP
                     ? mio_tcp_listener_accept(&fixture->tcp, &tcp, NULL)
                     : mio_unix_listener_accept(&fixture->local, &local, NULL);
    CHECK_EQ(mio_tcp_stream_close(&tcp), 0);
    CHECK_EQ(mio_unix_stream_close(&local), 0);
    return result;
}

static void expect_as_the_mode_says(struct fixture *fixture)
{
    if (test_config.mode != MIO_LEVEL) {
        test_expect_no_event(&fixture->poll);
        return;
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(test_expect_event(&fixture->poll, TOKEN), MIO_READABLE);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

static void waiting_connection_is_told_as_often_as_the_mode_says(enum listener_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    test_expect_no_event(&fixture.poll);
    a_client_connects(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    expect_as_the_mode_says(&fixture);
    fixture_reregister(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    CHECK_EQ(accept_one(&fixture), 0);
    CHECK_EQ(accept_one(&fixture), -EAGAIN);
    fixture_reregister(&fixture);
    test_expect_no_event(&fixture.poll);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_LISTENER, waiting_connection_is_told_as_often_as_the_mode_says)

static void connection_that_waited_before_register_is_told(enum listener_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    a_client_connects(&fixture);
    fixture_register(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    expect_as_the_mode_says(&fixture);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_LISTENER, connection_that_waited_before_register_is_told)

/* A listener is never writable. */
static void interest_in_writing_is_never_met(enum listener_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture.interest = MIO_READABLE | MIO_WRITABLE | test_config.mode;
    a_client_connects(&fixture);
    fixture_register(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    fixture.interest = MIO_WRITABLE | test_config.mode;
    fixture_reregister(&fixture);
    test_expect_no_event(&fixture.poll);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_LISTENER, interest_in_writing_is_never_met)

/* The original forgets to arm listeners of Unix sockets. */
static void defect_02_drained_listener_is_told_again(enum listener_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    for (int round = 0; round < 3; round++) {
        a_client_connects(&fixture);
        if (round > 0 && (fixture.interest & MIO_ONESHOT)) {
            test_expect_no_event(&fixture.poll);
            fixture_reregister(&fixture);
        }
        CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
        CHECK_EQ(accept_one(&fixture), 0);
        CHECK_EQ(accept_one(&fixture), -EAGAIN);
        test_expect_no_event(&fixture.poll);
    }
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_LISTENER, defect_02_drained_listener_is_told_again)

/* An accept that succeeds drains nothing, however few connections are left. */
static void accepted_connection_drains_nothing(enum listener_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    for (int i = 0; i < 3; i++)
        a_client_connects(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    CHECK_EQ(accept_one(&fixture), 0);
    if (!queue_is_kqueue(&fixture.poll)) /* which may tell of the others after each accept */
        test_expect_no_event(&fixture.poll);
    /* A program that stops early asks to be told again. */
    fixture_reregister(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    CHECK_EQ(accept_one(&fixture), 0);
    CHECK_EQ(accept_one(&fixture), 0);
    test_expect_no_event(&fixture.poll);
    CHECK_EQ(accept_one(&fixture), -EAGAIN);
    a_client_connects(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_LISTENER, accepted_connection_drains_nothing)

static void deregistered_listener_is_silent_and_accepts(enum listener_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    CHECK_EQ(mio_deregister(fixture.registry, fixture.source), 0);
    a_client_connects(&fixture);
    test_expect_no_event(&fixture.poll);
    CHECK_EQ(accept_one(&fixture), 0);
    CHECK_EQ(accept_one(&fixture), -EAGAIN);
    fixture_register(&fixture);
    test_expect_no_event(&fixture.poll);
    a_client_connects(&fixture);
    CHECK_EQ(test_expect_event(&fixture.poll, TOKEN), MIO_READABLE);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_LISTENER, deregistered_listener_is_silent_and_accepts)

static void closed_listener_is_silent_even_beside_a_duplicate(enum listener_kind kind)
{
    struct fixture fixture;
    fixture_open(&fixture, kind);
    fixture_register(&fixture);
    mio_fd duplicate = plain_duplicate(mio_source_fd(fixture.source));
    CHECK_EQ(listener_close(&fixture), 0);
    mio_fd client = test_client(&fixture.addr);
    CHECK(plain_wait(duplicate, PLAIN_IN) & PLAIN_IN);
    test_expect_no_event(&fixture.poll);
    CHECK_EQ(plain_close(client), 0);
    CHECK_EQ(plain_close(duplicate), 0);
    fixture_close(&fixture);
}
DEFINE_CASES(EACH_LISTENER, closed_listener_is_silent_even_beside_a_duplicate)

/* clang-format off */
static const struct test_case cases[] = {
    CASES(EACH_LISTENER, waiting_connection_is_told_as_often_as_the_mode_says, TEST_ANY_MODE)
    CASES(EACH_LISTENER, connection_that_waited_before_register_is_told, TEST_ANY_MODE)
    CASES(EACH_LISTENER, interest_in_writing_is_never_met, TEST_ANY_MODE)
    CASES(EACH_LISTENER, defect_02_drained_listener_is_told_again, TEST_ANY_MODE)
    CASES(EACH_LISTENER, accepted_connection_drains_nothing, TEST_EDGE)
    CASES(EACH_LISTENER, deregistered_listener_is_silent_and_accepts, TEST_ANY_MODE)
    CASES(EACH_LISTENER, closed_listener_is_silent_even_beside_a_duplicate, TEST_ANY_MODE)
    {NULL, NULL, 0},
};
/* clang-format on */

const struct test_suite suite_listener = {"listener", cases};

/* Named pipes: servers of the library, and clients that are programs without it. */
#include "named_pipe/named_pipe_util.h"

static void serve(struct pair *pair, const struct mio_named_pipe_options *options)
{
    pair_serve(pair, options);
    CHECK_EQ(
        mio_register(pair->registry, &pair->server.source, SERVER, MIO_READABLE | MIO_WRITABLE), 0);
}

static HANDLE start(const struct pair *pair, const char *verb, const char *argument)
{
    char arguments[128];
    snprintf(arguments, sizeof arguments, "%s %s %s", verb, pair->name, argument);
    return client_start(arguments);
}

static void await_client(struct pair *pair)
{
    int result;
    while ((result = mio_named_pipe_connect(&pair->server)) == -EAGAIN)
        pair_await(pair, SERVER, MIO_WRITABLE);
    CHECK_EQ(result, 0);
}

/* Sends back all that comes, until the end. */
static void echo_all(struct pair *pair)
{
    char buf[256];
    for (;;) {
        ptrdiff_t n = mio_named_pipe_read(&pair->server, buf, sizeof buf);
        if (n == -EAGAIN) {
            pair_await(pair, SERVER, MIO_READABLE);
            continue;
        }
        if (n == 0)
            return;
        CHECK(n > 0);
        pair_write_all(pair, &pair->server, SERVER, buf, (size_t)n);
    }
}

/* One server end serves one client after the other. */
static void clients_are_served_one_after_the_other(void)
{
    struct pair pair;
    serve(&pair, NULL);
    for (int i = 0; i < 2; i++) {
        HANDLE client = start(&pair, "echo", "50");
        await_client(&pair);
        echo_all(&pair);
        CHECK_EQ(client_end(&pair, client), 0);
        CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
    }
    pair_close(&pair);
}

static void call_named_pipe_gets_its_answer(void)
{
    const struct mio_named_pipe_options options = {.flags = MIO_NAMED_PIPE_MESSAGES};
    struct pair pair;
    serve(&pair, &options);
    HANDLE client = start(&pair, "call", "How-are-you");
    await_client(&pair);
    echo_all(&pair);
    CHECK_EQ(client_end(&pair, client), 0);
    pair_close(&pair);
}

/* More than all buffers; the client sees every byte although the server has closed. */
static void client_drains_a_server_that_has_closed(void)
{
    static unsigned char block[300000];
    struct pair pair;
    serve(&pair, NULL);
    HANDLE client = start(&pair, "drain", "300000");
    await_client(&pair);
    pattern_fill(block, sizeof block, 0);
    pair_write_all(&pair, &pair.server, SERVER, block, sizeof block);
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    CHECK_EQ(client_end(&pair, client), 0);
    pair_close(&pair);
}

static void server_drains_a_client_that_has_ended(void)
{
    static unsigned char block[300000];
    struct pair pair;
    serve(&pair, NULL);
    HANDLE client = start(&pair, "fill", "300000");
    await_client(&pair);
    pair_read_all(&pair, &pair.server, SERVER, block, sizeof block);
    CHECK(pattern_is(block, sizeof block, 0));
    while (mio_named_pipe_read(&pair.server, block, 1) == -EAGAIN)
        pair_await(&pair, SERVER, MIO_READABLE);
    CHECK_EQ(mio_named_pipe_read(&pair.server, block, 1), 0);
    CHECK_EQ(client_end(&pair, client), 0);
    pair_close(&pair);
}

static void client_is_thrown_out(void)
{
    struct pair pair;
    serve(&pair, NULL);
    HANDLE client = start(&pair, "sit", "");
    await_client(&pair);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
    CHECK_EQ(client_end(&pair, client), 0);
    pair_close(&pair);
}

/* A client that dies in the midst is as one that closes. */
static void client_that_dies_is_an_end(void)
{
    struct pair pair;
    char byte;
    serve(&pair, NULL);
    HANDLE client = start(&pair, "sit", "");
    await_client(&pair);
    CHECK(TerminateProcess(client, 5));
    CHECK(pair_await(&pair, SERVER, MIO_READ_CLOSED) & MIO_READABLE);
    CHECK_EQ(mio_named_pipe_read(&pair.server, &byte, 1), 0);
    CHECK_EQ(mio_named_pipe_write(&pair.server, &byte, 1), -EPIPE);
    CHECK_EQ(client_end(&pair, client), 5);
    pair_close(&pair);
}

/* examples/windows/named_pipe_echo.c serves several at the same time, and one after the other. */
static void example_echoes_to_its_clients(void)
{
    enum { CLIENTS = 3, ROUNDS = 2 };
    struct pair pair;
    char arguments[128];
    memset(&pair, 0, sizeof pair);
    test_poll_init(&pair.poll);
    plain_pipe_name(pair.name);
    snprintf(arguments, sizeof arguments, "%s %d", pair.name, CLIENTS * ROUNDS);
    HANDLE example = program_start("named_pipe_echo.exe", arguments);
    for (int round = 0; round < ROUNDS; round++) {
        HANDLE clients[CLIENTS];
        for (int i = 0; i < CLIENTS; i++)
            clients[i] = start(&pair, "echo", "100");
        for (int i = 0; i < CLIENTS; i++)
            CHECK_EQ(client_end(&pair, clients[i]), 0);
    }
    CHECK_EQ(client_end(&pair, example), 0);
    pair_close(&pair);
}

static const struct test_case cases[] = {
    {"clients_are_served_one_after_the_other", clients_are_served_one_after_the_other, 0},
    {"call_named_pipe_gets_its_answer", call_named_pipe_gets_its_answer, 0},
    {"client_drains_a_server_that_has_closed", client_drains_a_server_that_has_closed, 0},
    {"server_drains_a_client_that_has_ended", server_drains_a_client_that_has_ended, 0},
    {"client_is_thrown_out", client_is_thrown_out, 0},
    {"client_that_dies_is_an_end", client_that_dies_is_an_end, 0},
    {"example_echoes_to_its_clients", example_echoes_to_its_clients, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe_clients = {"named_pipe_clients", cases};

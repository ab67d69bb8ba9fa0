/* Named pipes: wrong input has a named error and changes nothing; handles from outside. */
#include "named_pipe/named_pipe_util.h"

static bool is_all_zero(const struct mio_named_pipe *pipe)
{
    static const struct mio_named_pipe zero;
    return memcmp(pipe, &zero, sizeof zero) == 0;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void wrong_names_are_refused(void)
{
    static const char *const names[] = {
        "",
        "x",
        "\\",
        "\\\\",
        "\\\\.",
        "\\\\.\\",
        "\\\\.\\pipe",
        "\\\\.\\pipe\\",
        "\\\\.\\pipe\\\\x",
        "\\\\\\pipe\\x",
        "\\\\.\\pip\\x",
        "\\\\.\\file\\x",
        "//./pipe/x",
        "C:\\pipe\\x",
        "\\\\.\\pipe\\\xff\xfe",
    };
    struct mio_named_pipe pipe;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        memset(&pipe, 0xa5, sizeof pipe);
        CHECK_EQ(mio_named_pipe_create(&pipe, names[i], NULL), -EINVAL);
        CHECK(is_all_zero(&pipe));
        memset(&pipe, 0xa5, sizeof pipe);
        CHECK_EQ(mio_named_pipe_open(&pipe, names[i], NULL), -EINVAL);
        CHECK(is_all_zero(&pipe));
    }
    CHECK_EQ(mio_named_pipe_create(&pipe, "\\\\host\\pipe\\x", NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_create(&pipe, NULL, NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_open(&pipe, NULL, NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_create(NULL, "\\\\.\\pipe\\x", NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_open(NULL, "\\\\.\\pipe\\x", NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_from_handle(NULL, 0, NULL), -EINVAL);
}

/* 256 characters of the system, of which each may be more than one byte here. */
static void names_have_a_longest_one(void)
{
    enum { CHARACTERS = 256, PREFIX = 9 };
    struct mio_named_pipe pipe, client;
    char name[3 * CHARACTERS];
    for (int extra = 0; extra < 2; extra++) {
        snprintf(name, sizeof name, "\\\\.\\pipe\\");
        memset(name + PREFIX, 'x', CHARACTERS - PREFIX + (size_t)extra);
        name[CHARACTERS + extra] = 0;
        CHECK_EQ(mio_named_pipe_create(&pipe, name, NULL), extra ? -ENAMETOOLONG : 0);
        CHECK_EQ(mio_named_pipe_open(&client, name, NULL), extra ? -ENAMETOOLONG : 0);
        if (!extra)
            CHECK_EQ(mio_named_pipe_close(&client), 0);
        CHECK_EQ(mio_named_pipe_close(&pipe), 0);
    }
}

static void names_are_utf_8_and_of_any_case(void)
{
    struct mio_named_pipe server, client;
    char name[PLAIN_PIPE_NAME], utf_8[2 * PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    snprintf(utf_8, sizeof utf_8, "%s-\xc3\xa4\xe2\x82\xac", name);
    memcpy(utf_8, "\\\\.\\PiPe\\", 9);
    CHECK_EQ(mio_named_pipe_create(&server, utf_8, NULL), 0);
    memcpy(utf_8, "\\\\.\\pipe\\", 9);
    CHECK_EQ(mio_named_pipe_open(&client, utf_8, NULL), 0);
    CHECK_EQ(mio_named_pipe_close(&client), 0);
    CHECK_EQ(mio_named_pipe_close(&server), 0);
    CHECK_EQ(mio_named_pipe_open(&client, utf_8, NULL), -ENOENT);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void *allocate_nothing(void *arg, size_t size)
{
    (void)arg, (void)size;
    return NULL;
}

static void wrong_options_are_refused(void)
{
    struct mio_named_pipe pipe;
    char name[PLAIN_PIPE_NAME];
    const struct mio_named_pipe_options wrong[] = {
        {.flags = 8},
        {.instances = MIO_NAMED_PIPE_INSTANCES_MAX + 1},
        {.read_buffer = MIO_NAMED_PIPE_BUFFER_MAX + 1},
        {.write_buffer = UINT32_MAX},
        {.flush_ns = -1},
        {.allocator = {.allocate = allocate_nothing}},
        {.reserved = {0, 0, 0, 1}},
    };
    plain_pipe_name(name);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memset(&pipe, 0xa5, sizeof pipe);
        CHECK_EQ(mio_named_pipe_create(&pipe, name, &wrong[i]), -EINVAL);
        CHECK(is_all_zero(&pipe));
        CHECK_EQ(mio_named_pipe_open(&pipe, name, &wrong[i]), -EINVAL);
        CHECK_EQ(mio_named_pipe_from_handle(&pipe, 0, &wrong[i]), -EINVAL);
    }
    const struct mio_named_pipe_options for_servers[] = {
        {.flags = MIO_NAMED_PIPE_SHARED}, {.flags = MIO_NAMED_PIPE_REMOTE}, {.instances = 1}};
    for (size_t i = 0; i < sizeof for_servers / sizeof for_servers[0]; i++) {
        CHECK_EQ(mio_named_pipe_open(&pipe, name, &for_servers[i]), -EINVAL);
        CHECK_EQ(mio_named_pipe_from_handle(&pipe, 0, &for_servers[i]), -EINVAL);
    }
    const struct mio_named_pipe_options messages = {.flags = MIO_NAMED_PIPE_MESSAGES};
    CHECK_EQ(mio_named_pipe_from_handle(&pipe, 0, &messages), -EINVAL);
}

static void failed_allocation_leaves_nothing(void)
{
    struct keeper keeper;
    struct mio_named_pipe_options options = keeper_options(&keeper);
    struct mio_named_pipe pipe;
    char name[PLAIN_PIPE_NAME];
    keeper.fail_at = 1;
    plain_pipe_name(name);
    CHECK_EQ(mio_named_pipe_create(&pipe, name, &options), -ENOMEM);
    CHECK(is_all_zero(&pipe));
    keeper.fail_at = 2;
    CHECK_EQ(mio_named_pipe_open(&pipe, name, &options), -ENOMEM);
    keeper.fail_at = 3;
    mio_fd handle = (mio_fd)GetCurrentProcess();
    CHECK_EQ(mio_named_pipe_from_handle(&pipe, handle, &options), -ENOMEM);
    /* Refusals of the system give the memory back. */
    CHECK_EQ(mio_named_pipe_open(&pipe, name, &options), -ENOENT);
    CHECK_EQ(mio_named_pipe_from_handle(&pipe, 4 * 4000, &options), -EBADF);
    keeper_check(&keeper);
}

static void limits_of_buffers_are_taken(void)
{
    const struct mio_named_pipe_options options = {.read_buffer = MIO_NAMED_PIPE_BUFFER_MAX,
                                                   .write_buffer = 1};
    struct pair pair;
    char buf[4] = "";
    pair_open(&pair, &options);
    pair_write_all(&pair, &pair.client, CLIENT, "1234", 4);
    pair_read_all(&pair, &pair.server, SERVER, buf, 4);
    CHECK(memcmp(buf, "1234", 4) == 0);
    pair_close(&pair);
}

static void instances_are_counted(void)
{
    const struct mio_named_pipe_options options = {.flags = MIO_NAMED_PIPE_SHARED, .instances = 2};
    struct mio_named_pipe servers[3], clients[3];
    char name[PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    CHECK_EQ(mio_named_pipe_create(&servers[0], name, &options), 0);
    CHECK_EQ(mio_named_pipe_create(&servers[1], name, &options), 0);
    CHECK_EQ(mio_named_pipe_create(&servers[2], name, &options), -EBUSY);
    CHECK_EQ(mio_named_pipe_open(&clients[0], name, NULL), 0);
    CHECK_EQ(mio_named_pipe_open(&clients[1], name, NULL), 0);
    CHECK_EQ(mio_named_pipe_open(&clients[2], name, NULL), -EBUSY);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mio_named_pipe_close(&servers[i]), 0);
        CHECK_EQ(mio_named_pipe_close(&clients[i]), 0);
    }
}

/* Whether the system refuses a second first server, which Wine does not. */
static bool has_first_instances(void)
{
    char name[PLAIN_PIPE_NAME];
    HANDLE pipes[2];
    plain_pipe_name(name);
    for (int i = 0; i < 2; i++)
        pipes[i] = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, 0, 2,
                                    512, 512, 0, NULL);
    CHECK(pipes[0] != INVALID_HANDLE_VALUE && CloseHandle(pipes[0]));
    if (pipes[1] != INVALID_HANDLE_VALUE)
        CHECK(CloseHandle(pipes[1]));
    return pipes[1] == INVALID_HANDLE_VALUE;
}

static void taken_name_is_refused(void)
{
    struct mio_named_pipe first, second;
    char name[PLAIN_PIPE_NAME];
    if (!has_first_instances())
        SKIP("the system lets a second program be the first server of a name");
    plain_pipe_name(name);
    CHECK_EQ(mio_named_pipe_create(&first, name, NULL), 0);
    CHECK_EQ(mio_named_pipe_create(&second, name, NULL), -EACCES);
    CHECK(is_all_zero(&second));
    CHECK_EQ(mio_named_pipe_close(&first), 0);
}

static void handles_are_not_inherited(void)
{
    struct pair pair;
    pair_open(&pair, NULL);
    CHECK(!plain_is_inherited(mio_named_pipe_handle(&pair.server)));
    CHECK(!plain_is_inherited(mio_named_pipe_handle(&pair.client)));
    CHECK_EQ(mio_named_pipe_handle(&pair.server), mio_source_fd(&pair.server.source));
    pair_close(&pair);
    CHECK_EQ(mio_named_pipe_handle(&pair.server), MIO_FD_NONE);
    CHECK_EQ(mio_named_pipe_handle(NULL), MIO_FD_NONE);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static void closed_pipe_refuses_every_call(void)
{
    static struct mio_named_pipe closed;
    struct mio_poll poll;
    char byte = 0;
    uint32_t part;
    const struct mio_buf list = {&byte, 1};
    test_poll_init(&poll);
    CHECK_EQ(mio_named_pipe_connect(&closed), -EBADF);
    CHECK_EQ(mio_named_pipe_disconnect(&closed), -EBADF);
    CHECK_EQ(mio_named_pipe_read(&closed, &byte, 1), -EBADF);
    CHECK_EQ(mio_named_pipe_readv(&closed, &list, 1), -EBADF);
    CHECK_EQ(mio_named_pipe_read_message(&closed, &byte, 1, &part), -EBADF);
    CHECK_EQ(mio_named_pipe_write(&closed, &byte, 1), -EBADF);
    CHECK_EQ(mio_named_pipe_writev(&closed, &list, 1), -EBADF);
    CHECK_EQ(mio_named_pipe_take_error(&closed), -EBADF);
    CHECK_EQ(mio_register(mio_poll_registry(&poll), &closed.source, 1, MIO_READABLE), -EBADF);
    CHECK_EQ(mio_named_pipe_close(&closed), 0);
    CHECK_EQ(mio_named_pipe_close(NULL), -EINVAL);
    CHECK_EQ(mio_poll_close(&poll), 0);
}

static void wrong_arguments_are_refused(void)
{
    struct pair pair;
    char byte = 'x';
    uint32_t part = 7;
    const struct mio_buf empty = {&byte, 0}, hole[2] = {{&byte, 1}, {NULL, 1}};
    static struct mio_buf many[MIO_BUFS_MAX + 1];
    pair_open(&pair, NULL);
    CHECK_EQ(mio_named_pipe_read(NULL, &byte, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_read(&pair.server, NULL, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_read(&pair.server, &byte, 0), -EINVAL);
    CHECK_EQ(mio_named_pipe_readv(NULL, &empty, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_readv(&pair.server, NULL, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_readv(&pair.server, &empty, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_readv(&pair.server, hole, 2), -EINVAL);
    CHECK_EQ(mio_named_pipe_readv(&pair.server, many, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_read_message(&pair.server, &byte, 1, NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_read_message(&pair.server, &byte, 1, &part), -EINVAL); /* of bytes */
    CHECK_EQ(mio_named_pipe_read_message(NULL, &byte, 1, &part), -EINVAL);
    CHECK_EQ(part, 7);
    CHECK_EQ(mio_named_pipe_write(NULL, &byte, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_write(&pair.server, NULL, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_write(&pair.server, NULL, 0), 0);
    CHECK_EQ(mio_named_pipe_writev(NULL, &empty, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_writev(&pair.server, NULL, 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_writev(&pair.server, hole, 2), -EINVAL);
    CHECK_EQ(mio_named_pipe_writev(&pair.server, NULL, 0), 0);
    CHECK_EQ(mio_named_pipe_writev(&pair.server, &empty, 1), 0);
    CHECK_EQ(mio_named_pipe_writev(&pair.server, many, MIO_BUFS_MAX + 1), -EINVAL);
    CHECK_EQ(mio_named_pipe_connect(NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_connect(&pair.client), -EINVAL);
    CHECK_EQ(mio_named_pipe_disconnect(NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.client), -EINVAL);
    CHECK_EQ(mio_named_pipe_take_error(NULL), -EINVAL);
    CHECK_EQ(mio_named_pipe_take_error(&pair.server), 0);
    /* None of them has moved anything. */
    CHECK_EQ(mio_named_pipe_read(&pair.client, &byte, 1), -EAGAIN);
    CHECK_EQ(mio_named_pipe_write(&pair.server, "x", 1), 1);
    pair_read_all(&pair, &pair.client, CLIENT, &byte, 1);
    pair_close(&pair);
}

static void wrong_interest_is_refused(void)
{
    struct pair pair;
    pair_serve(&pair, NULL);
    struct mio_source *source = &pair.server.source;
    CHECK_EQ(mio_register(pair.registry, source, SERVER, 0), -EINVAL);
    CHECK_EQ(mio_register(pair.registry, source, SERVER, MIO_PRIORITY), -ENOTSUP);
    CHECK_EQ(mio_register(pair.registry, source, SERVER, MIO_READ_CLOSED), -ENOTSUP);
    CHECK(!mio_source_is_registered(source));
    CHECK_EQ(mio_register(pair.registry, source, SERVER, MIO_READABLE), 0);
    CHECK_EQ(mio_register(pair.registry, source, SERVER, MIO_READABLE), -EEXIST);
    CHECK_EQ(mio_reregister(pair.registry, source, SERVER, MIO_READ_CLOSED), -ENOTSUP);
    CHECK_EQ(mio_reregister(pair.registry, source, SERVER, MIO_LEVEL), -EINVAL);
    CHECK(mio_source_is_registered(source));
#ifndef MIO_NO_NET
    CHECK_EQ(mio_stream_read(source, pair.name, 1), -EINVAL); /* it is of another type */
#endif
    pair_close(&pair);
}

/* ---- Handles from outside -------------------------------------------------------------------- */

static HANDLE plain_server(const char *name, DWORD open, DWORD mode)
{
    HANDLE handle = CreateNamedPipeA(name, open, mode, 1, 4096, 4096, 0, NULL);
    CHECK(handle != INVALID_HANDLE_VALUE);
    return handle;
}

static void refused_handle(mio_fd handle, int expected)
{
    struct mio_named_pipe pipe;
    memset(&pipe, 0xa5, sizeof pipe);
    CHECK_EQ(mio_named_pipe_from_handle(&pipe, handle, NULL), expected);
    CHECK(is_all_zero(&pipe));
}

static void other_handles_are_refused(void)
{
    const DWORD duplex = PIPE_ACCESS_DUPLEX;
    char name[PLAIN_PIPE_NAME];
    mio_fd ends[2], fds[2];
    plain_pipe_name(name);
    refused_handle(MIO_FD_NONE - 8, -EBADF);
    refused_handle(0, -EBADF);
    refused_handle(4 * 4000, -EBADF);
    plain_pipe(ends);
    refused_handle(ends[0], -EINVAL);
    refused_handle(ends[1], -EINVAL);
    CHECK(plain_close(ends[0]) == 0 && plain_close(ends[1]) == 0);
    mio_fd file = plain_file();
    refused_handle(file, -EINVAL);
    CHECK_EQ(plain_close(file), 0);
    plain_pair(PLAIN_STREAM, fds);
    refused_handle(fds[0], -EINVAL);
    CHECK(plain_close(fds[0]) == 0 && plain_close(fds[1]) == 0);
    HANDLE waits = plain_server(name, duplex, 0);
    refused_handle((mio_fd)waits, -EINVAL);
    CHECK(CloseHandle(waits));
    HANDLE waits_not = plain_server(name, duplex | FILE_FLAG_OVERLAPPED, PIPE_NOWAIT);
    plain_set_inherited((mio_fd)waits_not);
    refused_handle((mio_fd)waits_not, -EINVAL);
    CHECK(plain_is_inherited((mio_fd)waits_not)); /* as it was */
    CHECK(CloseHandle(waits_not));
}

static void handles_are_taken_over(void)
{
    struct pair pair;
    char name[PLAIN_PIPE_NAME], buf[8];
    memset(&pair, 0, sizeof pair);
    test_poll_init(&pair.poll);
    pair.registry = mio_poll_registry(&pair.poll);
    plain_pipe_name(name);
    HANDLE server = plain_server(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0);
    HANDLE client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                FILE_FLAG_OVERLAPPED, NULL);
    CHECK(client != INVALID_HANDLE_VALUE);
    plain_set_inherited((mio_fd)server);
    CHECK_EQ(mio_named_pipe_from_handle(&pair.server, (mio_fd)server, NULL), 0);
    CHECK_EQ(mio_named_pipe_from_handle(&pair.client, (mio_fd)client, NULL), 0);
    CHECK(!plain_is_inherited((mio_fd)server));
    CHECK_EQ(mio_named_pipe_connect(&pair.client), -EINVAL);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_READABLE), 0);
    pair_write_all(&pair, &pair.client, CLIENT, "1234", 4);
    pair_read_all(&pair, &pair.server, SERVER, buf, 4);
    pair_write_all(&pair, &pair.server, SERVER, "5678", 4);
    pair_read_all(&pair, &pair.client, CLIENT, buf, 4);
    CHECK(memcmp(buf, "5678", 4) == 0);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.server), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), -EAGAIN);
    pair_close(&pair);
}

/* The system tells of a binding only when it is asked for another one. */
static void handle_of_another_port_is_refused_by_register(void)
{
    struct pair pair;
    char name[PLAIN_PIPE_NAME];
    memset(&pair, 0, sizeof pair);
    test_poll_init(&pair.poll);
    plain_pipe_name(name);
    HANDLE server = plain_server(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0);
    HANDLE port = CreateIoCompletionPort(server, NULL, 0, 1);
    CHECK(port);
    CHECK_EQ(mio_named_pipe_from_handle(&pair.server, (mio_fd)server, NULL), 0);
    CHECK_EQ(mio_register(mio_poll_registry(&pair.poll), &pair.server.source, 1, MIO_READABLE),
             -EINVAL);
    CHECK(!mio_source_is_registered(&pair.server.source));
    CHECK_EQ(mio_named_pipe_write(&pair.server, "x", 1), -EAGAIN);
    CHECK_EQ(mio_poll_close(&pair.poll), 0); /* it is no user of this poll */
    CHECK_EQ(mio_named_pipe_close(&pair.server), 0);
    CHECK(CloseHandle(port));
}

/* Each end of a pipe that goes one way. */
static void one_way_pipes_say_which_way(void)
{
    struct pair pair;
    char name[PLAIN_PIPE_NAME], buf[8];
    memset(&pair, 0, sizeof pair);
    test_poll_init(&pair.poll);
    pair.registry = mio_poll_registry(&pair.poll);
    plain_pipe_name(name);
    HANDLE server = plain_server(name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED, 0);
    CHECK_EQ(mio_named_pipe_open(&pair.client, name, NULL), -EACCES);
    HANDLE client =
        CreateFileA(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    CHECK(client != INVALID_HANDLE_VALUE);
    CHECK_EQ(mio_named_pipe_from_handle(&pair.server, (mio_fd)server, NULL), 0);
    CHECK_EQ(mio_named_pipe_from_handle(&pair.client, (mio_fd)client, NULL), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.server), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.server.source, SERVER, MIO_READABLE), 0);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_WRITABLE), 0);
    pair_write_all(&pair, &pair.client, CLIENT, "1234", 4);
    pair_read_all(&pair, &pair.server, SERVER, buf, 4);
    CHECK_EQ(mio_named_pipe_read(&pair.client, buf, 4), -EACCES);
    CHECK_EQ(mio_named_pipe_write(&pair.server, buf, 4), -EACCES);
    /* An interest in the way that is not there is answered by an error, not by silence. */
    CHECK_EQ(mio_reregister(pair.registry, &pair.client.source, CLIENT, MIO_READABLE), 0);
    CHECK(test_expect_event(&pair.poll, CLIENT) & MIO_ERROR);
    test_expect_no_event(&pair.poll);
    pair_close(&pair);
}

static void server_that_only_writes_is_refused(void)
{
    char name[PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    HANDLE server = plain_server(name, PIPE_ACCESS_OUTBOUND | FILE_FLAG_OVERLAPPED, 0);
    refused_handle((mio_fd)server, -EACCES);
    CHECK(CloseHandle(server));
}

/* Any device whose operations are overlapped, here the one that is always there. */
static void devices_are_taken_over(void)
{
    struct pair pair;
    memset(&pair, 0, sizeof pair);
    test_poll_init(&pair.poll);
    pair.registry = mio_poll_registry(&pair.poll);
    HANDLE null = CreateFileA("NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                              FILE_FLAG_OVERLAPPED, NULL);
    CHECK(null != INVALID_HANDLE_VALUE);
    CHECK_EQ(mio_named_pipe_from_handle(&pair.client, (mio_fd)null, NULL), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair.client), -EINVAL);
    CHECK_EQ(mio_named_pipe_disconnect(&pair.client), -EINVAL);
    CHECK_EQ(mio_register(pair.registry, &pair.client.source, CLIENT, MIO_WRITABLE), 0);
    CHECK_EQ(test_expect_event(&pair.poll, CLIENT), MIO_WRITABLE);
    pair_write_all(&pair, &pair.client, CLIENT, "1234", 4);
    pair_close(&pair);
}

static const struct test_case cases[] = {
    {"wrong_names_are_refused", wrong_names_are_refused, 0},
    {"names_have_a_longest_one", names_have_a_longest_one, 0},
    {"names_are_utf_8_and_of_any_case", names_are_utf_8_and_of_any_case, 0},
    {"wrong_options_are_refused", wrong_options_are_refused, 0},
    {"failed_allocation_leaves_nothing", failed_allocation_leaves_nothing, 0},
    {"limits_of_buffers_are_taken", limits_of_buffers_are_taken, 0},
    {"instances_are_counted", instances_are_counted, 0},
    {"taken_name_is_refused", taken_name_is_refused, 0},
    {"handles_are_not_inherited", handles_are_not_inherited, 0},
    {"closed_pipe_refuses_every_call", closed_pipe_refuses_every_call, 0},
    {"wrong_arguments_are_refused", wrong_arguments_are_refused, 0},
    {"wrong_interest_is_refused", wrong_interest_is_refused, 0},
    {"other_handles_are_refused", other_handles_are_refused, 0},
    {"handles_are_taken_over", handles_are_taken_over, 0},
    {"handle_of_another_port_is_refused_by_register", handle_of_another_port_is_refused_by_register,
     0},
    {"one_way_pipes_say_which_way", one_way_pipes_say_which_way, 0},
    {"server_that_only_writes_is_refused", server_that_only_writes_is_refused, 0},
    {"devices_are_taken_over", devices_are_taken_over, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipe_input = {"named_pipe_input", cases};

/*
 * Named pipes over the table of calls: answers of Windows that Wine does not give, and each call of
 * a scenario failing in turn. After a failure the result is its code, or the call had no need of
 * it; nothing is left behind, and the same call then succeeds.
 */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

/* ---- Failing calls --------------------------------------------------------------------------- */

static struct {
    const char *name; /* of the call that fails; NULL for none */
    int after;        /* so many that do not */
    DWORD error;
    bool has_failed;
} failing;

static bool fails_now(const char *name)
{
    if (!failing.name || strcmp(name, failing.name) != 0 || failing.after-- != 0)
        return false;
    failing.has_failed = true;
    SetLastError(failing.error);
    return true;
}

#define OR_FAIL(result, name, parameters, arguments)                                               \
    static result WINAPI fail_##name parameters                                                    \
    {                                                                                              \
        return fails_now(#name) ? (result)0 : name arguments;                                      \
    }
#define OR_FAIL_FILE(result, name, parameters, arguments)                                          \
    static result WINAPI fail_##name parameters                                                    \
    {                                                                                              \
        return fails_now(#name) ? INVALID_HANDLE_VALUE : name arguments;                           \
    }
MIO__CALLS_OF_HANDLES(OR_FAIL)
MIO__CALLS_OF_ENDS(OR_FAIL)
MIO__CALLS_FOR_FILES(OR_FAIL_FILE)

/* A handle whose close fails is closed all the same, else it would stay. */
static BOOL WINAPI fail_close(HANDLE handle)
{
    const bool fails = fails_now("CloseHandle");
    const BOOL worked = CloseHandle(handle);
    SetLastError(fails ? failing.error : GetLastError());
    return worked && !fails;
}

static void fail(const char *name, int after, DWORD error)
{
#define PUT(result, name, parameters, arguments) mio__calls.name = fail_##name;
    MIO__CALLS_OF_HANDLES(PUT)
    MIO__CALLS_OF_ENDS(PUT)
    MIO__CALLS_FOR_FILES(PUT)
#undef PUT
    mio__calls.CloseHandle = fail_close;
    failing.name = name;
    failing.after = after;
    failing.error = error;
    failing.has_failed = false;
}

/* ---- The scenario ---------------------------------------------------------------------------- */

static int blocks_held;

static void *hold_block(void *arg, size_t size)
{
    (void)arg;
    blocks_held++;
    return malloc(size);
}

static void release_block(void *arg, void *memory, size_t size)
{
    (void)arg;
    memset(memory, 0xdd, size);
    free(memory);
    blocks_held--;
}

static const struct mio_named_pipe_options held = {
    .read_buffer = 64, .write_buffer = 64, .allocator = {hold_block, release_block, NULL}};

struct scene {
    struct mio_poll poll;
    struct mio_named_pipe server, client;
    char name[PLAIN_PIPE_NAME];
    int code; /* of the failure */
};

/* Again where it has failed as it was told to. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        ptrdiff_t result_ = (call);                                                                \
        if (result_ == scene->code && failing.has_failed)                                          \
            result_ = (call);                                                                      \
        if (result_ < 0 && result_ != -EAGAIN)                                                     \
            return (int)result_;                                                                   \
    } while (0)

static int scene_wait(struct scene *scene)
{
    struct mio_event events[8];
    TRY(mio_poll_wait(&scene->poll, events, 8, 5 * MIO_NS_PER_MS));
    return 0;
}

/* A client that was connected before it failed has come and gone. */
static int scene_open(struct scene *scene)
{
    int result = mio_named_pipe_open(&scene->client, scene->name, &held);
    if (result != scene->code || !failing.has_failed)
        return result;
    if (mio_named_pipe_connect(&scene->server) == 0) {
        CHECK_EQ(mio_named_pipe_disconnect(&scene->server), 0);
        CHECK_EQ(mio_named_pipe_connect(&scene->server), -EAGAIN);
    }
    return mio_named_pipe_open(&scene->client, scene->name, &held);
}

static int scene_connect(struct scene *scene)
{
    struct mio_registry *registry = mio_poll_registry(&scene->poll);
    TRY(mio_named_pipe_connect(&scene->server));
    TRY(scene_open(scene));
    TRY(mio_register(registry, &scene->client.source, 2, MIO_READABLE | MIO_LEVEL));
    for (int tries = 0; tries < 200; tries++) {
        TRY(scene_wait(scene));
        int result = mio_named_pipe_connect(&scene->server);
        if (result == scene->code && failing.has_failed)
            continue; /* told, and begun anew by the next one */
        if (result != -EAGAIN)
            return result;
    }
    return -ETIMEDOUT;
}

/* More than the buffers hold. */
static int scene_move(struct scene *scene, struct mio_named_pipe *from, struct mio_named_pipe *to)
{
    unsigned char out[500], in[500];
    size_t sent = 0, got = 0;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (unsigned char)(i % 251);
    for (int tries = 0; got < sizeof in; tries++) {
        ptrdiff_t n = 0;
        CHECK(tries < 1000);
        if (sent < sizeof out)
            TRY(n = mio_named_pipe_write(from, out + sent, sizeof out - sent));
        sent += n > 0 ? (size_t)n : 0;
        TRY(n = mio_named_pipe_read(to, in + got, sizeof in - got));
        CHECK(n != 0);
        got += n > 0 ? (size_t)n : 0;
        TRY(scene_wait(scene));
    }
    CHECK(memcmp(in, out, sizeof in) == 0);
    return 0;
}

static int scene_run(struct scene *scene)
{
    TRY(mio_poll_init(&scene->poll));
    struct mio_registry *registry = mio_poll_registry(&scene->poll);
    TRY(mio_named_pipe_create(&scene->server, scene->name, &held));
    TRY(mio_register(registry, &scene->server.source, 1, MIO_READABLE | MIO_WRITABLE));
    TRY(scene_connect(scene));
    TRY(scene_move(scene, &scene->server, &scene->client));
    TRY(scene_move(scene, &scene->client, &scene->server));
    TRY(mio_reregister(registry, &scene->server.source, 1, MIO_WRITABLE));
    TRY(scene_wait(scene));
    TRY(mio_named_pipe_disconnect(&scene->server));
    CHECK_EQ(mio_named_pipe_disconnect(&scene->server), -ENOTCONN);
    TRY(mio_named_pipe_close(&scene->client));
    TRY(scene_connect(scene));
    TRY(mio_named_pipe_write(&scene->server, "last", 4));
    return 0;
}

/* Closes tell of a failure, and close even so. */
static int scene_close(struct scene *scene)
{
    int results[3] = {mio_named_pipe_close(&scene->server), mio_named_pipe_close(&scene->client),
                      mio_poll_close(&scene->poll)};
    int told = 0;
    for (int i = 0; i < 3; i++) {
        CHECK(results[i] == 0 || (results[i] == scene->code && failing.has_failed));
        told += results[i];
    }
    CHECK_EQ(mio_poll_close(&scene->poll), 0);
    return told;
}

/* Whether the call of that number was made at all. */
static bool sweep_one(const char *name, int after, DWORD error, int code)
{
    struct scene scene;
    memset(&scene, 0, sizeof scene);
    scene.code = code;
    plain_pipe_name(scene.name);
    fail(name, after, error);
    const int result = scene_run(&scene);
    if (result != 0 && (result != code || !failing.has_failed))
        test_note("%s, number %d: %s", name, after, mio_error_name(result));
    CHECK(result == 0 || (result == code && failing.has_failed));
    scene_close(&scene);
    CHECK_EQ(blocks_held, 0);
    return failing.has_failed;
}

static void each_failure_has_its_code_and_leaves_nothing(void)
{
    static const char *const names[] = {
        "CancelIoEx",
        "CloseHandle",
        "ConnectNamedPipe",
        "CreateFileW",
        "CreateNamedPipeW",
        "CreateIoCompletionPort",
        "GetNamedPipeInfo",
        "GetNamedPipeHandleStateW",
        "PeekNamedPipe",
        "PostQueuedCompletionStatus",
        "ReadFile",
        "WriteFile",
        "DisconnectNamedPipe",
    };
    static const struct {
        DWORD error;
        int code;
    } errors[] = {{ERROR_NO_SYSTEM_RESOURCES, -ENOMEM}, {ERROR_ACCESS_DENIED, -EACCES}};
    int made = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t k = 0; k < sizeof errors / sizeof errors[0]; k++) {
            int after = 0;
            while (after < 60 && sweep_one(names[i], after, errors[k].error, errors[k].code))
                after++;
            if (after == 0)
                test_note("%s was not called", names[i]);
            CHECK(after > 0);
            made += after;
        }
    answers_of_system();
    test_note("%d failures", made);
}

/* ---- Answers --------------------------------------------------------------------------------- */

static DWORD answer_create;

static HANDLE WINAPI refuse_create(const WCHAR *name, DWORD open, DWORD mode, DWORD instances,
                                   DWORD out_size, DWORD in_size, DWORD timeout,
                                   SECURITY_ATTRIBUTES *security)
{
    if (!(open & FILE_FLAG_FIRST_PIPE_INSTANCE))
        return CreateNamedPipeW(name, open, mode, instances, out_size, in_size, timeout, security);
    SetLastError(answer_create);
    return INVALID_HANDLE_VALUE;
}

/* Windows refuses a name that is taken, Wine does not. */
static void taken_name_is_refused(void)
{
    const struct mio_named_pipe_options shared = {.flags = MIO_NAMED_PIPE_SHARED};
    struct mio_named_pipe pipe;
    char name[PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    mio__calls.CreateNamedPipeW = refuse_create;
    answer_create = ERROR_ACCESS_DENIED;
    CHECK_EQ(mio_named_pipe_create(&pipe, name, NULL), -EACCES);
    answer_create = ERROR_TOO_MANY_OPEN_FILES;
    CHECK_EQ(mio_named_pipe_create(&pipe, name, NULL), -EMFILE);
    CHECK_EQ(mio_named_pipe_create(&pipe, name, &shared), 0);
    CHECK_EQ(mio_named_pipe_close(&pipe), 0);
    answers_of_system();
}

static bool refuses_remote;

static HANDLE WINAPI look_at_mode(const WCHAR *name, DWORD open, DWORD mode, DWORD instances,
                                  DWORD out_size, DWORD in_size, DWORD timeout,
                                  SECURITY_ATTRIBUTES *security)
{
    refuses_remote = (mode & PIPE_REJECT_REMOTE_CLIENTS) != 0;
    return CreateNamedPipeW(name, open, mode, instances, out_size, in_size, timeout, security);
}

static void remote_clients_are_refused_unless_asked_for(void)
{
    const struct mio_named_pipe_options remote = {.flags = MIO_NAMED_PIPE_REMOTE};
    struct mio_named_pipe pipe;
    char name[PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    mio__calls.CreateNamedPipeW = look_at_mode;
    CHECK_EQ(mio_named_pipe_create(&pipe, name, NULL), 0);
    CHECK(refuses_remote);
    CHECK_EQ(mio_named_pipe_close(&pipe), 0);
    CHECK_EQ(mio_named_pipe_create(&pipe, name, &remote), 0);
    CHECK(!refuses_remote);
    CHECK_EQ(mio_named_pipe_close(&pipe), 0);
    answers_of_system();
}

/* A pipe, its peer, and a poll that has told of it as writable. */
struct line {
    struct mio_poll poll;
    struct mio_named_pipe server;
    HANDLE client;
};

static void line_open(struct line *line, mio_interest interest)
{
    char name[PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    test_poll_init(&line->poll);
    CHECK_EQ(mio_named_pipe_create(&line->server, name, NULL), 0);
    line->client = (HANDLE)plain_pipe_client(name);
    CHECK_EQ(mio_register(mio_poll_registry(&line->poll), &line->server.source, 1, interest), 0);
}

static void line_close(struct line *line)
{
    answers_of_system();
    CHECK(CloseHandle(line->client));
    CHECK_EQ(mio_named_pipe_close(&line->server), 0);
    CHECK_EQ(mio_poll_close(&line->poll), 0);
}

static HANDLE the_port;
static int empty_reads;

/* An empty write of the peer, on a pipe of bytes: the read of Windows ends with nothing. */
static BOOL WINAPI read_nothing(HANDLE file, void *buf, DWORD room, DWORD *got,
                                OVERLAPPED *operation)
{
    if (empty_reads-- <= 0)
        return ReadFile(file, buf, room, got, operation);
    operation->Internal = operation->InternalHigh = 0;
    return PostQueuedCompletionStatus(the_port, 0, 0, operation);
}

static HANDLE WINAPI remember_port(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads)
{
    HANDLE made = CreateIoCompletionPort(file, port, key, threads);
    if (file == INVALID_HANDLE_VALUE)
        the_port = made;
    return made;
}

static void empty_write_is_no_end(void)
{
    struct line line;
    char buf[4];
    DWORD count;
    mio__calls.CreateIoCompletionPort = remember_port;
    mio__calls.ReadFile = read_nothing;
    empty_reads = 3;
    line_open(&line, MIO_READABLE);
    test_expect_no_event(&line.poll);
    CHECK_EQ(mio_named_pipe_read(&line.server, buf, sizeof buf), -EAGAIN);
    test_expect_no_event(&line.poll);
    CHECK(empty_reads < 0);
    CHECK(WriteFile(line.client, "1234", 4, &count, NULL));
    CHECK_EQ(test_expect_event(&line.poll, 1), MIO_READABLE);
    CHECK_EQ(mio_named_pipe_read(&line.server, buf, sizeof buf), 4);
    line_close(&line);
}

static int refused_posts;

static BOOL WINAPI refuse_post(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED *overlapped)
{
    if (refused_posts-- <= 0)
        return PostQueuedCompletionStatus(port, bytes, key, overlapped);
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return FALSE;
}

/* No event is lost when the system has no memory for a packet: a wait posts it again. */
static void refused_packet_is_posted_later(void)
{
    struct line line;
    mio__calls.PostQueuedCompletionStatus = refuse_post;
    refused_posts = 5;
    line_open(&line, MIO_WRITABLE);
    CHECK_EQ(refused_posts, 4);
    CHECK_EQ(test_expect_event(&line.poll, 1), MIO_WRITABLE);
    CHECK_EQ(refused_posts, -1);
    line_close(&line);
}

static BOOL WINAPI read_unplugged(HANDLE file, void *buf, DWORD room, DWORD *got,
                                  OVERLAPPED *operation)
{
    (void)file, (void)buf, (void)room, (void)got, (void)operation;
    SetLastError(ERROR_GEN_FAILURE);
    return FALSE;
}

static BOOL WINAPI write_unplugged(HANDLE file, const void *buf, DWORD len, DWORD *put,
                                   OVERLAPPED *operation)
{
    (void)file, (void)buf, (void)len, (void)put, (void)operation;
    SetLastError(ERROR_GEN_FAILURE);
    return FALSE;
}

/* As of a serial device: an error each time, told once. */
static void unplugged_device_says_so(void)
{
    struct line line;
    char byte = 'x';
    mio__calls.ReadFile = read_unplugged;
    mio__calls.WriteFile = write_unplugged;
    line_open(&line, MIO_READABLE);
    CHECK(test_expect_event(&line.poll, 1) & MIO_ERROR);
    test_expect_no_event(&line.poll);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(mio_named_pipe_read(&line.server, &byte, 1), -EIO);
        CHECK_EQ(mio_named_pipe_write(&line.server, &byte, 1), -EIO);
    }
    test_expect_no_event(&line.poll);
    line_close(&line);
}

static BOOL WINAPI connect_in_vain(HANDLE pipe, OVERLAPPED *operation)
{
    (void)pipe, (void)operation;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return FALSE;
}

/* A connect that was asked for before there was a port fails as the pipe is registered. */
static void late_connect_tells_its_error(void)
{
    for (int by_connect = 0; by_connect < 2; by_connect++) {
        struct mio_poll poll;
        struct mio_named_pipe pipe;
        char name[PLAIN_PIPE_NAME];
        plain_pipe_name(name);
        test_poll_init(&poll);
        CHECK_EQ(mio_named_pipe_create(&pipe, name, NULL), 0);
        CHECK_EQ(mio_named_pipe_connect(&pipe), -EAGAIN);
        mio__calls.ConnectNamedPipe = connect_in_vain;
        CHECK_EQ(mio_register(mio_poll_registry(&poll), &pipe.source, 1, MIO_WRITABLE), 0);
        answers_of_system();
        CHECK_EQ(test_expect_event(&poll, 1), MIO_WRITABLE | MIO_ERROR);
        CHECK_EQ(by_connect ? mio_named_pipe_connect(&pipe) : mio_named_pipe_take_error(&pipe),
                 -ENOMEM);
        CHECK_EQ(mio_named_pipe_take_error(&pipe), 0);
        CHECK_EQ(mio_named_pipe_connect(&pipe), -EAGAIN);
        mio_fd client = plain_pipe_client(name);
        CHECK_EQ(test_expect_event(&poll, 1), MIO_WRITABLE);
        CHECK_EQ(plain_close(client), 0);
        CHECK_EQ(mio_named_pipe_close(&pipe), 0);
        CHECK_EQ(mio_poll_close(&poll), 0);
    }
}

static bool results_are_late;

static BOOL WINAPI late_result(HANDLE handle, OVERLAPPED *operation, DWORD *count, BOOL wait)
{
    if (!results_are_late)
        return GetOverlappedResult(handle, operation, count, wait);
    SetLastError(ERROR_IO_INCOMPLETE);
    return FALSE;
}

/*
 * Windows may tell the end of an operation after the next connection has begun. Its bytes, and its
 * error, are of the old one.
 */
static void late_results_belong_to_the_old_connection(void)
{
    struct line line;
    static char block[100000];
    char name[PLAIN_PIPE_NAME], buf[8];
    DWORD count;
    plain_pipe_name(name);
    test_poll_init(&line.poll);
    CHECK_EQ(mio_named_pipe_create(&line.server, name, NULL), 0);
    line.client = (HANDLE)plain_pipe_client(name);
    CHECK_EQ(mio_register(mio_poll_registry(&line.poll), &line.server.source, 1,
                          MIO_READABLE | MIO_WRITABLE),
             0);
    mio__calls.GetOverlappedResult = late_result;
    while (mio_named_pipe_write(&line.server, block, sizeof block) > 0)
        ;
    results_are_late = true;
    CHECK(WriteFile(line.client, "old", 3, &count, NULL));
    CHECK_EQ(mio_named_pipe_disconnect(&line.server), 0);
    CHECK(CloseHandle(line.client));
    CHECK_EQ(mio_named_pipe_connect(&line.server), -EAGAIN);
    line.client = (HANDLE)plain_pipe_client(name);
    CHECK_EQ(mio_named_pipe_connect(&line.server), -EAGAIN);
    results_are_late = false;
    CHECK_EQ(mio_named_pipe_connect(&line.server), 0);
    CHECK_EQ(mio_named_pipe_read(&line.server, buf, sizeof buf), -EAGAIN);
    CHECK_EQ(mio_named_pipe_write(&line.server, "new", 3), 3);
    CHECK(ReadFile(line.client, buf, sizeof buf, &count, NULL));
    CHECK(count == 3 && memcmp(buf, "new", 3) == 0);
    CHECK(WriteFile(line.client, "newer", 5, &count, NULL));
    CHECK_EQ(test_expect_readiness(&line.poll, 1, MIO_READABLE) & MIO_READ_CLOSED, 0);
    CHECK_EQ(mio_named_pipe_read(&line.server, buf, sizeof buf), 5);
    line_close(&line);
}

static const OVERLAPPED *the_write;

static BOOL WINAPI remember_write(HANDLE file, const void *buf, DWORD len, DWORD *put,
                                  OVERLAPPED *operation)
{
    the_write = operation;
    return WriteFile(file, buf, len, put, operation);
}

static BOOL WINAPI late_write(HANDLE handle, OVERLAPPED *operation, DWORD *count, BOOL wait)
{
    if (operation != the_write)
        return GetOverlappedResult(handle, operation, count, wait);
    return late_result(handle, operation, count, wait);
}

/* Until the system has let go of the output there is no room in it, for the next client either. */
static void output_of_a_late_write_is_left_alone(void)
{
    struct line line;
    static char block[100000];
    char name[PLAIN_PIPE_NAME];
    plain_pipe_name(name);
    test_poll_init(&line.poll);
    CHECK_EQ(mio_named_pipe_create(&line.server, name, NULL), 0);
    line.client = (HANDLE)plain_pipe_client(name);
    CHECK_EQ(mio_register(mio_poll_registry(&line.poll), &line.server.source, 1, MIO_WRITABLE), 0);
    mio__calls.WriteFile = remember_write;
    mio__calls.GetOverlappedResult = late_write;
    results_are_late = false;
    while (mio_named_pipe_write(&line.server, block, sizeof block) > 0)
        ;
    results_are_late = true;
    CHECK_EQ(mio_named_pipe_disconnect(&line.server), 0);
    CHECK(CloseHandle(line.client));
    CHECK_EQ(mio_named_pipe_connect(&line.server), -EAGAIN);
    line.client = (HANDLE)plain_pipe_client(name);
    CHECK_EQ(mio_named_pipe_connect(&line.server), 0);
    test_expect_no_event(&line.poll);
    CHECK_EQ(mio_named_pipe_write(&line.server, "new", 3), -EAGAIN);
    results_are_late = false;
    CHECK_EQ(mio_named_pipe_write(&line.server, "new", 3), 3);
    line_close(&line);
}

static const struct test_case cases[] = {
    {"each_failure_has_its_code_and_leaves_nothing", each_failure_has_its_code_and_leaves_nothing,
     0},
    {"taken_name_is_refused", taken_name_is_refused, 0},
    {"remote_clients_are_refused_unless_asked_for", remote_clients_are_refused_unless_asked_for, 0},
    {"empty_write_is_no_end", empty_write_is_no_end, 0},
    {"refused_packet_is_posted_later", refused_packet_is_posted_later, 0},
    {"unplugged_device_says_so", unplugged_device_says_so, 0},
    {"late_connect_tells_its_error", late_connect_tells_its_error, 0},
    {"late_results_belong_to_the_old_connection", late_results_belong_to_the_old_connection, 0},
    {"output_of_a_late_write_is_left_alone", output_of_a_late_write_is_left_alone, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_named_pipes = {"named_pipes", cases};

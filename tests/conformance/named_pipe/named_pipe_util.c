#include "named_pipe/named_pipe_util.h"

#include <stdlib.h>

/* ---- Memory ---------------------------------------------------------------------------------- */

enum { RELEASED = 0xdd };

static void *keeper_allocate(void *arg, size_t size)
{
    struct keeper *keeper = arg;
    CHECK(keeper->count < KEPT_BLOCKS);
    const int number = ++keeper->count;
    if (number == keeper->fail_at)
        return NULL;
    keeper->blocks[number - 1].memory = malloc(size);
    keeper->blocks[number - 1].size = size;
    return keeper->blocks[number - 1].memory;
}

static void keeper_release(void *arg, void *memory, size_t size)
{
    struct keeper *keeper = arg;
    for (int i = 0; i < keeper->count; i++) {
        if (keeper->blocks[i].memory != memory)
            continue;
        CHECK(!keeper->blocks[i].released && keeper->blocks[i].size == size);
        memset(memory, RELEASED, size);
        keeper->blocks[i].released = true;
        return;
    }
    test_fail(__FILE__, __LINE__, "released what was not allocated");
}

struct mio_named_pipe_options keeper_options(struct keeper *keeper)
{
    memset(keeper, 0, sizeof *keeper);
    return (struct mio_named_pipe_options){
        .allocator = {keeper_allocate, keeper_release, keeper},
    };
}

int keeper_held(const struct keeper *keeper)
{
    int held = 0;
    for (int i = 0; i < keeper->count; i++)
        held += keeper->blocks[i].memory && !keeper->blocks[i].released;
    return held;
}

void keeper_check(struct keeper *keeper)
{
    CHECK_EQ(keeper_held(keeper), 0);
    for (int i = 0; i < keeper->count; i++) {
        for (size_t k = 0; keeper->blocks[i].memory && k < keeper->blocks[i].size; k++)
            CHECK_EQ(keeper->blocks[i].memory[k], RELEASED);
        free(keeper->blocks[i].memory);
    }
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

void pair_serve(struct pair *pair, const struct mio_named_pipe_options *options)
{
    memset(pair, 0, sizeof *pair);
    test_poll_init(&pair->poll);
    pair->registry = mio_poll_registry(&pair->poll);
    plain_pipe_name(pair->name);
    CHECK_EQ(mio_named_pipe_create(&pair->server, pair->name, options), 0);
}

void pair_open(struct pair *pair, const struct mio_named_pipe_options *options)
{
    const mio_interest interest = MIO_READABLE | MIO_WRITABLE;
    struct mio_named_pipe_options of_client = {0};
    pair_serve(pair, options);
    if (options)
        of_client = *options;
    of_client.flags &= MIO_NAMED_PIPE_MESSAGES;
    CHECK_EQ(mio_named_pipe_open(&pair->client, pair->name, &of_client), 0);
    CHECK_EQ(mio_register(pair->registry, &pair->server.source, SERVER, interest), 0);
    CHECK_EQ(mio_register(pair->registry, &pair->client.source, CLIENT, interest), 0);
    CHECK_EQ(mio_named_pipe_connect(&pair->server), 0);
}

void pair_close(struct pair *pair)
{
    CHECK_EQ(mio_named_pipe_close(&pair->server), 0);
    CHECK_EQ(mio_named_pipe_close(&pair->client), 0);
    CHECK_EQ(mio_poll_close(&pair->poll), 0);
}

uint32_t pair_await(struct pair *pair, mio_token token, uint32_t wanted)
{
    const int64_t deadline = mio_now_ns() + TEST_SOON;
    struct mio_event events[8];
    uint32_t seen = 0;
    while (mio_now_ns() < deadline) {
        int n = mio_poll_wait(&pair->poll, events, 8, deadline - mio_now_ns());
        CHECK(n >= 0);
        for (int i = 0; i < n; i++)
            if (events[i].token == token)
                seen |= events[i].readiness;
        if (seen != 0 && (seen & wanted) == wanted)
            return seen;
    }
    test_fail(__FILE__, __LINE__, "token %d: wanted %#x, saw %#x", (int)token, wanted, seen);
}

void pair_run(struct pair *pair, int64_t ns)
{
    const int64_t deadline = mio_now_ns() + ns;
    struct mio_event events[8];
    while (mio_now_ns() < deadline)
        CHECK(mio_poll_wait(&pair->poll, events, 8, deadline - mio_now_ns()) >= 0);
}

void pair_write_all(struct pair *pair, struct mio_named_pipe *pipe, mio_token token,
                    const void *bytes, size_t len)
{
    const char *next = bytes;
    while (len > 0) {
        ptrdiff_t n = mio_named_pipe_write(pipe, next, len);
        if (n == -EAGAIN) {
            pair_await(pair, token, MIO_WRITABLE);
            continue;
        }
        CHECK(n > 0);
        next += n;
        len -= (size_t)n;
    }
}

size_t pair_fill(struct mio_named_pipe *pipe)
{
    static unsigned char block[1 << 20];
    size_t total = 0;
    ptrdiff_t n;
    do {
        CHECK(total < 16 * sizeof block);
        pattern_fill(block, sizeof block, total);
        n = mio_named_pipe_write(pipe, block, sizeof block);
        total += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    CHECK_EQ(n, -EAGAIN);
    return total;
}

void pair_read_all(struct pair *pair, struct mio_named_pipe *pipe, mio_token token, void *bytes,
                   size_t len)
{
    char *next = bytes;
    while (len > 0) {
        ptrdiff_t n = mio_named_pipe_read(pipe, next, len);
        if (n == -EAGAIN) {
            pair_await(pair, token, MIO_READABLE);
            continue;
        }
        CHECK(n > 0);
        next += n;
        len -= (size_t)n;
    }
}

/* 251 is a prime number, so that no piece of a power of two looks like another one. */
void pattern_fill(unsigned char *bytes, size_t len, size_t from)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)((from + i) % 251);
}

bool pattern_is(const unsigned char *bytes, size_t len, size_t from)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != (unsigned char)((from + i) % 251))
            return false;
    return true;
}

/* ---- Processes ------------------------------------------------------------------------------- */

HANDLE client_start(const char *arguments)
{
    return program_start("named_pipe_client.exe", arguments);
}

HANDLE program_start(const char *name, const char *arguments)
{
    char path[MAX_PATH], command[2 * MAX_PATH];
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD length = GetModuleFileNameA(NULL, path, sizeof path);
    CHECK(length > 0 && length < sizeof path);
    *(strrchr(path, '\\') + 1) = 0;
    snprintf(command, sizeof command, "\"%s%s\" %s", path, name, arguments);
    CHECK(CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    CHECK(CloseHandle(process.hThread));
    return process.hProcess;
}

int client_end(struct pair *pair, HANDLE process)
{
    const int64_t deadline = mio_now_ns() + 3 * TEST_SOON;
    DWORD result = STILL_ACTIVE;
    while (WaitForSingleObject(process, 0) != WAIT_OBJECT_0) {
        CHECK(mio_now_ns() < deadline);
        pair_run(pair, 5 * MIO_NS_PER_MS);
    }
    CHECK(GetExitCodeProcess(process, &result));
    CHECK(CloseHandle(process));
    return (int)result;
}

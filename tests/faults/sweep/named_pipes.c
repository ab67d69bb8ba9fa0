/* Scenarios: named pipes. Reads are not ahead of the program, so that each has its own failure. */
#include "sweep.h"
#include "windows_system.h"

#include <errno.h>

static struct mio_poll poll_;
static struct mio_named_pipe server, client;
static char name[PLAIN_PIPE_NAME];

enum { SERVES = 1, CALLS = 2 };

static char text[] = "sixteen bytes, n";
enum { LEN = sizeof text - 1 };

static struct mio_named_pipe_options options_of(uint32_t flags)
{
    return (struct mio_named_pipe_options){.flags = flags, .allocator = sweep_options()->allocator};
}

static void open_server(uint32_t flags)
{
    const struct mio_named_pipe_options options = options_of(flags);
    OPEN_POLL(&poll_);
    plain_pipe_name(name);
    STEP(mio_named_pipe_create(&server, name, &options), 0, sweep_is_closed(&server.source));
    STEP(mio_register(mio_poll_registry(&poll_), &server.source, SERVES, MIO_WRITABLE), 0,
         !mio_source_is_registered(&server.source));
    STEP(mio_named_pipe_connect(&server), -EAGAIN, true);
}

/* With a client of the system, which makes no call of the library's. */
static HANDLE peer = INVALID_HANDLE_VALUE;

static void clean_pipes(void)
{
    if (peer != INVALID_HANDLE_VALUE)
        CloseHandle(peer);
    peer = INVALID_HANDLE_VALUE;
    CLEAN(mio_named_pipe_close(&server));
    CLEAN(mio_named_pipe_close(&client));
    CLEAN(mio_poll_close(&poll_));
}

static void open_connection(uint32_t flags)
{
    open_server(flags);
    OVER_YET;
    peer = (HANDLE)plain_pipe_client(name);
    EVENT(&poll_, SERVES, MIO_WRITABLE);
    STEP(mio_named_pipe_connect(&server), 0, true);
}

static bool peer_reads(const char *bytes, DWORD len)
{
    char buf[64];
    DWORD count = 0;
    return ReadFile(peer, buf, sizeof buf, &count, NULL) && count == len &&
           memcmp(buf, bytes, len) == 0;
}

static bool peer_writes(const char *bytes, DWORD len)
{
    DWORD count = 0;
    return WriteFile(peer, bytes, len, &count, NULL) && count == len;
}

static void serves(void)
{
    char buf[LEN];
    struct mio_buf list[2];
    open_connection(0);
    OVER_YET;
    STEP(mio_named_pipe_write(&server, text, LEN), LEN, true);
    HOLDS(peer_reads(text, LEN));
    STEP(mio_named_pipe_writev(&server, list, sweep_pieces(list, text, LEN)), LEN, true);
    HOLDS(peer_reads(text, LEN));
    STEP(mio_named_pipe_read(&server, buf, LEN), -EAGAIN, true);
    HOLDS(peer_writes(text, LEN));
    STEP(mio_named_pipe_read(&server, buf, LEN), LEN, true);
    HOLDS(memcmp(buf, text, LEN) == 0);
    HOLDS(peer_writes(text, LEN));
    STEP(mio_named_pipe_readv(&server, list, sweep_pieces(list, buf, LEN)), LEN, true);
    STEP(mio_named_pipe_disconnect(&server), 0, true);
    STEP(mio_named_pipe_connect(&server), -EAGAIN, true);
    STEP(mio_deregister(mio_poll_registry(&poll_), &server.source), 0, true);
    STEP(mio_register(mio_poll_registry(&poll_), &server.source, SERVES, MIO_WRITABLE), 0,
         !mio_source_is_registered(&server.source));
}

static void serves_messages(void)
{
    char buf[LEN];
    uint32_t part;
    open_connection(MIO_NAMED_PIPE_MESSAGES);
    OVER_YET;
    HOLDS(peer_writes(text, LEN));
    STEP(mio_named_pipe_read_message(&server, buf, 4, &part), 4, true);
    HOLDS(part == MIO_MESSAGE_MORE);
    STEP(mio_named_pipe_read_message(&server, buf, LEN, &part), LEN - 4, true);
    HOLDS(part == 0);
}

/* The servers are those of a program without the library: one for each call that fails, too. */
enum { SERVERS = 3 };
static HANDLE servers[SERVERS];

static void calls(void)
{
    const struct mio_named_pipe_options options = options_of(MIO_NAMED_PIPE_MESSAGES);
    plain_pipe_name(name);
    for (int i = 0; i < SERVERS; i++) {
        servers[i] = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, SERVERS, 512,
                                      512, 0, NULL);
        HOLDS(servers[i] != INVALID_HANDLE_VALUE);
    }
    OPEN_POLL(&poll_);
    STEP(mio_named_pipe_open(&client, name, &options), 0, sweep_is_closed(&client.source));
    STEP(mio_register(mio_poll_registry(&poll_), &client.source, CALLS, MIO_WRITABLE), 0,
         !mio_source_is_registered(&client.source));
    EVENT(&poll_, CALLS, MIO_WRITABLE);
    STEP(mio_named_pipe_write(&client, text, LEN), LEN, true);
}

static void clean_calls(void)
{
    clean_pipes();
    for (int i = 0; i < SERVERS; i++)
        CloseHandle(servers[i]);
}

/* A handle from outside is as it was when it is refused. */
static HANDLE foreign = INVALID_HANDLE_VALUE;

static bool is_as_it_was(void)
{
    return sweep_is_closed(&server.source) && plain_is_inherited((mio_fd)foreign);
}

static void takes_over(void)
{
    const struct mio_named_pipe_options options = options_of(0);
    plain_pipe_name(name);
    foreign =
        CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0, 1, 512, 512, 0, NULL);
    HOLDS(foreign != INVALID_HANDLE_VALUE);
    plain_set_inherited((mio_fd)foreign);
    STEP(mio_named_pipe_from_handle(&server, (mio_fd)foreign, &options), 0, is_as_it_was());
}

static void clean_taken(void)
{
    const bool is_mine = sweep_is_closed(&server.source);
    CLEAN(mio_named_pipe_close(&server));
    if (is_mine)
        CloseHandle(foreign);
}

const struct scenario named_pipe_scenarios[] = {
    {"named pipe serves", serves, clean_pipes, NULL, NULL},
    {"named pipe serves messages", serves_messages, clean_pipes, NULL, NULL},
    {"named pipe calls", calls, clean_calls, NULL, NULL},
    {"named pipe takes over", takes_over, clean_taken, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* The common part of the suites of named pipes. */
#ifndef MIO_TEST_NAMED_PIPE_UTIL_H
#define MIO_TEST_NAMED_PIPE_UTIL_H

#include "net.h"
#include "system.h"
#include "windows_system.h"

#include <string.h>

enum { SERVER = 1, CLIENT, OTHER };

/* ---- Memory that tells when it is written to after its release ------------------------------- */

enum { KEPT_BLOCKS = 64 };

struct keeper {
    struct {
        unsigned char *memory;
        size_t size;
        bool released;
    } blocks[KEPT_BLOCKS];
    int count;
    int fail_at; /* the allocation that fails, counted from 1; 0 for none */
};

/* The options, with an allocator that gives no memory to anybody else until keeper_check. */
struct mio_named_pipe_options keeper_options(struct keeper *keeper);
/* How many blocks are not released. */
int keeper_held(const struct keeper *keeper);
/* All was released, and nobody has written to it since. */
void keeper_check(struct keeper *keeper);

/* ---- Pipes ----------------------------------------------------------------------------------- */

struct pair {
    struct mio_poll poll;
    struct mio_registry *registry;
    char name[PLAIN_PIPE_NAME];
    struct mio_named_pipe server, client;
};

/* A poll, a server that is called by name, and nothing else. options may be NULL. */
void pair_serve(struct pair *pair, const struct mio_named_pipe_options *options);
/* Both ends as objects of the library, registered for both directions, and connected. */
void pair_open(struct pair *pair, const struct mio_named_pipe_options *options);
/* Closes what is open. */
void pair_close(struct pair *pair);

/* Waits until the token has been reported with all of these bits; other tokens are dropped. */
uint32_t pair_await(struct pair *pair, mio_token token, uint32_t wanted);
/* Lets the library move on for that time, whatever is reported. */
void pair_run(struct pair *pair, int64_t ns);

/* Writes all, waiting for room as a program does. */
void pair_write_all(struct pair *pair, struct mio_named_pipe *pipe, mio_token token,
                    const void *bytes, size_t len);
/*
 * Writes the pattern until there is no room, so that more is accepted than the system has taken;
 * returns how much.
 */
size_t pair_fill(struct mio_named_pipe *pipe);
/* Reads exactly so much. */
void pair_read_all(struct pair *pair, struct mio_named_pipe *pipe, mio_token token, void *bytes,
                   size_t len);

/* Bytes by which a lost, a doubled and a wrong one are found. */
void pattern_fill(unsigned char *bytes, size_t len, size_t from);
bool pattern_is(const unsigned char *bytes, size_t len, size_t from);

/* ---- Processes ------------------------------------------------------------------------------- */

/* Starts the program of clients (client.c), or another one beside it, with these arguments. */
HANDLE client_start(const char *arguments);
HANDLE program_start(const char *name, const char *arguments);
/* Waits, and lets the library move on; the result of the program. */
int client_end(struct pair *pair, HANDLE process);

#endif

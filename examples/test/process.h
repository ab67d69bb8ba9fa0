/* Shared by driver and client: child processes, and bytes there and back in bounded time. */
#ifndef EXAMPLE_PROCESS_H
#define EXAMPLE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int in;  /* its standard input, for us to write; -1: closed */
    int out; /* its standard output, for us to read */
};

/* Milliseconds since an unspecified start. */
long long now_ms(void);

/*
 * Starts a program; argv ends with NULL. Its error output is ours. descriptors is the limit that it
 * gets, 0 leaves it alone. Returns false, with a message, when there is no new process.
 */
bool child_start(struct child *child, char *const argv[], unsigned descriptors);

/*
 * Waits until the program ends, and kills it when the time is over. Returns its status in the form
 * of waitpid, or -1 when it had to be killed.
 */
int child_wait(struct child *child, int timeout_ms);

/* Reads one line of its output, without the newline. Returns false when none comes in time. */
bool child_line(struct child *child, char *line, size_t size, int timeout_ms);

/*
 * Sends all of out while it receives the same number of bytes into in, so that neither side waits
 * for the other. The descriptors may be the same; with out NULL it only receives. Returns false,
 * with a message, at an error, at an early end and when the time is over.
 */
bool exchange(int to, int from, const void *out, void *in, size_t size, int timeout_ms);

/* Reads to the end of file, which must come next and in time: any byte is an error. */
bool expect_end(int fd, int timeout_ms);

/* A blocking connection to 127.0.0.1, or -1 with a message. */
int connect_to(int port);

/* Fills buf with printable text that depends on the seed; telnet clients do not touch it. */
void fill(char *buf, size_t size, unsigned seed);

#endif

/*
 * child_process: runs a program with pipes at its standard input, output and error, feeds it
 * numbered lines, and counts what it answers. Everything goes through one loop: a program that
 * feeds a child first and reads afterwards waits for ever once the pipes are full. A child that
 * stops reading is an error of the write (-EPIPE), not a signal.
 *
 * Try it:  ./child_process 100000 sort -r
 *          ./child_process 100000 head -1          (it does not read to the end)
 *          ./child_process 0 sh -c 'echo oops >&2; exit 3'
 */
#define _POSIX_C_SOURCE 200809L

#include <mio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INPUT, OUTPUT, ERRORS }; /* tokens, and descriptors of the child */

/* An output of the child. */
struct stream {
    struct mio_pipe_receiver pipe;
    uint32_t ready; /* what events said and is not used up yet */
    bool ended;
    unsigned long long bytes, lines;
};

/* The input of the child. */
struct feed {
    struct mio_pipe_sender pipe;
    uint32_t ready;
    long next, last; /* numbers of lines */
    size_t begin, end;
    char buf[4096];
    unsigned long long bytes; /* that it took */
};

static struct mio_poll poll;
static struct feed feed;
static struct stream streams[3]; /* OUTPUT and ERRORS */

static void check(const char *what, ptrdiff_t result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "child_process: %s: %s\n", what, mio_strerror(result));
    exit(EXIT_FAILURE);
}

/* ---- The child ------------------------------------------------------------------------------- */

/* In the child: nothing but system calls. All that is not duplicated here is closed by execvp. */
static void run_child(const mio_fd ends[3], char **argv)
{
    for (int standard = INPUT; standard <= ERRORS; standard++)
        if (ends[standard] <= ERRORS || dup2(ends[standard], standard) < 0)
            _exit(126);
    execvp(argv[0], argv);
    _exit(127);
}

static pid_t start(char **argv)
{
    struct mio_pipe_receiver input;
    struct mio_pipe_sender output, errors;
    check("pipe", mio_pipe_pair(&feed.pipe, &input));
    check("pipe", mio_pipe_pair(&output, &streams[OUTPUT].pipe));
    check("pipe", mio_pipe_pair(&errors, &streams[ERRORS].pipe));
    /* Programs expect to wait at their standard descriptors. Our ends do not share that. */
    check("pipe", mio_pipe_receiver_set_nonblocking(&input, false));
    check("pipe", mio_pipe_sender_set_nonblocking(&output, false));
    check("pipe", mio_pipe_sender_set_nonblocking(&errors, false));
    const mio_fd ends[] = {mio_pipe_receiver_into_fd(&input), mio_pipe_sender_into_fd(&output),
                           mio_pipe_sender_into_fd(&errors)};
    pid_t pid = fork();
    check("fork", pid < 0 ? -errno : 0);
    if (pid == 0)
        run_child(ends, argv);
    /* As long as one of them is open here, the other side has not come to its end. */
    for (int standard = INPUT; standard <= ERRORS; standard++)
        close(ends[standard]);
    return pid;
}

/* ---- Feeding and reading --------------------------------------------------------------------- */

static void fill_buffer(void)
{
    feed.begin = feed.end = 0;
    while (feed.next < feed.last && sizeof feed.buf - feed.end > 32)
        feed.end += (size_t)snprintf(feed.buf + feed.end, 32, "line %ld\n", ++feed.next);
}

static void feed_child(void)
{
    while (feed.ready & MIO_WRITABLE) {
        if (feed.begin == feed.end)
            fill_buffer();
        size_t asked = feed.end - feed.begin;
        ptrdiff_t n = asked == 0 ? -EPIPE /* all was said: the same as when nobody listens */
                                 : mio_pipe_sender_write(&feed.pipe, feed.buf + feed.begin, asked);
        if (n == -EPIPE) {
            check("close", mio_pipe_sender_close(&feed.pipe));
            feed.ready = 0;
            return;
        }
        mio_ready_after(&feed.ready, MIO_WRITABLE, n, asked);
        if (n == -EAGAIN)
            return;
        check("write", n);
        feed.begin += (size_t)n;
        feed.bytes += (size_t)n;
    }
}

static void read_from(struct stream *stream)
{
    char buf[4096];
    while (stream->ready & MIO_READABLE) {
        ptrdiff_t n = mio_pipe_receiver_read(&stream->pipe, buf, sizeof buf);
        mio_ready_after(&stream->ready, MIO_READABLE, n, sizeof buf);
        if (n == -EAGAIN)
            return;
        check("read", n);
        if (n == 0) {
            stream->ended = true;
            check("close", mio_pipe_receiver_close(&stream->pipe));
            return;
        }
        stream->bytes += (size_t)n;
        for (ptrdiff_t i = 0; i < n; i++)
            stream->lines += buf[i] == '\n';
    }
}

static void run(void)
{
    struct mio_event events[8];
    while (!streams[OUTPUT].ended || !streams[ERRORS].ended) {
        int count = mio_poll_wait(&poll, events, 8, MIO_FOREVER);
        if (count == -EINTR)
            continue;
        check("wait", count);
        for (int i = 0; i < count; i++) {
            if (events[i].token == INPUT) {
                feed.ready |= events[i].readiness;
                feed_child();
            } else {
                struct stream *stream = &streams[events[i].token];
                stream->ready |= events[i].readiness;
                if (!stream->ended)
                    read_from(stream);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct mio_registry *registry = mio_poll_registry(&poll);
    int status;

    if (argc < 3 || (feed.last = atol(argv[1])) < 0) {
        fprintf(stderr, "usage: child_process LINES PROGRAM [ARGUMENTS...]\n");
        return 2;
    }
    /* The child first: what does not exist yet cannot be inherited. */
    pid_t pid = start(argv + 2);
    check("poll", mio_poll_init(&poll));
    check("register", mio_register(registry, &feed.pipe.source, INPUT, MIO_WRITABLE));
    for (mio_token k = OUTPUT; k <= ERRORS; k++)
        check("register", mio_register(registry, &streams[k].pipe.source, k, MIO_READABLE));
    run();
    check("close", mio_pipe_sender_close(&feed.pipe)); /* it may have ended without reading all */
    check("close", mio_poll_close(&poll));

    /* It closed its outputs, so it is about to end. A loop that has more to do than this watches a
     * pidfd as a raw source instead. */
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            check("waitpid", -errno);
    printf("input: %llu bytes\n", feed.bytes);
    printf("output: %llu bytes, %llu lines\n", streams[OUTPUT].bytes, streams[OUTPUT].lines);
    printf("errors: %llu bytes, %llu lines\n", streams[ERRORS].bytes, streams[ERRORS].lines);
    if (WIFSIGNALED(status))
        printf("ended by signal %d\n", WTERMSIG(status));
    else
        printf("exit status %d\n", WEXITSTATUS(status));
    return EXIT_SUCCESS;
}

/* Pipes as the standard input and output of a child process. */
#define _GNU_SOURCE 1
#include "pipe/pipe_util.h"
#include "queue/queue_util.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOKEN_INPUT = 1, TOKEN_OUTPUT };

/* A child, and our ends of its input and output in a poll. */
struct child {
    pid_t pid;
    struct mio_poll poll;
    struct mio_pipe_sender input;
    struct mio_pipe_receiver output;
    uint32_t can_write, can_read;
};

static const char *find_program(const char *name, const char *elsewhere)
{
    if (access(name, X_OK) == 0)
        return name;
    if (access(elsewhere, X_OK) == 0)
        return elsewhere;
    return NULL;
}

/* Where the child begins: its ends become the standard input and output. */
static void become(const char *const *argv, int input, int output)
{
    if (test_is_nonblocking(input) || test_is_nonblocking(output))
        _exit(101);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
        _exit(102);
    alarm(60); /* lasts beyond exec: should the case fail, the child does not stay for ever */
    execv(argv[0], (char *const *)argv);
    _exit(103);
}

static void child_start(struct child *child, const char *const *argv)
{
    struct mio_pipe_receiver its_input;
    struct mio_pipe_sender its_output;
    memset(child, 0, sizeof *child);
    CHECK_EQ(mio_pipe_pair(&child->input, &its_input), 0);
    CHECK_EQ(mio_pipe_pair(&its_output, &child->output), 0);
    CHECK_EQ(mio_pipe_receiver_set_nonblocking(&its_input, false), 0);
    CHECK_EQ(mio_pipe_sender_set_nonblocking(&its_output, false), 0);
    int input = mio_pipe_receiver_into_fd(&its_input);
    int output = mio_pipe_sender_into_fd(&its_output);
    child->pid = fork();
    CHECK(child->pid >= 0);
    if (child->pid == 0)
        become(argv, input, output);
    CHECK_EQ(plain_close(input), 0);
    CHECK_EQ(plain_close(output), 0);
    test_poll_init(&child->poll);
    struct mio_registry *registry = mio_poll_registry(&child->poll);
    int result =
        mio_register(registry, &child->input.source, TOKEN_INPUT, MIO_WRITABLE | test_config.mode);
    /* The child may have ended already. A kqueue may refuse a pipe whose other end is closed. */
    if (result == -EPIPE && queue_is_kqueue(&child->poll))
        child->can_write = MIO_WRITE_CLOSED;
    else
        CHECK_EQ(result, 0);
    CHECK_EQ(mio_register(registry, &child->output.source, TOKEN_OUTPUT,
                          MIO_READABLE | test_config.mode),
             0);
}

static void child_wait(struct child *child)
{
    struct mio_event events[4];
    struct mio_registry *registry = mio_poll_registry(&child->poll);
    const mio_interest mode = test_config.mode;
    if ((mode & MIO_ONESHOT) && mio_source_is_registered(&child->input.source) &&
        !(child->can_write & MIO_WRITABLE))
        CHECK_EQ(mio_reregister(registry, &child->input.source, TOKEN_INPUT, MIO_WRITABLE | mode),
                 0);
    if ((mode & MIO_ONESHOT) && !(child->can_read & MIO_READABLE))
        CHECK_EQ(mio_reregister(registry, &child->output.source, TOKEN_OUTPUT, MIO_READABLE | mode),
                 0);
    int n = mio_poll_wait(&child->poll, events, 4, TEST_SOON);
    CHECK(n > 0);
    for (int i = 0; i < n; i++) {
        CHECK(events[i].token == TOKEN_INPUT || events[i].token == TOKEN_OUTPUT);
        if (events[i].token == TOKEN_INPUT)
            child->can_write |= events[i].readiness;
        else
            child->can_read |= events[i].readiness;
    }
}

/* Returns what waitpid(2) says. */
static int child_end(struct child *child)
{
    int status;
    CHECK_EQ(mio_pipe_sender_close(&child->input), 0);
    CHECK_EQ(mio_pipe_receiver_close(&child->output), 0);
    CHECK_EQ(mio_poll_close(&child->poll), 0);
    CHECK_EQ(waitpid(child->pid, &status, 0), child->pid);
    return status;
}

/* Reads what the child says until the end of it; the bytes. */
static size_t read_to_the_end(struct child *child, char *buf, size_t size)
{
    size_t total = 0;
    for (;;) {
        while (child->can_read & MIO_READABLE) {
            CHECK(total < size);
            ptrdiff_t n = mio_pipe_receiver_read(&child->output, buf + total, size - total);
            mio_ready_after(&child->can_read, MIO_READABLE, n, size - total);
            if (n == 0)
                return total;
            CHECK(n > 0 || n == -EAGAIN);
            total += n > 0 ? (size_t)n : 0;
        }
        child_wait(child);
    }
}

static void child_echoes_through_the_loop(void)
{
    enum { TOTAL = 300000 };
    static char out[TOTAL], in[TOTAL + 1];
    struct child child;
    const char *const argv[] = {find_program("/bin/cat", "/usr/bin/cat"), NULL};
    size_t sent = 0, got = 0;
    if (!argv[0])
        SKIP("there is no cat");
    for (size_t i = 0; i < TOTAL; i++)
        out[i] = (char)(i % 127);
    child_start(&child, argv);
    while (sent < TOTAL || got < TOTAL) {
        child_wait(&child);
        while (sent < TOTAL && (child.can_write & MIO_WRITABLE)) {
            ptrdiff_t n = mio_pipe_sender_write(&child.input, out + sent, TOTAL - sent);
            mio_ready_after(&child.can_write, MIO_WRITABLE, n, TOTAL - sent);
            CHECK(n > 0 || n == -EAGAIN);
            sent += n > 0 ? (size_t)n : 0;
        }
        if (sent == TOTAL && mio_source_is_registered(&child.input.source))
            CHECK_EQ(mio_deregister(mio_poll_registry(&child.poll), &child.input.source), 0);
        while (child.can_read & MIO_READABLE) {
            ptrdiff_t n = mio_pipe_receiver_read(&child.output, in + got, sizeof in - got);
            mio_ready_after(&child.can_read, MIO_READABLE, n, sizeof in - got);
            CHECK(n > 0 || n == -EAGAIN);
            got += n > 0 ? (size_t)n : 0;
        }
    }
    /* Our end was the last one, the child has no copy of it: it sees the end, and ends. */
    CHECK_EQ(mio_pipe_sender_close(&child.input), 0);
    got += read_to_the_end(&child, in + got, sizeof in - got);
    CHECK_EQ(got, TOTAL);
    CHECK_EQ(memcmp(in, out, TOTAL), 0);
    CHECK_EQ(child_end(&child), 0);
}

static void end_of_the_child_is_the_end_of_its_output(void)
{
    struct child child;
    char buf[16];
    const char *const argv[] = {find_program("/bin/sh", "/usr/bin/sh"), "-c", "echo bye; exit 7",
                                NULL};
    if (!argv[0])
        SKIP("there is no shell");
    child_start(&child, argv);
    CHECK_EQ(read_to_the_end(&child, buf, sizeof buf), 4);
    CHECK_EQ(memcmp(buf, "bye\n", 4), 0);
    CHECK(child.can_read & MIO_READ_CLOSED);
    /* Nobody reads its input any more. */
    while (!(child.can_write & MIO_WRITE_CLOSED)) {
        child.can_write = 0; /* which arms it in oneshot mode */
        child_wait(&child);
    }
    CHECK_EQ(mio_pipe_sender_write(&child.input, "x", 1), -EPIPE);
    int status = child_end(&child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 7);
}

static void killed_child_is_the_end_of_its_output(void)
{
    struct child child;
    char buf[16];
    const char *const argv[] = {find_program("/bin/cat", "/usr/bin/cat"), NULL};
    if (!argv[0])
        SKIP("there is no cat");
    child_start(&child, argv);
    CHECK_EQ(mio_pipe_sender_write(&child.input, "abc", 3), 3);
    while (!(child.can_read & MIO_READABLE)) {
        child.can_write = 0;
        child_wait(&child);
    }
    CHECK_EQ(mio_pipe_receiver_read(&child.output, buf, sizeof buf), 3);
    child.can_read = 0;
    CHECK_EQ(kill(child.pid, SIGKILL), 0);
    CHECK_EQ(read_to_the_end(&child, buf, sizeof buf), 0);
    int status = child_end(&child);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGKILL);
}

static const struct test_case cases[] = {
    {"child_echoes_through_the_loop", child_echoes_through_the_loop, TEST_ANY_MODE},
    {"end_of_the_child_is_the_end_of_its_output", end_of_the_child_is_the_end_of_its_output,
     TEST_ANY_MODE},
    {"killed_child_is_the_end_of_its_output", killed_child_is_the_end_of_its_output, TEST_ANY_MODE},
    {NULL, NULL, 0},
};

const struct test_suite suite_pipe_child = {"pipe_child", cases};

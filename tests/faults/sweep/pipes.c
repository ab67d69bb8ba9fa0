/* Scenarios: pipes, with the system's own way to keep SIGPIPE away, and without. */
#define _GNU_SOURCE 1
#include "sweep.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static struct mio_poll poll_;
static struct mio_pipe_sender sender;
static struct mio_pipe_receiver receiver;

enum { READS = 1, WRITES = 2 };

static char text[] = "sixteen bytes, n";
enum { LEN = sizeof text - 1 };

static void open_ends(void)
{
    OPEN_POLL(&poll_);
    STEP(mio_pipe_pair(&sender, &receiver), 0,
         sweep_is_closed(&sender.source) && sweep_is_closed(&receiver.source));
    STEP(mio_register(mio_poll_registry(&poll_), &receiver.source, READS, MIO_READABLE), 0,
         !mio_source_is_registered(&receiver.source));
}

static void clean_ends(void)
{
    CLEAN(mio_pipe_sender_close(&sender));
    CLEAN(mio_pipe_receiver_close(&receiver));
    CLEAN(mio_poll_close(&poll_));
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

static void moves_vectors(void)
{
    struct mio_buf list[2];
    char buf[LEN];
    size_t done;
    MOVE(mio_pipe_sender_writev(&sender, list, sweep_pieces(list, text + done, LEN - done)), done,
         LEN);
    EVENT(&poll_, READS, MIO_READABLE);
    MOVE(mio_pipe_receiver_readv(&receiver, list, sweep_pieces(list, buf + done, LEN - done)), done,
         LEN);
    HOLDS(memcmp(buf, text, LEN) == 0);
    STEP(mio_pipe_receiver_readv(&receiver, list, sweep_pieces(list, buf, LEN)), -EAGAIN, true);
}

static void moves(void)
{
    char buf[LEN];
    size_t done;
    open_ends();
    OVER_YET;
    MOVE(mio_pipe_sender_write(&sender, text + done, LEN - done), done, LEN);
    EVENT(&poll_, READS, MIO_READABLE);
    MOVE(mio_pipe_receiver_read(&receiver, buf + done, LEN - done), done, LEN);
    HOLDS(memcmp(buf, text, LEN) == 0);
    STEP(mio_pipe_receiver_read(&receiver, buf, LEN), -EAGAIN, true);
    moves_vectors();
    OVER_YET;
    CLEAN(mio_pipe_sender_close(&sender));
    OVER_YET;
    EVENT(&poll_, READS, MIO_READABLE | MIO_READ_CLOSED);
    STEP(mio_pipe_receiver_read(&receiver, buf, LEN), 0, true);
}

/* Nobody reads any more. SIGPIPE has its default action: one that gets through ends the program. */
static void breaks(void)
{
    struct mio_buf list[2];
    open_ends();
    OVER_YET;
    CLEAN(mio_pipe_receiver_close(&receiver));
    OVER_YET;
    STEP(mio_pipe_sender_write(&sender, text, LEN), -EPIPE, true);
    STEP(mio_pipe_sender_writev(&sender, list, sweep_pieces(list, text, LEN)), -EPIPE, true);
}

static void moves_and_breaks(void)
{
    moves();
    OVER_YET;
    clean_ends();
    OVER_YET;
    breaks();
}

/* One SIGPIPE is pending before the write, and one is after it. */
static void breaks_while_blocked(void)
{
    const struct timespec now = {0, 0};
    sigset_t only, before;
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &only, &before);
    pthread_kill(pthread_self(), SIGPIPE);
    breaks();
    HOLDS(sigtimedwait(&only, NULL, &now) == SIGPIPE);
    HOLDS(sigtimedwait(&only, NULL, &now) < 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static int flags_of(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) | (fcntl(fd, F_GETFD) & FD_CLOEXEC) << 24;
}

static int ends[2] = {-1, -1};

static bool is_as_it_was(const struct mio_source *source, int fd)
{
    return sweep_is_closed(source) && (flags_of(fd) == 0 || sweep_error_stays());
}

static void takes_over(void)
{
    HOLDS(pipe(ends) == 0);
    OVER_YET;
    STEP(mio_pipe_receiver_from_fd(&receiver, ends[0]), 0, is_as_it_was(&receiver.source, ends[0]));
    ends[0] = -1;
    STEP(mio_pipe_sender_from_fd(&sender, ends[1]), 0, is_as_it_was(&sender.source, ends[1]));
    ends[1] = -1;
    HOLDS(test_is_nonblocking(mio_source_fd(&sender.source)));
    HOLDS(test_is_cloexec(mio_source_fd(&receiver.source)));
    STEP(mio_pipe_sender_set_nonblocking(&sender, false), 0,
         test_is_nonblocking(mio_source_fd(&sender.source)));
    HOLDS(!test_is_nonblocking(mio_source_fd(&sender.source)));
    STEP(mio_pipe_sender_set_nonblocking(&sender, true), 0,
         !test_is_nonblocking(mio_source_fd(&sender.source)));
    STEP(mio_pipe_receiver_set_nonblocking(&receiver, false), 0,
         test_is_nonblocking(mio_source_fd(&receiver.source)));
    HOLDS(!test_is_nonblocking(mio_source_fd(&receiver.source)));
}

static void gives_up(void)
{
    int fd;
    open_ends();
    OVER_YET;
    sweep_begin("mio_pipe_receiver_into_fd(&receiver)", __LINE__);
    ends[0] = fd = mio_pipe_receiver_into_fd(&receiver);
    sweep_end(fd, SWEEP_SOME);
    OVER_YET;
    HOLDS(sweep_is_closed(&receiver.source));
    HOLDS(test_is_nonblocking(fd));
}

static void clean_descriptors(void)
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
        ends[i] = -1;
    }
    clean_ends();
}

const struct scenario pipe_scenarios[] = {
    {"moves_and_breaks", moves_and_breaks, clean_ends, sweep_lacks_pipe_flag, NULL},
    {"moves_and_breaks_guarded", moves_and_breaks, clean_ends, NULL, &sweep_no_pipe_flag},
    {"moves_and_breaks_without_flags", moves_and_breaks, clean_ends, sweep_lacks_pipe_flag,
     &sweep_pipe_flag_ignored},
    {"breaks_while_blocked", breaks_while_blocked, clean_ends, NULL, NULL},
    {"breaks_while_blocked_guarded", breaks_while_blocked, clean_ends, NULL, &sweep_no_pipe_flag},
    {"breaks_while_blocked_without_flags", breaks_while_blocked, clean_ends, sweep_lacks_pipe_flag,
     &sweep_pipe_flag_ignored},
    {"takes_over", takes_over, clean_descriptors, NULL, NULL},
    {"gives_up", gives_up, clean_descriptors, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* The filters of pipes, of files, and of what else has a descriptor. */
#include "simulation.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Pipes ----------------------------------------------------------------------------------- */

static struct sim_answer ask_pipe(struct knote *knote)
{
    int fd = (int)knote->set.ident;
    int bits = sim_host_poll(fd);
    struct sim_answer answer = {.ready = false};
    /* A pipe of a BSD goes both ways: the other end is gone for both filters of an end. */
    answer.eof = (bits & (POLLHUP | POLLERR)) != 0;
    if (knote->set.filter == EVFILT_READ) {
        answer.ready = answer.eof || (bits & POLLIN);
        answer.data = sim_host_unread(fd);
    } else {
        answer.ready = answer.eof || (bits & POLLOUT);
        answer.data = answer.eof ? 0 : 4096;
    }
    if (!answer.ready)
        knote->blocked = true;
    return answer;
}

/* Transfers of this process are seen without the host (wrap.c), those of others are not. */
static bool pipe_fires(struct knote *knote, const struct sim_answer *answer)
{
    bool fires =
        knote->set.filter == EVFILT_READ || knote->blocked || (answer->eof && !knote->saw_eof);
    knote->blocked = false;
    knote->saw_eof = answer->eof;
    return fires;
}

static void pipe_told(struct knote *knote, const struct sim_answer *answer)
{
    knote->blocked = false;
    knote->saw_eof = answer->eof;
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* Always ready to write, and to read until the offset is at the end. */
static struct sim_answer ask_file(struct knote *knote)
{
    struct stat status;
    int fd = (int)knote->set.ident;
    struct sim_answer answer = {.ready = true, .data = 0};
    if (knote->set.filter == EVFILT_READ && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        off_t offset = lseek(fd, 0, SEEK_CUR);
        answer.data = status.st_size - (offset < 0 ? 0 : offset);
        answer.ready = answer.data != 0;
    }
    return answer;
}

/* ---- Others: queues, terminals, the host's own kinds ----------------------------------------- */

static struct sim_answer ask_other(struct knote *knote)
{
    int bits = sim_host_poll((int)knote->set.ident);
    struct sim_answer answer = {.eof = (bits & POLLHUP) != 0, .data = 1};
    answer.ready =
        answer.eof || (bits & (knote->set.filter == EVFILT_READ ? POLLIN : POLLOUT) & ~POLLHUP);
    return answer;
}

const struct sim_filter sim_filter_pipe = {
    .of_descriptor = true, .ask = ask_pipe, .fires = pipe_fires, .told = pipe_told};
const struct sim_filter sim_filter_file = {.of_descriptor = true, .ask = ask_file};
const struct sim_filter sim_filter_other = {.of_descriptor = true, .ask = ask_other};

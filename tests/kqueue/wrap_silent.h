/* A write to a file with F_SETNOSIGPIPE: between these two SIGPIPE is kept away. */
#ifndef MIO_WRAP_SILENT_H
#define MIO_WRAP_SILENT_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct sim_silence {
    bool is_on, was_pending;
    sigset_t only, before;
};

struct sim_silence sim_silence_begin(int fd);
void sim_silence_end(const struct sim_silence *state, ssize_t result);

#endif

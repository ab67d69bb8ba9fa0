/*
 * In what the systems differ. The environment variable MIO_SIMULATED_KQUEUE names the system, and
 * may switch single properties after it: "netbsd", "freebsd,-user", "macos,+ticks".
 */
#ifndef MIO_SIMULATED_SETTINGS_H
#define MIO_SIMULATED_SETTINGS_H

#include <stdbool.h>

struct sim_settings {
    const char *name;
    bool receipt;     /* EV_RECEIPT is known; else it is ignored, and only failures are told */
    bool user;        /* there is EVFILT_USER */
    bool user_clear;  /* EV_CLEAR in a change of a user event takes its trigger back */
    bool user_token;  /* each change of a user event replaces its udata, a trigger alone, too */
    bool ticks;       /* waits take whole ticks of 10 ms, and one more */
    bool early;       /* waits end a tick before their time */
    bool pipe_wakes;  /* a transfer on a pipe fires both its ends again */
    bool broken_pipe; /* EVFILT_WRITE is EPIPE on a pipe whose reader is gone */
    bool mark;        /* a mark for EVFILT_READ holds, however high; else a byte reaches it */
    bool no_devices;  /* character devices are EINVAL */
    bool no_sigpipe;  /* F_SETNOSIGPIPE is known */
    bool index_in_address; /* an ip_mreq may have the index of an interface for its address */
};

/* Those of the environment. Ends the program when it names no system. */
const struct sim_settings *sim_settings(void);

#endif

/*
 * F_SETNOSIGPIPE, and memberships of IPv4 as NetBSD takes them: what the host does not know. The
 * programs of this folder are linked with --wrap for these calls.
 */
#include "wrap_silent.h"
#include "settings.h"
#include "system/system.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

long __real_syscall(long number, ...);

/*
 * The property is the open file's, whoever has a descriptor of it. The host keeps one word for an
 * open file that nothing else here uses: the signal that tells of its readiness, if that is asked
 * for (F_SETSIG).
 */
static int silence(int fd, bool on)
{
    if (!sim_settings()->no_sigpipe) {
        errno = EINVAL;
        return -1;
    }
    return (int)__real_syscall(SYS_fcntl, fd, F_SETSIG, on ? SIGPIPE : 0);
}

static bool is_silent(int fd)
{
    return __real_syscall(SYS_fcntl, fd, F_GETSIG, 0) == SIGPIPE;
}

static int control(int fd, int command, long value)
{
    if (command == F_SETNOSIGPIPE)
        return silence(fd, value != 0);
    if (command == F_GETNOSIGPIPE)
        return is_silent(fd);
    return (int)__real_syscall(SYS_fcntl, fd, command, value);
}

static long value_of(va_list list)
{
    return va_arg(list, long);
}

#define FCNTL(name)                                                                                \
    int name(int fd, int command, ...);                                                            \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        va_list list;                                                                              \
        va_start(list, command);                                                                   \
        long value = value_of(list);                                                               \
        va_end(list);                                                                              \
        return control(fd, command, value);                                                        \
    }

FCNTL(__wrap_fcntl)
FCNTL(__wrap_fcntl64)

/* ---- Writing --------------------------------------------------------------------------------- */

struct sim_silence sim_silence_begin(int fd)
{
    struct sim_silence state = {.is_on = false};
    int error = errno;
    sigset_t pending;
    if (sim_settings()->no_sigpipe && is_silent(fd)) {
        state.is_on = true;
        sigemptyset(&state.only);
        sigaddset(&state.only, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &state.only, &state.before);
        sigpending(&pending);
        state.was_pending = sigismember(&pending, SIGPIPE) == 1;
    }
    errno = error;
    return state;
}

void sim_silence_end(const struct sim_silence *state, ssize_t result)
{
    const struct timespec at_once = {0};
    int error = errno;
    if (!state->is_on)
        return;
    if (result < 0 && error == EPIPE && !state->was_pending)
        sigtimedwait(&state->only, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &state->before, NULL);
    errno = error;
}

/* ---- Memberships ----------------------------------------------------------------------------- */

/* Where an address below 2^24 is the index of an interface (sys/netinet/ip_output.c). */
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    enum { INDEX_END = 1 << 24 };
    struct ip_mreq plain;
    bool joins = level == IPPROTO_IP && (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP);
    if (!joins || size != sizeof plain || !sim_settings()->index_in_address)
        return __real_setsockopt(fd, level, name, value, size);
    memcpy(&plain, value, sizeof plain);
    uint32_t number = ntohl(plain.imr_interface.s_addr);
    struct ip_mreqn request = {.imr_multiaddr = plain.imr_multiaddr};
    if (number < INDEX_END)
        request.imr_ifindex = (int)number;
    else
        request.imr_address = plain.imr_interface;
    return __real_setsockopt(fd, level, name, &request, sizeof request);
}

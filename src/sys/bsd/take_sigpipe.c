/*
 * Taking back a SIGPIPE on FreeBSD and DragonFly, by sigtimedwait(2), and on OpenBSD, which has the
 * system call below sigwait(3) instead: its libc does not declare it, and exports it. Neither
 * waits, as sigpending(2) and then sigwait would: a thread that sets the action to SIG_IGN between
 * the two discards the signal, and the sigwait never ends.
 */
#include "sys/unix/take_sigpipe.h"
#include "sys/unix/calls.h"
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#if MIO__HAS_THRSIGDIVERT

/* sys_thrsigdivert in sys/kern/kern_sig.c. The set is by value, info may be NULL. */
int __thrsigdivert(sigset_t set, siginfo_t *info, const struct timespec *timeout);

static int take_at_once(const sigset_t *set)
{
    const struct timespec at_once = {0};
    return MIO__CALL(__thrsigdivert)(*set, NULL, &at_once);
}

#else

static int take_at_once(const sigset_t *set)
{
    const struct timespec at_once = {0};
    return MIO__CALL(sigtimedwait)(set, NULL, &at_once);
}

#endif

bool mio__take_sigpipe(void)
{
    sigset_t set;
    int result, state;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    do
        result = take_at_once(&set);
    while (result < 0 && errno == EINTR);
    bool is_known = result >= 0 || errno == EAGAIN;
    pthread_setcancelstate(state, &state);
    return is_known;
}

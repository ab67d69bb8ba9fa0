/*
 * Functions that glibc makes by system calls that Android forbids, as Android's libc makes them: by
 * calls that are allowed. These definitions come before those of glibc. So what a program calls is
 * killed where Android would kill it, and nowhere else.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

int accept(int fd, __SOCKADDR_ARG peer, socklen_t *length)
{
    return accept4(fd, peer, length, 0);
}

int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

unsigned alarm(unsigned seconds)
{
    const struct itimerval value = {.it_value = {.tv_sec = (time_t)seconds}};
    struct itimerval before;
    return setitimer(ITIMER_REAL, &value, &before) < 0 ? 0 : (unsigned)before.it_value.tv_sec;
}

int chmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, 0);
}

int chown(const char *path, uid_t user, gid_t group)
{
    return fchownat(AT_FDCWD, path, user, group, 0);
}

int dup2(int fd, int wanted)
{
    return fd == wanted ? (fcntl(fd, F_GETFD) < 0 ? -1 : fd) : dup3(fd, wanted, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int pause(void)
{
    sigset_t now;
    return sigprocmask(SIG_BLOCK, NULL, &now) < 0 ? -1 : sigsuspend(&now);
}

int pipe(int ends[2])
{
    return pipe2(ends, 0);
}

int poll(struct pollfd *entries, nfds_t count, int timeout_ms)
{
    const struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    return ppoll(entries, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

ssize_t readlink(const char *path, char *buf, size_t size)
{
    return readlinkat(AT_FDCWD, path, buf, size);
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

/* The tests of this host run as nobody else's neighbour: a few tries are enough. */
char *mkdtemp(char *path)
{
    char *end = path + strlen(path) - 6;
    for (unsigned number = (unsigned)getpid(), tries = 0; tries < 1000; tries++, number += 7919) {
        for (unsigned i = 0, rest = number; i < 6; i++, rest /= 10)
            end[i] = (char)('0' + rest % 10);
        if (mkdirat(AT_FDCWD, path, 0700) == 0)
            return path;
        if (errno != EEXIST)
            return NULL;
    }
    return NULL;
}

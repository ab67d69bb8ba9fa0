#define _GNU_SOURCE 1
#include "unix/unix_util.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* ---- Addresses ------------------------------------------------------------------------------- */

struct mio_addr unix_text(const char *text)
{
    struct mio_addr addr = {0};
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    return addr;
}

struct mio_addr unix_unnamed(void)
{
    struct mio_addr addr = {0};
    CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
    return addr;
}

struct mio_addr unix_fresh_name(void)
{
    static unsigned count;
    struct mio_addr addr = {0};
    struct timespec now;
    char name[100];
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    int length = snprintf(name, sizeof name, "mio-test-%ld-%lld-%ld-%u", (long)getpid(),
                          (long long)now.tv_sec, now.tv_nsec, count++);
    CHECK_EQ(mio_addr_unix_abstract(&addr, name, (size_t)length), 0);
    return addr;
}

void unix_dir_open(struct unix_dir *dir)
{
    strcpy(dir->path, "/tmp/mio-test-XXXXXX");
    CHECK(mkdtemp(dir->path));
}

struct mio_addr unix_dir_addr(const struct unix_dir *dir, const char *name)
{
    struct mio_addr addr = {0};
    char path[128];
    CHECK(snprintf(path, sizeof path, "%s/%s", dir->path, name) <= UNIX_NAME_MOST);
    CHECK_EQ(mio_addr_unix_path(&addr, path), 0);
    return addr;
}

void unix_dir_full_path(const struct unix_dir *dir, struct sockaddr_un *name)
{
    size_t length = strlen(dir->path);
    memset(name, 0, sizeof *name);
    name->sun_family = AF_UNIX;
    memset(name->sun_path, 'f', sizeof name->sun_path);
    memcpy(name->sun_path, dir->path, length);
    name->sun_path[length] = '/';
}

void unix_dir_close(const struct unix_dir *dir)
{
    DIR *entries = opendir(dir->path);
    struct dirent *entry;
    CHECK(entries);
    while ((entry = readdir(entries)))
        if (entry->d_name[0] != '.')
            CHECK_EQ(unlinkat(dirfd(entries), entry->d_name, 0), 0);
    CHECK_EQ(closedir(entries), 0);
    CHECK_EQ(rmdir(dir->path), 0);
}

struct mio_addr unix_name_of(int fd)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    struct mio_addr addr;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&name, length), 0);
    return addr;
}

bool unix_is_called(int fd, const void *path_bytes, size_t length)
{
    struct sockaddr_un name;
    socklen_t got = sizeof name;
    memset(&name, 0xa5, sizeof name);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &got), 0);
    CHECK_EQ(name.sun_family, AF_UNIX);
    return got == UNIX_NAME_AT + length && memcmp(name.sun_path, path_bytes, length) == 0;
}

/* ---- Peers ----------------------------------------------------------------------------------- */

static socklen_t to_system(const struct mio_addr *addr, struct sockaddr_storage *name)
{
    memset(name, 0, sizeof *name); /* valgrind looks for a NUL, even behind the length */
    int length = mio_addr_to_sockaddr(addr, (struct sockaddr *)name, sizeof *name);
    CHECK(length > 0);
    return (socklen_t)length;
}

/* A peer that waits in vain fails its case instead of hanging the run. */
static void be_patient(int fd)
{
    const struct timeval patience = {.tv_sec = 3 * TEST_SOON / MIO_NS_PER_S};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
}

int unix_socket(int type, const struct mio_addr *addr)
{
    struct sockaddr_storage name;
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    be_patient(fd);
    if (addr)
        CHECK_EQ(bind(fd, (struct sockaddr *)&name, to_system(addr, &name)), 0);
    return fd;
}

int unix_listening(const struct mio_addr *addr)
{
    int fd = unix_socket(SOCK_STREAM, addr);
    CHECK_EQ(listen(fd, 8), 0);
    return fd;
}

int unix_connect(int fd, const struct mio_addr *addr)
{
    struct sockaddr_storage name;
    socklen_t length = to_system(addr, &name);
    return connect(fd, (struct sockaddr *)&name, length);
}

ssize_t unix_send_to(int fd, const void *buf, size_t len, const struct mio_addr *addr)
{
    struct sockaddr_storage name;
    socklen_t length = to_system(addr, &name);
    return sendto(fd, buf, len, MSG_NOSIGNAL, (struct sockaddr *)&name, length);
}

void unix_plain_pair(int type, int fds[2])
{
    CHECK_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
    be_patient(fds[0]);
    be_patient(fds[1]);
}

void unix_stream_peer(struct mio_unix_stream *stream, int *peer)
{
    int fds[2];
    unix_plain_pair(SOCK_STREAM, fds);
    CHECK_EQ(mio_unix_stream_from_fd(stream, fds[0]), 0);
    *peer = fds[1];
}

void unix_datagram_peer(struct mio_unix_datagram *socket, int *peer)
{
    int fds[2];
    unix_plain_pair(SOCK_DGRAM, fds);
    CHECK_EQ(mio_unix_datagram_from_fd(socket, fds[0]), 0);
    *peer = fds[1];
}

/* ---- Events ---------------------------------------------------------------------------------- */

void unix_register(struct mio_poll *poll, struct mio_source *source, mio_interest directions)
{
    CHECK_EQ(
        mio_register(mio_poll_registry(poll), source, UNIX_TOKEN, directions | test_config.mode),
        0);
}

void unix_rearm(struct mio_poll *poll, struct mio_source *source, mio_interest directions)
{
    if (test_config.mode & MIO_ONESHOT)
        CHECK_EQ(mio_reregister(mio_poll_registry(poll), source, UNIX_TOKEN,
                                directions | test_config.mode),
                 0);
}

/* ---- Limits and rights ----------------------------------------------------------------------- */

rlim_t unix_leave_descriptors(int count)
{
    enum { MOST = 8 };
    struct rlimit limit;
    int fds[MOST + 1] = {0};
    CHECK(count >= 0 && count <= MOST);
    for (int i = 0; i <= count; i++) {
        fds[i] = dup(STDOUT_FILENO);
        CHECK(fds[i] >= 0);
    }
    /* Free numbers are given out from the lowest on: the last one is the first beyond. */
    int end = fds[count];
    for (int i = 0; i <= count; i++)
        CHECK_EQ(close(fds[i]), 0);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t old = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)end;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return old;
}

void unix_give_descriptors_back(rlim_t old)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = old;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void unix_drop_rights(void)
{
    enum { NOBODY = 65534 };
    if (geteuid() == 0 && test_under_valgrind())
        SKIP("valgrind has files that somebody else could not remove");
    if (geteuid() == 0 &&
        (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0))
        SKIP("the superuser of this host cannot become anybody else");
}

void unix_need_to_drop_rights(void)
{
    test_in_child(unix_drop_rights);
}

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

int unix_nobody(void)
{
    return unix_has_abstract() ? -ECONNREFUSED : -ENOENT;
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

struct mio_addr unix_name_of(mio_fd fd)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    struct mio_addr addr;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_EQ(mio_addr_from_sockaddr(&addr, (struct sockaddr *)&name, length), 0);
    return addr;
}

bool unix_is_called(mio_fd fd, const void *path_bytes, size_t length)
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
static void be_patient(mio_fd fd)
{
    const struct timeval patience = {.tv_sec = 3 * TEST_SOON / MIO_NS_PER_S};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
}

mio_fd unix_socket(int type, const struct mio_addr *addr)
{
    struct sockaddr_storage name;
    mio_fd fd = socket(AF_UNIX, type, 0);
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    be_patient(fd);
    if (addr) {
        socklen_t length = to_system(addr, &name);
        CHECK_EQ(bind(fd, (struct sockaddr *)&name, length), 0);
    }
    return fd;
}

mio_fd unix_nonblocking(int type, const struct mio_addr *addr)
{
    mio_fd fd = unix_socket(type, addr);
    plain_set_blocking(fd, false);
    return fd;
}

mio_fd unix_listening(const struct mio_addr *addr)
{
    mio_fd fd = unix_socket(SOCK_STREAM, addr);
    CHECK_EQ(listen(fd, 8), 0);
    return fd;
}

int unix_connect(mio_fd fd, const struct mio_addr *addr)
{
    struct sockaddr_storage name;
    socklen_t length = to_system(addr, &name);
    return connect(fd, (struct sockaddr *)&name, length);
}

ptrdiff_t unix_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *addr)
{
    struct sockaddr_storage name;
    socklen_t length = to_system(addr, &name);
    return sendto(fd, buf, len, MSG_NOSIGNAL, (struct sockaddr *)&name, length);
}

void unix_plain_pair(int type, mio_fd fds[2])
{
    CHECK_EQ(socketpair(AF_UNIX, type, 0, fds), 0);
    CHECK_EQ(fcntl(fds[0], F_SETFD, FD_CLOEXEC), 0);
    CHECK_EQ(fcntl(fds[1], F_SETFD, FD_CLOEXEC), 0);
    be_patient(fds[0]);
    be_patient(fds[1]);
}

void unix_stream_peer(struct mio_unix_stream *stream, mio_fd *peer)
{
    mio_fd fds[2];
    unix_plain_pair(SOCK_STREAM, fds);
    CHECK_EQ(mio_unix_stream_from_fd(stream, fds[0]), 0);
    *peer = fds[1];
}

void unix_datagram_peer(struct mio_unix_datagram *socket, mio_fd *peer)
{
    mio_fd fds[2];
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

/* ---- Rights ---------------------------------------------------------------------------------- */

void unix_drop_rights(void)
{
    enum { NOBODY = 65534 };
    if (geteuid() == 0 && test_under_valgrind())
        SKIP("valgrind has files that somebody else could not remove");
    if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
        SKIP("the superuser of this host cannot become anybody else");
}

void unix_need_to_drop_rights(void)
{
    test_in_child(unix_drop_rights);
}

/*
 * The common part of all socket types. Each of their functions is one line over these, which take
 * the source inside the object (MIO__SOURCE), or NULL where the caller gave no object.
 */
#ifndef MIO_SOCKET_H
#define MIO_SOCKET_H

#include "io.h"
#include "source.h"
#include "sys/sys.h"

/* ---- Making and ending (socket.c) ---- */

/* The kinds of socket. */
struct mio__socket_kind {
    bool is_unix; /* in the Unix domain, else of IPv4 or IPv6 */
    enum mio__socket_type type;
    bool listens;
};

/* Whether the address is of the family of the kind: 0 or -EAFNOSUPPORT. */
int mio__socket_fits(const struct mio__socket_kind *kind, const struct mio_addr *addr);

/* Makes an open source of a descriptor of that kind. */
void mio__socket_open_source(struct mio_source *source, const struct mio__socket_kind *kind,
                             mio_fd fd);

/* Opens a socket for the address, within its own options. The source starts closed. */
int mio__socket_create(struct mio_source *source, const struct mio__socket_kind *kind,
                       const struct mio_addr *addr);

/* Two sockets that are connected with each other. Both start closed; NULL is allowed. */
int mio__socket_create_pair(struct mio_source *a, struct mio_source *b,
                            const struct mio__socket_kind *kind);

/* Runs the user's hook, if there is one. */
int mio__socket_prepare(mio_fd fd, mio_prepare *prepare, void *arg);

/* How every socket ends; source may be NULL. See the contracts. */
int mio__socket_close_source(struct mio_source *source);

int mio__socket_from_fd(struct mio_source *source, const struct mio__socket_kind *kind, mio_fd fd);

/* Shuts down a direction, or both. */
int mio__socket_end(struct mio_source *source, int how);

/* ---- Options structs (options.c): the options to use, NULL where they are invalid ---- */

const struct mio_listen_options *mio__listen_options(const struct mio_listen_options *given);
const struct mio_connect_options *mio__connect_options(const struct mio_connect_options *given);
const struct mio_datagram_options *mio__datagram_options(const struct mio_datagram_options *given);

/* Whether a switch is set that does not apply in the Unix domain: 0 or -ENOTSUP. */
int mio__listen_options_unix(const struct mio_listen_options *options);
int mio__connect_options_unix(const struct mio_connect_options *options);
int mio__datagram_options_unix(const struct mio_datagram_options *options);

/* Sets the option that a switch stands for. */
static inline int mio__socket_switch(mio_fd fd, enum mio__option option, int value)
{
    return value == MIO_DEFAULT ? 0 : mio__option_set(fd, option, value == MIO_ON);
}

/* ---- Asking and options (socket.c) ---- */

int mio__socket_take_error(struct mio_source *source);
int mio__socket_name(const struct mio_source *source, struct mio_addr *addr,
                     int (*ask)(mio_fd fd, struct mio_addr *addr));

/* A peer in the Unix domain that was never bound has, on some paths, no address at all. */
void mio__socket_settle_unix(struct mio_addr *peer);

/* Options that are on or off. */
int mio__socket_flag(const struct mio_source *source, enum mio__option option);
int mio__socket_set_flag(struct mio_source *source, enum mio__option option, bool value);

/* One option of ours, which the system has for each family. */
struct mio__family_option {
    enum mio__option v4, v6;
};

/* The one of the family that counts for what the socket sends; the change is for all that may. */
int mio__socket_by_family(const struct mio_source *source, const struct mio__family_option *option);
int mio__socket_set_by_family(struct mio_source *source, const struct mio__family_option *option,
                              int value);

int mio__socket_ttl(const struct mio_source *source);
int mio__socket_set_ttl(struct mio_source *source, int ttl);

/* ---- Moving data ---- */

/* Connections (stream.c). */
int mio__stream_accept(struct mio_source *listener, struct mio_source *stream,
                       struct mio_addr *peer);
ptrdiff_t mio__stream_read(struct mio_source *source, void *buf, size_t len, bool peek);
ptrdiff_t mio__stream_readv(struct mio_source *source, const struct mio_buf *bufs, size_t count);
ptrdiff_t mio__stream_write(struct mio_source *source, const void *buf, size_t len);
ptrdiff_t mio__stream_writev(struct mio_source *source, const struct mio_buf *bufs, size_t count);

/* Datagrams (datagram.c); from may be NULL. */
int mio__datagram_connect(struct mio_source *source, const struct mio__socket_kind *kind,
                          const struct mio_addr *addr);
ptrdiff_t mio__datagram_recv(struct mio_source *source, void *buf, size_t len,
                             struct mio_addr *from, bool peek);
ptrdiff_t mio__datagram_send(struct mio_source *source, const void *buf, size_t len);
ptrdiff_t mio__datagram_send_to(struct mio_source *source, const struct mio__socket_kind *kind,
                                const void *buf, size_t len, const struct mio_addr *to);

/* Batches (datagram_batch.c). */
int mio__datagram_send_batch(struct mio_source *source, const struct mio__socket_kind *kind,
                             struct mio_datagram *datagrams, size_t count);
int mio__datagram_recv_batch(struct mio_source *source, const struct mio__socket_kind *kind,
                             struct mio_datagram *datagrams, size_t count);

/* Descriptors in the Unix domain (rights.c). Nothing is empty on a stream; to, from may be NULL. */
ptrdiff_t mio__rights_send(struct mio_source *source, const struct mio__socket_kind *kind,
                           const void *buf, size_t len, const struct mio_addr *to,
                           const mio_fd *fds, size_t count);
ptrdiff_t mio__rights_recv(struct mio_source *source, const struct mio__socket_kind *kind,
                           void *buf, size_t len, struct mio_addr *from, struct mio_fds *fds);

/* All that a report can ask for. */
#define MIO__REPORT_BITS                                                                           \
    (MIO_DATAGRAM_ECN | MIO_DATAGRAM_LOCAL | MIO_DATAGRAM_TTL | MIO_DATAGRAM_TIME |                \
     MIO_DATAGRAM_SEGMENTS)

#endif

/*
 * The second seam: what the portable files need of the operating system beside the event queue,
 * which is the first (backend.h). A system supplies all that is declared here, and:
 *
 *     mio_now_ns            (mio.h) the clock that its waits are measured by
 *     mio__backend_find     (backend.h) the backends that it has
 *
 * sys/sanitizers.h serves every system. One file, one concern below src/sys/; the build picks the
 * files of the system. docs/design.md tells which files a new system needs.
 *
 * On all functions: pointers are not NULL unless a comment allows it; the library has checked
 * arguments and states; results are 0, a count or a negative code (-errno by the names of mio.h,
 * with -EAGAIN for would-block and -ENOTSUP for unsupported); a call that is interrupted is
 * repeated; no descriptor is inherited or blocking; what is created is closed again when a later
 * step fails. No function here keeps state.
 */
#ifndef MIO_SYS_H
#define MIO_SYS_H

#include <mio.h>

/* ---- Errors and descriptors ---- */

/* The code of the call of the system, a socket call, that has just failed on this thread. */
int mio__last_error(void);

/* Whether it can be an open descriptor at all; nothing is asked. */
bool mio__fd_is_valid(mio_fd fd);

/* Whether it is a socket that listens. */
bool mio__fd_listens(mio_fd fd);

#if MIO_HAS_PIPES

/* ---- Pipes ---- */

int mio__pipe_open(mio_fd *read_fd, mio_fd *write_fd);

/* Closes. An interruption is no error: the descriptor is gone. */
int mio__pipe_close(mio_fd fd);

/*
 * Whether it is the end of a pipe that writes, or the one that reads: -EBADF, also for one that
 * only names a FIFO; -EINVAL, also for one that is to read and is in packet mode.
 */
int mio__pipe_check(mio_fd fd, bool writes);

/* Makes one that came from outside non-blocking and not inherited, or changes nothing. */
int mio__pipe_adopt(mio_fd fd);

int mio__pipe_set_nonblocking(mio_fd fd, bool nonblocking);

/* count is at least 1 and at most MIO_BUFS_MAX. */
ptrdiff_t mio__pipe_readv(mio_fd fd, const struct mio_buf *bufs, size_t count);

/*
 * Writes without SIGPIPE. learned is a byte of the end, 0 before its first write: there the system
 * keeps what it finds out about itself. Several threads may write.
 */
ptrdiff_t mio__pipe_writev(mio_fd fd, const struct mio_buf *bufs, size_t count, uint8_t *learned);

#endif

#ifndef MIO_NO_NET

/*
 * ---- Addresses in the system's form ----
 *
 * The storage of a mio_addr holds the system's sockaddr as it is, addr->length its length, whatever
 * the family: so no call of the system converts. A family has the number of the system there.
 */

/* MIO_ADDR_... */
int mio__sockaddr_family(const struct mio_addr *addr);

/* The parts of an IP address; MIO_ADDR_NONE stands for one of another family. */
struct mio__ip {
    int family;
    uint8_t bytes[16]; /* network order; IPv4 uses the first 4 */
    uint16_t port;     /* host order */
    uint32_t scope;
};

void mio__sockaddr_set(struct mio_addr *addr, const struct mio__ip *ip);
void mio__sockaddr_get(const struct mio_addr *addr, struct mio__ip *ip);

/* The family of the packets of an address: a mapped one stands for IPv4. MIO_ADDR_NONE as above. */
int mio__sockaddr_network(const struct mio_addr *addr);

/* Stores a sockaddr of length bytes: -EINVAL where it is too short or too long; -EAFNOSUPPORT. */
int mio__sockaddr_take(struct mio_addr *addr, const struct sockaddr *sockaddr, size_t length);

/* Changes the port alone; the address is an IP address. */
void mio__sockaddr_set_port(struct mio_addr *addr, uint16_t port);

/* The host part as text, without brackets, port and scope. pton fills bytes, by family. */
bool mio__sockaddr_pton(struct mio__ip *ip, const char *text);
void mio__sockaddr_ntop(const struct mio__ip *ip, char *buf, size_t size);

/*
 * Names in the Unix domain, by kind (MIO_UNIX_...). To set: -ENAMETOOLONG; -ENOTSUP for an abstract
 * one where there are none. To get: the kind, or -EINVAL for another family.
 */
int mio__sockaddr_set_unix(struct mio_addr *addr, int kind, const void *name, size_t length);
int mio__sockaddr_get_unix(const struct mio_addr *addr, const char **name, size_t *length);

/* ---- Sockets ---- */

enum mio__socket_type { MIO__STREAM, MIO__DATAGRAM };

/*
 * Opens a socket for a family (MIO_ADDR_...); a connected pair of them in the Unix domain. -ENOTSUP
 * for what the system never has, such as datagrams in the Unix domain on Windows.
 */
int mio__socket_open(int family, enum mio__socket_type type, mio_fd *fd);
int mio__socket_pair(enum mio__socket_type type, mio_fd fds[2]);

/* Closes. An interruption is no error: the descriptor is gone. */
int mio__socket_close(mio_fd fd);

/*
 * Whether the descriptor is a socket of that type, and does or does not listen: -EBADF, -ENOTSOCK,
 * -EPROTOTYPE for another type, -EINVAL for the other of the two.
 */
int mio__socket_check(mio_fd fd, enum mio__socket_type type, bool listens);

/* Makes one that came from outside non-blocking and not inherited, or changes nothing. */
int mio__socket_adopt(mio_fd fd);

int mio__socket_bind(mio_fd fd, const struct mio_addr *addr);

/* backlog 0: the system's SOMAXCONN */
int mio__socket_listen(mio_fd fd, int backlog);

/* 0 also for a connection that is under way. */
int mio__socket_connect(mio_fd fd, const struct mio_addr *addr);

/* peer may be NULL. */
int mio__socket_accept(mio_fd fd, mio_fd *accepted, struct mio_addr *peer);

int mio__socket_local_addr(mio_fd fd, struct mio_addr *addr);
int mio__socket_peer_addr(mio_fd fd, struct mio_addr *addr);

/*
 * how: MIO_SHUTDOWN_... learned is a byte of the source: a system whose queue does not tell of it
 * keeps there what was shut down (see ended in backend.h).
 */
int mio__socket_shutdown(mio_fd fd, int how, uint8_t *learned);

/* How writing stands now: MIO_WRITE_CLOSED (hung up, or an error), MIO_WRITABLE, 0, or a code. */
int mio__socket_writability(mio_fd fd);

/* len is at most MIO_IO_MAX, count at most MIO_BUFS_MAX. No SIGPIPE. */
ptrdiff_t mio__socket_recv(mio_fd fd, void *buf, size_t len, bool peek);
ptrdiff_t mio__socket_recvv(mio_fd fd, const struct mio_buf *bufs, size_t count);
ptrdiff_t mio__socket_send(mio_fd fd, const void *buf, size_t len);
ptrdiff_t mio__socket_sendv(mio_fd fd, const struct mio_buf *bufs, size_t count);

/* A datagram and its address. */
ptrdiff_t mio__socket_recv_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from, bool peek);
ptrdiff_t mio__socket_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to);

/*
 * ---- Batches of datagrams ----
 *
 * As the calls of mio.h, which have checked the arguments. learned is a byte of the source, 0 from
 * the start: there the system keeps what it finds out about segments on this socket.
 */

/* Entries without an address go to a peer of that family; 0 where nothing depends on it. */
int mio__socket_send_batch(mio_fd fd, uint8_t *learned, struct mio_datagram *datagrams,
                           size_t count, int peer_family);

/* Of a socket in the Unix domain there is nothing to tell. */
int mio__socket_recv_batch(mio_fd fd, struct mio_datagram *datagrams, size_t count, bool is_unix);

/* Whether ecn, local and interface_index can be sent to an address of that family: or -ENOTSUP. */
int mio__socket_can_send(mio_fd fd, const struct mio_datagram *datagram, int family);

/* family is that of the socket. */
int mio__socket_set_report(mio_fd fd, int family, uint32_t report);
int mio__socket_features(mio_fd fd, int family, uint8_t *learned);

/* Descriptors in the Unix domain: to, from may be NULL. -ENOTSUP where none are passed. */
ptrdiff_t mio__socket_send_fds(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to,
                               const mio_fd *fds, size_t count);
ptrdiff_t mio__socket_recv_fds(mio_fd fd, void *buf, size_t len, struct mio_addr *from,
                               struct mio_fds *fds);

/*
 * Takes the pending error of a socket: *error is 0 or a code. learned is a byte of the source, 0
 * from the start: a system that does not clear the error keeps there that it was taken.
 */
int mio__socket_pending(mio_fd fd, uint8_t *learned, int *error);

/*
 * Joins or leaves a group, which is an IP address, on the interface of that index, or, where local
 * is not NULL, on the one with that IPv4 address.
 */
int mio__socket_membership(mio_fd fd, const struct mio_addr *group, const struct mio_addr *local,
                           uint32_t index, bool join);

/* ---- Socket options, all of them integers ---- */

enum mio__option {
    MIO__OPTION_BROADCAST,
    MIO__OPTION_HOPS_V4,
    MIO__OPTION_HOPS_V6,
    MIO__OPTION_MULTICAST_HOPS_V4,
    MIO__OPTION_MULTICAST_HOPS_V6,
    MIO__OPTION_MULTICAST_LOOP_V4,
    MIO__OPTION_MULTICAST_LOOP_V6,
    MIO__OPTION_NODELAY,
    MIO__OPTION_ONLY_V6,

    /*
     * To be set before a bind. A listener takes its port again at once, whatever is left of its old
     * connections, and from no living one: SO_REUSEADDR on Unix. On Windows that flag would let it
     * take the port of another program; exclusive use is right there.
     */
    MIO__OPTION_RETAKE_PORT,
    /* Several receivers of a multicast group have one port, and each gets each datagram. */
    MIO__OPTION_SHARE_PORT,
    /* Several sockets have one port, and the system spreads what comes in over them if it can. */
    MIO__OPTION_SPREAD_PORT,
};

/* -ENOTSUP where the system lacks the option. */
int mio__option_get(mio_fd fd, enum mio__option option, int *value);
int mio__option_set(mio_fd fd, enum mio__option option, int value);

#endif /* MIO_NO_NET */

#endif

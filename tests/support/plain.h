/*
 * Descriptors and sockets by plain calls of the system: what a test does at the other end, and what
 * it looks at, so that the library is never its own witness. No system header comes with it.
 *
 * Where nothing else is said a result is 0, a count or a negative code, as those of the library. A
 * function that returns a descriptor, or nothing, fails the case instead. Descriptors are blocking
 * and close-on-exec, and blocking transfers give up after a while, so that a case fails instead of
 * hanging the run.
 */
#ifndef MIO_TEST_PLAIN_H
#define MIO_TEST_PLAIN_H

#include <mio.h>
#include <stdbool.h>

/* ---- Descriptors of any kind ----------------------------------------------------------------- */

int plain_close(mio_fd fd);
bool plain_is_open(mio_fd fd);
bool plain_is_inherited(mio_fd fd); /* not close-on-exec */
/*
 * Whether transfers wait. A system that does not tell has to try: then a socket that is not
 * connected, or has something to take, leaves it unknown.
 */
enum plain_blocking { PLAIN_BLOCKS, PLAIN_BLOCKS_NOT, PLAIN_BLOCKS_UNKNOWN };
enum plain_blocking plain_blocking(mio_fd fd);
void plain_set_blocking(mio_fd fd, bool blocking);
void plain_set_inherited(mio_fd fd);
/* All flags of the descriptor in one number, for to compare. */
int plain_flags(mio_fd fd);
/* Sets flags that the library has no interest in; false where there are none. */
bool plain_set_other_flags(mio_fd fd);

mio_fd plain_duplicate(mio_fd fd);
/*
 * From now on the number stands for what the other one stands for, as after dup2(2). Skips the case
 * where that cannot be had.
 */
void plain_replace(mio_fd number, mio_fd other);

/* The states that plain_wait waits for and returns. The last three are returned unasked, too. */
enum {
    PLAIN_IN = 1,
    PLAIN_OUT = 4,
    PLAIN_END = 32, /* the peer has ended its stream: only if asked for */
    PLAIN_ERROR = 8,
    PLAIN_HANGUP = 16
};
/* The state of the descriptor after at most that time; 0 for nothing. */
unsigned plain_look(mio_fd fd, unsigned events, int64_t timeout_ns);
/*
 * All states of the descriptor now, as poll(2) has them, where nobody waits for them; 0 for what is
 * no descriptor. An end or a hang-up that this side has brought about may be missing.
 */
unsigned plain_state(mio_fd fd);
/* Waits until it has one of the events, and requires that: packets may take a moment. */
unsigned plain_wait(mio_fd fd, unsigned events);

#if MIO_HAS_NAMED_PIPES
/* ---- Named pipes ----------------------------------------------------------------------------- */

/* A name that nobody else uses. */
enum { PLAIN_PIPE_NAME = 64 };
void plain_pipe_name(char name[PLAIN_PIPE_NAME]);
/* A client whose reads and writes wait, connected to the server. */
mio_fd plain_pipe_client(const char *name);

#endif

/* ---- What is no socket ----------------------------------------------------------------------- */

/*
 * A non-blocking descriptor that is its own other end: it can be written to, and can be read once
 * something was written; ready says if that is so from the start. Transfers are of 8 bytes. It is
 * no socket where the system polls anything else.
 */
mio_fd plain_loop(bool ready);
/* May be called in a signal handler; whether it worked. */
bool plain_loop_make_ready(mio_fd fd);

/* The end to read, the end to write. */
void plain_pipe(mio_fd ends[2]);
#if MIO_HAS_PIPES
/* Leaves it little room, where the system lets it. */
void plain_shrink_pipe(mio_fd end);
#endif
/* Descriptors that no poll takes: of a folder, and of an empty file that is gone once closed. */
mio_fd plain_folder(void);
mio_fd plain_file(void);

/* One transfer on any descriptor; on a socket it may raise SIGPIPE. */
ptrdiff_t plain_read(mio_fd fd, void *buf, size_t len);
ptrdiff_t plain_write(mio_fd fd, const void *buf, size_t len);

/* ---- Sockets --------------------------------------------------------------------------------- */

enum plain_family { PLAIN_IPV4, PLAIN_IPV6, PLAIN_UNIX };
enum plain_type { PLAIN_STREAM, PLAIN_DATAGRAM, PLAIN_PACKETS };

mio_fd plain_socket(enum plain_family family, enum plain_type type);
/* False where the system has no such sockets. */
bool plain_has_socket(enum plain_family family, enum plain_type type);
/* Whether the system makes connected pairs of them. */
bool plain_has_pair(enum plain_family family, enum plain_type type);
/* A connected pair: of the Unix domain where the system has that, else on the loopback device. */
void plain_pair(enum plain_type type, mio_fd fds[2]);
/* A pair of UDP sockets on the loopback device, connected to each other. */
void plain_udp_pair(mio_fd fds[2]);

int plain_listen(mio_fd fd, int backlog);
int plain_accept(mio_fd fd, mio_fd *accepted);
enum { PLAIN_READS = 1, PLAIN_WRITES = 2 };
int plain_shutdown(mio_fd fd, int directions);

/* Transfers on sockets, which raise no SIGPIPE. */
ptrdiff_t plain_send(mio_fd fd, const void *buf, size_t len);
ptrdiff_t plain_recv(mio_fd fd, void *buf, size_t len);
/* One byte out of band. */
ptrdiff_t plain_send_urgent(mio_fd fd, char byte);
ptrdiff_t plain_recv_urgent(mio_fd fd, char *byte);
/* All of it, or the case fails. */
void plain_send_all(mio_fd fd, const void *buf, size_t len);
void plain_recv_all(mio_fd fd, void *buf, size_t len);
/* How many bytes can be read at once. */
int plain_unread(mio_fd fd);
/* The error that is pending in the socket, as a code; it is taken. */
int plain_take_error(mio_fd fd);
/* Whether the system tells at all that a peer has finished while data before that is unread. */
bool plain_tells_end_behind_data(void);
/* Whether the system tells, as an event and as a state, that this side has shut down. */
bool plain_tells_own_shutdown(void);

#ifndef MIO_NO_NET
/* A socket of the family of the address. */
mio_fd plain_socket_for(const struct mio_addr *addr, enum plain_type type);
int plain_bind(mio_fd fd, const struct mio_addr *addr);
int plain_connect(mio_fd fd, const struct mio_addr *addr);
ptrdiff_t plain_send_to(mio_fd fd, const void *buf, size_t len, const struct mio_addr *to);
ptrdiff_t plain_recv_from(mio_fd fd, void *buf, size_t len, struct mio_addr *from);
/* Its own address, and that of its peer. */
struct mio_addr plain_name(mio_fd fd);
int plain_peer_name(mio_fd fd, struct mio_addr *addr);
/* An address in the Unix domain that nobody else uses: an abstract name, or a file. */
struct mio_addr plain_fresh_name(void);
#endif

/* Datagrams to groups of IPv4 leave by the loopback device; its index, or 0. */
int plain_multicast_on_loopback(mio_fd fd);
uint32_t plain_loopback_index(void);
#ifndef MIO_NO_NET
/* Whether datagrams can leave from an address of IPv4, for it is one of this machine. */
bool plain_sends_from(const struct mio_addr *addr);
/* Joins a group of IPv4 there, by the index where the system has that; a code. */
int plain_join_on_loopback(mio_fd fd, const struct mio_addr *group);
/* Leaves a group of IPv6 on the interface of that index; a code. */
int plain_leave_v6(mio_fd fd, const struct mio_addr *group, uint32_t index);
#endif

enum plain_option {
    PLAIN_TYPE, /* an enum plain_type */
    PLAIN_IS_LISTENING,
    PLAIN_REUSE_ADDR,
    PLAIN_RETAKE_PORT, /* a listener takes its port again at once */
    PLAIN_REUSE_PORT,
    PLAIN_BROADCAST,
    PLAIN_RECEIVE_BUFFER,
    PLAIN_SEND_BUFFER,
    PLAIN_NODELAY,
    PLAIN_ONLY_V6,
    PLAIN_TTL,
    PLAIN_TTL_LEAST, /* packets with less are dropped */
    PLAIN_HOPS,
    PLAIN_HOPS_LEAST,
    PLAIN_MULTICAST_TTL,
    PLAIN_MULTICAST_HOPS,
    PLAIN_MULTICAST_LOOP,
    PLAIN_MULTICAST_LOOP_V6,
    PLAIN_CLASS, /* the byte of the header with the bits of ECN, of IPv4 and IPv6 */
    PLAIN_CLASS_V6,
    PLAIN_SEGMENTS, /* what is sent is cut into datagrams of that length */
    PLAIN_ARRIVAL,  /* datagrams come with the time of their arrival */
    PLAIN_PROTOCOL, /* 6 is TCP, 17 is UDP */
    PLAIN_UNKNOWN   /* that no system has */
};
/* The value; a negative code if the system refuses, -ENOTSUP if it has no such option. */
int plain_option(mio_fd fd, enum plain_option option);
int plain_set_option(mio_fd fd, enum plain_option option, int value);

/* Whether PLAIN_REUSE_ADDR of a bound socket lets a listener take the port beside it. */
bool plain_ports_are_shared(void);
/* The next close resets the connection. */
void plain_reset_on_close(mio_fd fd);
/*
 * Asks for the time to live (or hop limit) of datagrams, false if the system refuses; receives one,
 * of which it is told.
 */
bool plain_want_hops(mio_fd fd, bool ipv6);
int plain_recv_hops(mio_fd fd);
/* The same for the class (PLAIN_CLASS). */
bool plain_want_class(mio_fd fd, bool ipv6);
int plain_recv_class(mio_fd fd);
/* Whether programs may say that a datagram met congestion (bits of ECN: 3). */
bool plain_sends_congestion(void);

#endif

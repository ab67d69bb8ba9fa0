/*
 * The sources of a run, one of each kind, and their peers. The peer's side is plain system calls,
 * so that the library is never its own witness.
 */
#ifndef MIO_TEST_DEVICES_H
#define MIO_TEST_DEVICES_H

#include <mio.h>

struct device;

/* The calls of a kind; NULL where it has none. Transfers of streams end short when they drain. */
struct device_kind {
    const char *name;
    bool is_stream;
    bool is_socket;
    bool is_exact; /* READ_CLOSED and WRITE_CLOSED mean what they say */
    bool is_net;   /* its peer's acts may arrive in pieces, and late */
    bool is_raw;   /* a descriptor of ours, on which the library does no I/O */
    void (*open)(struct device *device);
    ptrdiff_t (*read)(struct device *device, void *buf, size_t len);
    ptrdiff_t (*readv)(struct device *device, const struct mio_buf *bufs, size_t count);
    ptrdiff_t (*peek)(struct device *device, void *buf, size_t len);
    ptrdiff_t (*write)(struct device *device, const void *buf, size_t len);
    ptrdiff_t (*writev)(struct device *device, const struct mio_buf *bufs, size_t count);
    int (*shutdown)(struct device *device, int how); /* 1 to 3: MIO_SHUTDOWN_READ, ... */
    int (*take_error)(struct device *device);
    int (*close)(struct device *device);
    mio_fd (*into_fd)(struct device *device);
    bool is_either; /* also by the calls that take any stream */
};

enum { DEVICES_MAX = 9 };

/* The directions of a shutdown. */
enum { DEVICE_READS = 1, DEVICE_WRITES = 2 };

/* Whether the number of a closed descriptor can be given to another one. */
enum { DEVICE_NUMBERS_COME_BACK = MIO_HAS_PIPES };

struct device {
    const struct device_kind *kind;
    union {
        struct mio_source source; /* the first member of all */
        struct mio_source stream; /* the same, for mio_stream_... */
#ifndef MIO_NO_NET
        struct mio_tcp_stream tcp_stream;
        struct mio_unix_stream unix_stream;
        struct mio_unix_listener unix_listener;
        struct mio_udp_socket udp_socket;
        struct mio_unix_datagram unix_datagram;
#endif
#if MIO_HAS_PIPES
        struct mio_pipe_receiver pipe_receiver;
        struct mio_pipe_sender pipe_sender;
#endif
    } as;
    mio_fd peer;          /* MIO_FD_NONE: gone */
    uint8_t ends;         /* the directions that this side has shut down (DEVICE_...) */
    bool is_closed;       /* behind the library's back: somebody else may have the number */
    uint32_t closed_with; /* its state then */
};

/* All kinds of this build, up to one with a NULL name. */
extern const struct device_kind device_kinds[];
/* The calls that take any stream (mio_stream_...), which this build may lack: NULL. */
extern const struct device_kind *const device_either;

void device_open(struct device *device);
/*
 * Closes a descriptor of ours behind the library's back, and gives its number to another one of the
 * kind. The source is the same object.
 */
void device_close_behind(struct device *device);
void device_replace(struct device *device);
/* After the source was closed: the peer goes, too. */
void device_end(struct device *device);
bool device_is_open(const struct device *device);

/* Whether it is an end of a pipe whose other end is closed. */
bool device_is_broken(const struct device *device);

/* The state of the source's descriptor now, as plain_state has it; 0 when it is closed. */
uint32_t device_truth(const struct device *device);
/* How many bytes a read would find. */
int device_unread(const struct device *device);

/* The acts of the peer, unless it is gone. Acts of the net are given time to arrive. */
void peer_send(struct device *device, size_t len);
void peer_receive(struct device *device, size_t len);
void peer_finish(struct device *device);
void peer_close(struct device *device);
void peer_reset(struct device *device);
/* Of a datagram socket of the net: somebody has the peer's address again. */
void peer_return(struct device *device);

/* Ends the program when the test itself cannot go on. */
void device_require(bool holds, const char *what);

#endif

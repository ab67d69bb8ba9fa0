/*
 * The filters of sockets. The sockets of Linux and those of a BSD differ, so poll(2) of Linux does
 * not tell all:
 *   a stream socket that was never connected has no events; Linux says hang-up and writable
 *   the own end of writing is an end of file; Linux says writable
 *   the error is told without being taken; Linux tells that there is one
 * The rest is asked of the state of the connection (TCP_INFO), or of getpeername(2) and a send of
 * nothing on Unix sockets.
 */
#include "settings.h"
#include "simulation.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

long __real_syscall(long number, ...);

/* States of TCP (include/net/tcp_states.h); the header that names them does not go with the one
 * that has all of struct tcp_info. */
enum {
    ESTABLISHED = 1,
    SYN_SENT = 2,
    FIN_WAIT1 = 4,
    FIN_WAIT2 = 5,
    TIME_WAIT = 6,
    CLOSED = 7,
    LAST_ACK = 9,
    LISTENS = 10,
    CLOSING = 11,
};

struct stream {
    bool listens;
    bool was_connected; /* or tried to be, and failed */
    bool writing_ended;
    int error; /* if it has one: which */
};

static struct stream look_at_tcp(int fd)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t size = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    int state = info.tcpi_state;
    struct stream stream = {
        .listens = state == LISTENS,
        .was_connected = state != LISTENS && state != SYN_SENT &&
                         (state != CLOSED || info.tcpi_segs_out > 0 || info.tcpi_segs_in > 0),
        .writing_ended = state == FIN_WAIT1 || state == FIN_WAIT2 || state == TIME_WAIT ||
                         state == LAST_ACK || state == CLOSING,
        /* Refused: nothing came but the refusal. */
        .error = info.tcpi_segs_in <= 1 && info.tcpi_bytes_acked == 0 ? ECONNREFUSED : ECONNRESET,
    };
    return stream;
}

static struct stream look_at_unix(int fd)
{
    struct sockaddr name;
    socklen_t size = sizeof name;
    struct stream stream = {.listens = false};
    stream.was_connected =
        __real_syscall(SYS_getpeername, fd, &name, &size) == 0 || errno != ENOTCONN;
    if (stream.was_connected)
        stream.writing_ended =
            __real_syscall(SYS_sendto, fd, NULL, 0, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0) < 0 &&
            errno == EPIPE;
    return stream;
}

static struct stream look_at(int fd)
{
    int family = 0, listens = 0;
    socklen_t size = sizeof family;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    if (family == AF_INET || family == AF_INET6)
        return look_at_tcp(fd);
    struct stream stream = look_at_unix(fd);
    size = sizeof listens;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
    stream.listens = listens != 0;
    return stream;
}

/* Whether what is there is enough. */
static bool reaches_mark(const struct knote *knote, int64_t data)
{
    return !(knote->set.fflags & NOTE_LOWAT) || !sim_settings()->mark || data >= knote->set.data;
}

static struct sim_answer ask_stream_to_read(const struct knote *knote, int bits,
                                            const struct stream *stream)
{
    struct sim_answer answer = {.ready = false};
    if (stream->listens) {
        answer.ready = (bits & POLLIN) != 0;
        answer.data = answer.ready;
        return answer;
    }
    answer.eof = (bits & (POLLRDHUP | POLLHUP)) != 0;
    answer.data = sim_host_unread((int)knote->set.ident);
    answer.ready =
        answer.eof || (bits & POLLERR) || ((bits & POLLIN) && reaches_mark(knote, answer.data));
    return answer;
}

static struct sim_answer ask_stream_to_write(int bits, const struct stream *stream)
{
    struct sim_answer answer = {.ready = false};
    if (stream->listens)
        return answer;
    answer.eof = (bits & POLLHUP) || stream->writing_ended;
    answer.ready = answer.eof || (bits & (POLLOUT | POLLERR));
    answer.data = 32768;
    return answer;
}

static struct sim_answer ask_stream(struct knote *knote)
{
    int fd = (int)knote->set.ident;
    int bits = sim_host_poll(fd);
    struct stream stream = look_at(fd);
    struct sim_answer answer = {.ready = false};
    if (!stream.listens && !stream.was_connected)
        return answer;
    answer = knote->set.filter == EVFILT_READ ? ask_stream_to_read(knote, bits, &stream)
                                              : ask_stream_to_write(bits, &stream);
    if (answer.eof && (bits & POLLERR))
        answer.fflags = (uint32_t)stream.error;
    if (!answer.ready)
        knote->blocked = true;
    return answer;
}

/*
 * Linux wakes those that write also when something happens to the other direction: there is an edge
 * when there was no room, and at the end.
 */
static bool stream_fires(struct knote *knote, const struct sim_answer *answer)
{
    bool fires =
        knote->set.filter == EVFILT_READ || knote->blocked || (answer->eof && !knote->saw_eof);
    knote->blocked = false;
    knote->saw_eof = answer->eof;
    return fires;
}

/* Errors are told without an end of file: the next datagram may arrive. */
static struct sim_answer ask_datagram(struct knote *knote)
{
    int fd = (int)knote->set.ident;
    int bits = sim_host_poll(fd);
    struct sim_answer answer = {.ready = false};
    if (knote->set.filter == EVFILT_WRITE) {
        answer.eof = (bits & POLLHUP) != 0; /* both directions were shut down */
        answer.ready = (bits & (POLLOUT | POLLERR | POLLHUP)) != 0;
        answer.data = 9216;
    } else {
        answer.ready = (bits & (POLLIN | POLLERR | POLLRDHUP)) != 0;
        answer.eof = (bits & POLLRDHUP) != 0;
        /* The sender's address counts, so an empty datagram is more than nothing. */
        answer.data = sim_host_unread(fd);
        if ((bits & POLLIN) && !answer.eof)
            answer.data += 16;
        if (!answer.eof && !(bits & POLLERR))
            answer.ready = answer.ready && reaches_mark(knote, answer.data);
    }
    if (!answer.ready)
        knote->blocked = true;
    return answer;
}

static bool datagram_fires(struct knote *knote, const struct sim_answer *answer)
{
    bool has_error = (sim_host_poll((int)knote->set.ident) & POLLERR) != 0;
    return stream_fires(knote, answer) || has_error;
}

static void stream_told(struct knote *knote, const struct sim_answer *answer)
{
    knote->blocked = false;
    knote->saw_eof = answer->eof;
}

const struct sim_filter sim_filter_stream = {
    .of_descriptor = true, .ask = ask_stream, .fires = stream_fires, .told = stream_told};
const struct sim_filter sim_filter_datagram = {
    .of_descriptor = true, .ask = ask_datagram, .fires = datagram_fires, .told = stream_told};

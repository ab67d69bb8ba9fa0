/*
 * By libuv: the batches that it has, which are recvmmsg in the receiver. It sends one datagram a
 * call, by uv_udp_try_send; the call for several came with 1.50.
 */
#include "datagrams/datagrams.h"

#include <uv.h>

static uv_loop_t loop;
static uv_udp_t handle;
static int received;

static int uv_open(int fd)
{
    if (uv_loop_init(&loop) != 0 || uv_udp_init_ex(&loop, &handle, UV_UDP_RECVMMSG) != 0)
        return 1;
    return uv_udp_open(&handle, fd);
}

static int uv_open_sender(const struct work *work, int fd)
{
    (void)work;
    return uv_open(fd);
}

/* The room for all datagrams of a call, each of which takes 64 KiB of it. */
static void give_room(uv_handle_t *unused, size_t suggested, uv_buf_t *buf)
{
    (void)unused, (void)suggested;
    *buf = uv_buf_init(room[0], sizeof room);
}

/* It is also called when there is nothing more, and when the room is the program's again. */
static void take(uv_udp_t *unused, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                 unsigned flags)
{
    (void)unused, (void)buf, (void)flags;
    received += n > 0 && from != NULL;
}

static int uv_open_receiver(const struct work *work, int fd)
{
    (void)work;
    return uv_open(fd) != 0 ? 1 : uv_udp_recv_start(&handle, give_room, take);
}

static int uv_send(const struct work *work)
{
    for (unsigned i = 0; i < work->train; i++) {
        uv_buf_t buf = uv_buf_init(payload + (size_t)i * work->bytes % 4096, work->bytes);
        if (uv_udp_try_send(&handle, &buf, 1, NULL) != (int)work->bytes)
            return 1;
    }
    return 0;
}

static int uv_receive(const struct work *work)
{
    (void)work;
    received = 0;
    uv_run(&loop, UV_RUN_NOWAIT);
    return received;
}

const struct technique technique_libuv = {"libuv", uv_open_sender, uv_open_receiver, uv_send,
                                          uv_receive};

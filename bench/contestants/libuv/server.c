/* The servers with libuv's streams. TCP handles and pipes (Unix sockets) differ in names only. */
#include "libuv_contestant.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* A listener or a connection. */
union socket {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

/* The bytes that a connection could not send at once. */
struct unsent {
    uv_write_t request;
    char bytes[];
};

static const struct service *service;
static uv_loop_t *loop;
static char buf[READ_BYTES];

static int init_socket(union socket *socket)
{
    return service->transport == TCP ? uv_tcp_init(loop, &socket->tcp)
                                     : uv_pipe_init(loop, &socket->pipe, 0);
}

static void free_connection(uv_handle_t *handle)
{
    free(handle);
}

static void end_connection(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, free_connection);
}

/* All connections read into one buffer: nothing stays in it after the callback. */
static void offer_buf(uv_handle_t *handle, size_t suggested, uv_buf_t *offer)
{
    (void)handle, (void)suggested;
    *offer = uv_buf_init(buf, sizeof buf);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes);

static void on_written(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;
    free(request->data);
    if (status != 0 || uv_read_start(stream, offer_buf, on_read) != 0)
        end_connection(stream);
}

/* Queues a copy, and reads nothing more before it is sent. */
static int send_later(uv_stream_t *stream, const char *bytes, size_t length)
{
    struct unsent *unsent = malloc(sizeof *unsent + length);
    if (!unsent)
        return UV_ENOMEM;
    memcpy(unsent->bytes, bytes, length);
    unsent->request.data = unsent;
    uv_read_stop(stream);
    uv_buf_t rest = uv_buf_init(unsent->bytes, (unsigned)length);
    int result = uv_write(&unsent->request, stream, &rest, 1, on_written);
    if (result != 0)
        free(unsent);
    return result;
}

static int send_back(uv_stream_t *stream, char *bytes, size_t length)
{
    uv_buf_t whole = uv_buf_init(bytes, (unsigned)length);
    int n = uv_try_write(stream, &whole, 1);
    if (n < 0 && n != UV_EAGAIN)
        return n;
    size_t sent = n < 0 ? 0 : (size_t)n;
    return sent == length ? 0 : send_later(stream, bytes + sent, length - sent);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    if (n == 0)
        return; /* EAGAIN */
    if (n < 0) {
        end_connection(stream);
    } else if (service->churn) {
        uv_buf_t reply = uv_buf_init(bytes->base, (unsigned)n);
        uv_try_write(stream, &reply, 1);
        end_connection(stream);
    } else if (send_back(stream, bytes->base, (size_t)n) != 0) {
        end_connection(stream);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    union socket *connection;
    if (status != 0 || !(connection = malloc(sizeof *connection)))
        return;
    if (init_socket(connection) != 0) {
        free(connection);
        return;
    }
    if (uv_accept(listener, &connection->stream) != 0 ||
        uv_read_start(&connection->stream, offer_buf, on_read) != 0)
        end_connection(&connection->stream);
}

static int bind_tcp(uv_tcp_t *listener)
{
    struct sockaddr_in addr;
    int result = uv_ip4_addr("127.0.0.1", 0, &addr);
    return result != 0 ? result : uv_tcp_bind(listener, (struct sockaddr *)&addr, 0);
}

static int announce_tcp(uv_tcp_t *listener)
{
    struct sockaddr_in addr;
    int length = sizeof addr;
    int result = uv_tcp_getsockname(listener, (struct sockaddr *)&addr, &length);
    if (result == 0)
        announce(ntohs(addr.sin_port));
    return result;
}

static int start_listener(union socket *listener)
{
    int result = init_socket(listener);
    if (result == 0)
        result = service->transport == TCP ? bind_tcp(&listener->tcp)
                                           : uv_pipe_bind(&listener->pipe, service->path);
    if (result == 0)
        result = uv_listen(&listener->stream, BACKLOG, on_connection);
    if (result != 0)
        return result;
    if (service->transport == TCP)
        return announce_tcp(&listener->tcp);
    announce(0);
    return 0;
}

int libuv_serve(const struct service *wanted)
{
    static union socket listener;
    service = wanted;
    loop = uv_default_loop();
    if (!loop || start_listener(&listener) != 0)
        return -1;
    return uv_run(loop, UV_RUN_DEFAULT);
}

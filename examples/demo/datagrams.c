/*
 * The UDP socket: sends each datagram back to where it came from. Only -EAGAIN drains such a
 * socket. While one datagram waits for room none is received: the queue of the socket fills, and
 * what does not fit is lost, which the clients have to expect.
 */
#include "server.h"

#define TURN 64 /* calls before the others have their turn */

static void send_back(struct server *server, struct door *door, struct datagram *datagram)
{
    if (server_sabotages(server, SABOTAGE_LOSS, door)) {
        datagram->waits = false;
        return;
    }
    ptrdiff_t n =
        mio_udp_socket_send_to(&door->udp, datagram->buf, datagram->size, &datagram->from);
    if (n == -EAGAIN)
        door->ready &= ~MIO_WRITABLE;
    else /* sent, or lost as it could be anywhere on its way */
        datagram->waits = false;
}

static void receive(struct server *server, struct door *door, struct datagram *datagram)
{
    ptrdiff_t n =
        mio_udp_socket_recv_from(&door->udp, datagram->buf, sizeof datagram->buf, &datagram->from);
    if (n == -EAGAIN)
        door->ready &= ~MIO_READABLE;
    else if (server_check(server, "UDP", n)) {
        datagram->size = (size_t)n;
        datagram->waits = true;
        door->accepted++;
        door->bytes += datagram->size;
        if (n > 0 && server_sabotages(server, SABOTAGE_BYTE, door))
            datagram->buf[datagram->size / 2] ^= 1;
    }
}

static void udp_serve(struct server *server, struct door *door)
{
    struct datagram *datagram = &server->datagram;
    for (int i = 0; i < TURN && server->failure[0] == 0; i++) {
        if (!(door->ready & (datagram->waits ? MIO_WRITABLE : MIO_READABLE)))
            return;
        if (datagram->waits)
            send_back(server, door, datagram);
        else
            receive(server, door, datagram);
        if (server_refuses(server, door))
            return;
    }
    /* Not drained: ask for the next event, as for connections. */
    server_check(server, "reregister",
                 mio_reregister(mio_poll_registry(&server->poll), &door->source,
                                server_door_token(server, door), door->kind->interest));
}

static int udp_close(struct door *door)
{
    return mio_udp_socket_close(&door->udp);
}

const struct kind udp_kind = {
    .interest = MIO_READABLE | MIO_WRITABLE,
    .serve = udp_serve,
    .close_door = udp_close,
};

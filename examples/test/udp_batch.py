"""Drives the relay: plain datagrams, trains of them, bits of ECN, and a target that goes away."""
import socket

import peer
from peer import Program, check, example, fail, listening, pattern, port_of

UDP_SEGMENT = 103  # linux/udp.h
TRAIN, SIZE = 16, 1200


def udp():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(peer.TIMEOUT)
    return made


def expect(receiver, wanted):
    data, sender = receiver.recvfrom(70000)
    check(data == wanted, "%d bytes came, and not the %d that were sent" % (len(data), len(wanted)))
    return sender


def whole_datagrams(client, target):
    """Sizes of all kinds, one after the other: nothing is lost, so nothing has to be repeated."""
    for number, size in enumerate((1, 0, 100, 1472, 9000, 65507)):
        data = pattern(size, number)
        client.send(data)
        relay = expect(target, data)
        target.sendto(data[::-1], relay)
        expect(client, data[::-1])


def trains(client, target):
    """Many datagrams in one call of the client: the target gets each for itself, in order."""
    try:
        client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SIZE)
    except OSError:
        print("without trains: the system cuts no segments")
        return
    for last in (SIZE, 7):
        data = pattern((TRAIN - 1) * SIZE + last, last)
        client.send(data)
        for start in range(0, len(data), SIZE):
            expect(target, data[start:start + SIZE])
    client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)


def ecn(client, target):
    """The bits arrive as the client has set them."""
    try:
        target.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    except (AttributeError, OSError):
        print("without ECN: it cannot be seen here")
        return
    for bits in (2, 1, 3, 0):
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, bits)
        client.send(b"marked")
        data, control, _, _ = target.recvmsg(100, 100)
        check(data == b"marked", "another datagram")
        check([value[0] & 3 for _, _, value in control] == [bits], "other bits of ECN")


with udp() as client, udp() as target:
    target.bind(("127.0.0.1", 0))
    name = "127.0.0.1:%d" % target.getsockname()[1]
    with Program(example(), "0", name) as relay:
        client.connect(("127.0.0.1", port_of(listening(relay))))
        whole_datagrams(client, target)
        trains(client, target)
        ecn(client, target)
        # Nobody is at the target for a while.
        place = target.getsockname()
        target.close()
        for _ in range(10):
            client.send(b"lost")
        with udp() as again:
            again.bind(place)
            again.settimeout(0.5)
            for _ in range(20):
                client.send(b"found")
                try:
                    while again.recv(100) != b"found":  # those of before may be late
                        pass
                    break
                except socket.timeout:
                    pass
            else:
                fail("the relay does not come back")
        peer.check_calm(relay.process.pid)
        check(relay.stop() == -15, "the relay ended in another way")

/*
 * Options and control messages of datagrams that headers may lack. The values are those of
 * ws2ipdef.h of the Windows SDK.
 */
#ifndef MIO_UDP_VALUES_H
#define MIO_UDP_VALUES_H

enum {
    /* Of both levels, IPPROTO_IP and IPPROTO_IPV6: the option, and the type of what it tells. */
    MIO__PKTINFO = 19,
    MIO__RECEIVE_HOPS = 21,  /* IP_RECVTTL, IPV6_HOPLIMIT */
    MIO__RECEIVE_CLASS = 40, /* IP_RECVTOS, IPV6_RECVTCLASS */
    MIO__RECEIVE_ECN = 50,   /* IP_RECVECN, IPV6_RECVECN */

    MIO__CMSG_HOPS_V4 = 4, /* IP_TTL */
    MIO__CMSG_HOPS = 21,   /* IP_HOPLIMIT, IPV6_HOPLIMIT */
    MIO__CMSG_TOS = 3,     /* IP_TOS */
    MIO__CMSG_CLASS = 39,  /* IP_TCLASS, IPV6_TCLASS */
    MIO__CMSG_ECN = 50,    /* IP_ECN, IPV6_ECN; for sending, too */

    /* Of the level IPPROTO_UDP. */
    MIO__UDP_SEND_MSG_SIZE = 2,
    MIO__UDP_RECV_MAX_COALESCED_SIZE = 3,
    MIO__UDP_COALESCED_INFO = 3, /* the type of what the option before it tells */
};

#endif

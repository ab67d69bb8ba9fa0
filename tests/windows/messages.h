/*
 * A system that heeds control messages and has every option of datagrams, or those that a case
 * leaves it; Wine has not. It notes what it was told to send.
 */
#ifndef MIO_MESSAGES_H
#define MIO_MESSAGES_H

#include "answers.h"

/* Options by the names of all levels (udp_values.h). */
enum { OPTIONS = 64 };

struct messages_option {
    int error; /* of Winsock, when it is asked for or set; 0: it is there */
    int asked, set;
    DWORD value;
};

/* The last message that was sent, and its control messages. */
struct messages_sent {
    size_t len;
    size_t control_len;
    _Alignas(SIZE_T) char control[128];
    struct sockaddr_storage to;
    int to_len;
    bool has_name;
};

struct messages_system {
    struct messages_option ip[OPTIONS], ipv6[OPTIONS], udp[OPTIONS];
    /* Sends that are refused: by their number from 1, or all that the system is to cut. */
    int refused_send, refused_cuts;
    int error;
    int sends, cuts, probes;
    struct messages_sent sent;
};
extern struct messages_system messages;

/* Calls are those of that system from now on, with all that it can. */
void messages_begin(void);

/* The number that a control message of what was sent holds; -1: there is none. */
long messages_number(int level, int type);
/* Its data, of that length, or NULL. */
const void *messages_data(int level, int type, size_t len);

/* Adds a control message to some that a receive tells, as Winsock lays it out. */
void messages_tell(WSAMSG *message, int level, int type, const void *data, size_t len);
void messages_tell_number(WSAMSG *message, int level, int type, INT value);

#endif

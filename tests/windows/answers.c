/* The table of calls. */
#include "answers.h"

#include "sys/windows/message.h"
#include "sys/windows/ntdll.h"

/* Calls by functions of our own: headers do not agree on each type. */
#define CALL(result, name, parameters, arguments)                                                  \
    static result WINAPI call_##name parameters                                                    \
    {                                                                                              \
        return name arguments;                                                                     \
    }
MIO__CALLS_OF_SOCKETS(CALL)
MIO__CALLS_THAT_MOVE(CALL)
MIO__CALLS_FOR_SOCKETS(CALL)
MIO__CALLS_OF_START(CALL)
MIO__CALLS_OF_HANDLES(CALL)
MIO__CALLS_OF_TYPES(CALL)
MIO__CALLS_FOR_FILES(CALL)
MIO__CALLS_OF_ENDS(CALL)
#undef CALL
#define CALL(result, name, parameters, arguments)                                                  \
    static result NTAPI call_##name parameters                                                     \
    {                                                                                              \
        return mio__ntdll_find()->name arguments;                                                  \
    }
MIO__CALLS_OF_NTDLL(CALL)
MIO__CALLS_OF_FINE_WAITS(CALL)
#undef CALL
#define CALL(result, name, parameters, arguments)                                                  \
    static result WINAPI call_##name parameters                                                    \
    {                                                                                              \
        int error;                                                                                 \
        return mio__message_find(fd, &error) arguments;                                            \
    }
MIO__CALLS_OF_MESSAGES(CALL)
#undef CALL

struct mio__calls mio__calls;

void answers_of_system(void)
{
    static const struct mio__calls calls = {
#define ENTRY(result, name, parameters, arguments) .name = call_##name,
        MIO__CALLS(ENTRY)
#undef ENTRY
    };
    mio__calls = calls;
}

int answers_closes;

static int WINAPI close_and_count(SOCKET fd)
{
    answers_closes++;
    return closesocket(fd);
}

void answers_count_closes(void)
{
    answers_closes = 0;
    mio__calls.closesocket = close_and_count;
}

struct mio_addr answers_addr(const char *text)
{
    struct mio_addr addr;
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    return addr;
}

void answers_udp(struct mio_udp_socket *socket, const char *text)
{
    struct mio_addr addr = answers_addr(text);
    CHECK_EQ(mio_udp_socket_bind(socket, &addr), 0);
}

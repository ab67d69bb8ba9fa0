/* The table of calls. */
#include "answers.h"

#include "sys/windows/ntdll.h"

/* Those that nothing can be linked to. */
#define FIND(result, name, parameters, arguments)                                                  \
    static result NTAPI find_##name parameters                                                     \
    {                                                                                              \
        return mio__ntdll_find()->name arguments;                                                  \
    }
MIO__CALLS_OF_NTDLL(FIND)
#undef FIND

struct mio__calls mio__calls;

void answers_of_system(void)
{
#define PASS(result, name, parameters, arguments) mio__calls.name = name;
    MIO__CALLS_OF_SOCKETS(PASS)
    MIO__CALLS_THAT_MOVE(PASS)
    MIO__CALLS_FOR_SOCKETS(PASS)
    MIO__CALLS_OF_START(PASS)
    MIO__CALLS_OF_HANDLES(PASS)
    MIO__CALLS_OF_ENDS(PASS)
#undef PASS
#define PASS(result, name, parameters, arguments) mio__calls.name = find_##name;
    MIO__CALLS_OF_NTDLL(PASS)
#undef PASS
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

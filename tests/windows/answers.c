/* The table of calls. */
#include "answers.h"

struct mio__calls mio__calls = {
#define PASS(result, name, parameters, arguments) .name = name,
    MIO__CALLS(PASS)
#undef PASS
};

void answers_of_system(void)
{
#define PASS(result, name, parameters, arguments) mio__calls.name = name;
    MIO__CALLS(PASS)
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

/* Starting Winsock. */
#include "answers.h"

static int starts, answer;

static int WINAPI start(WORD version, WSADATA *data)
{
    starts++;
    return answer != 0 ? answer : WSAStartup(version, data);
}

/* Every function that makes, adopts or needs a socket. */
static void check_all_refuse(int code)
{
    struct mio_udp_socket udp;
    struct mio_tcp_listener listener;
    struct mio_tcp_stream stream;
    struct mio_poll poll;
    struct mio_addr addr = answers_addr("127.0.0.1:1");
    int before = starts;
    CHECK_EQ(mio_udp_socket_bind(&udp, &addr), code);
    CHECK_EQ(mio_tcp_listener_bind(&listener, &addr), code);
    CHECK_EQ(mio_tcp_stream_connect(&stream, &addr), code);
    CHECK_EQ(mio_tcp_stream_from_fd(&stream, 4), code);
    CHECK_EQ(mio_poll_init(&poll), code);
    CHECK_EQ(starts, before + 5); /* each tries again */
}

static void refused_start_is_a_code_and_is_tried_again(void)
{
    struct mio_udp_socket udp;
    WSADATA data;
    mio__calls.WSAStartup = start;
    answer = WSASYSNOTREADY;
    check_all_refuse(-ENETDOWN);
    answer = WSAVERNOTSUPPORTED;
    check_all_refuse(-ENOSYS);
    answer = WSAEPROCLIM;
    check_all_refuse(-EMFILE);
    answer = 0;
    starts = 0;
    answers_udp(&udp, "127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    answers_udp(&udp, "127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    CHECK_EQ(starts, 1);
    CHECK_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
    CHECK_EQ(WSACleanup(), 0); /* the library's own start holds */
    answers_udp(&udp, "127.0.0.1:0");
    CHECK_EQ(mio_udp_socket_close(&udp), 0);
    answers_of_system();
}

static void addresses_need_no_start(void)
{
    char text[MIO_ADDR_TEXT];
    struct mio_addr addr = answers_addr("[fe80::1%7]:80");
    CHECK(mio_addr_format(&addr, text, sizeof text) > 0);
    CHECK_EQ(starts, 0);
}

static const struct test_case cases[] = {
    {"addresses_need_no_start", addresses_need_no_start, 0},
    {"refused_start_is_a_code_and_is_tried_again", refused_start_is_a_code_and_is_tried_again, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_startup = {"startup", cases};

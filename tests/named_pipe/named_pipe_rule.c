/* The rules of named pipes: names, answers, the ring, the input, and what is told when. */
#include "sys/windows/named_pipe_rule.h"
#include "test.h"

#define BOTH (MIO_READABLE | MIO_WRITABLE)
#define ENDS (MIO_READ_CLOSED | MIO_WRITE_CLOSED)
#define MOST 16777216u /* the largest buffer, as MIO_NAMED_PIPE_BUFFER_MAX */

/* ---- Names and answers ----------------------------------------------------------------------- */

static void names_have_one_form(void)
{
    static const struct {
        const char *name;
        int here, anywhere;
    } rows[] = {
        {"\\\\.\\pipe\\x", 0, 0},
        {"\\\\.\\PIPE\\x", 0, 0},
        {"\\\\.\\pipe\\LOCAL\\x", 0, 0},
        {"\\\\host\\pipe\\x", -EINVAL, 0},
        {"\\\\..\\pipe\\x", -EINVAL, 0},
        {"", -EINVAL, -EINVAL},
        {"\\", -EINVAL, -EINVAL},
        {"\\\\", -EINVAL, -EINVAL},
        {"\\\\.", -EINVAL, -EINVAL},
        {"\\\\.\\pipe", -EINVAL, -EINVAL},
        {"\\\\.\\pipe\\", -EINVAL, -EINVAL},
        {"\\\\.\\pipe\\\\x", -EINVAL, -EINVAL},
        {"\\\\\\pipe\\x", -EINVAL, -EINVAL},
        {"\\\\.\\pipes\\x", -EINVAL, -EINVAL},
        {"x\\\\.\\pipe\\x", -EINVAL, -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(mio__pipe_name_check(rows[i].name, false), rows[i].here);
        CHECK_EQ(mio__pipe_name_check(rows[i].name, true), rows[i].anywhere);
    }
}

static void answers_say_whether_a_packet_comes(void)
{
    static const struct {
        uint32_t answer;
        bool begun, left;
    } rows[] = {
        {0, true, false},
        {MIO__PIPE_SAYS_PENDING, true, false},
        {MIO__PIPE_SAYS_MORE_DATA, true, false},
        {MIO__PIPE_SAYS_BROKEN, false, true},
        {MIO__PIPE_SAYS_NO_DATA, false, true},
        {MIO__PIPE_SAYS_NOT_CONNECTED, false, true},
        {MIO__PIPE_SAYS_CONNECTED, false, false},
        {MIO__PIPE_SAYS_ABORTED, false, false},
        {5, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(mio__pipe_is_begun(rows[i].answer), rows[i].begun);
        CHECK_EQ(mio__pipe_is_left(rows[i].answer), rows[i].left);
    }
}

/* ---- The ring -------------------------------------------------------------------------------- */

/* Takes the first piece, as a write does, and looks at it. */
static uint32_t take_piece(struct mio__pipe_ring *ring, uint32_t most, unsigned char *next)
{
    const uint32_t straight = mio__pipe_ring_piece(ring);
    const uint32_t n = straight < most ? straight : most;
    for (uint32_t i = 0; i < n; i++)
        CHECK_EQ(ring->base[ring->first + i], (*next)++);
    mio__pipe_ring_take(ring, n);
    return n;
}

/* All sizes, put and taken in all small steps: each byte comes out once and in its place. */
static void ring_keeps_bytes_in_order(void)
{
    unsigned char memory[7];
    for (uint32_t size = 1; size <= sizeof memory; size++)
        for (uint32_t put = 1; put <= size + 1; put++)
            for (uint32_t take = 1; take <= size; take++) {
                struct mio__pipe_ring ring = {memory, size, 0, 0};
                unsigned char in = 0, out = 0;
                for (int round = 0; round < 60; round++) {
                    unsigned char bytes[8];
                    for (uint32_t i = 0; i < put; i++)
                        bytes[i] = (unsigned char)(in + i);
                    const uint32_t room = size - ring.count;
                    const uint32_t n = mio__pipe_ring_put(&ring, bytes, put);
                    CHECK_EQ(n, put < room ? put : room);
                    in = (unsigned char)(in + n);
                    take_piece(&ring, take, &out);
                }
                while (ring.count > 0)
                    take_piece(&ring, take, &out);
                CHECK_EQ(in, out);
            }
}

/* So a message, which is put into an empty ring, lies in one piece. */
static void empty_ring_begins_at_its_beginning(void)
{
    unsigned char memory[8];
    struct mio__pipe_ring ring = {memory, sizeof memory, 0, 0};
    CHECK_EQ(mio__pipe_ring_put(&ring, "abcde", 5), 5);
    mio__pipe_ring_take(&ring, 3);
    CHECK_EQ(ring.first, 3);
    mio__pipe_ring_take(&ring, 2);
    CHECK_EQ(ring.first, 0);
    CHECK_EQ(mio__pipe_ring_put(&ring, "12345678", 8), 8);
    CHECK_EQ(mio__pipe_ring_piece(&ring), 8);
    CHECK_EQ(mio__pipe_ring_put(&ring, "9", 1), 0);
}

static void largest_ring_does_not_overflow(void)
{
    unsigned char byte = 'x';
    struct mio__pipe_ring ring = {&byte, MOST, MOST - 1, 0};
    CHECK_EQ(mio__pipe_ring_put(&ring, &byte, 0), 0);
    ring.count = MOST;
    CHECK_EQ(mio__pipe_ring_piece(&ring), 1);
    mio__pipe_ring_take(&ring, 2);
    CHECK_EQ(ring.first, 1);
}

/* ---- The input ------------------------------------------------------------------------------- */

static void input_is_empty_once_all_is_taken(void)
{
    unsigned char memory[4] = {'a', 'b', 'c', 'd'};
    char out[4];
    struct mio__pipe_input input = {memory, sizeof memory, 0, 4, true, false};
    CHECK_EQ(mio__pipe_input_take(&input, out, 3), 3);
    CHECK(input.full);
    CHECK_EQ(mio__pipe_input_take(&input, out + 3, 3), 1);
    CHECK(!input.full && memcmp(out, memory, 4) == 0);
    input = (struct mio__pipe_input){memory, sizeof memory, 0, 0, true, false};
    CHECK_EQ(mio__pipe_input_take(&input, out, 3), 0); /* an empty message */
    CHECK(!input.full);
}

/* ---- Readiness ------------------------------------------------------------------------------- */

static void state_says_what_is_ready(void)
{
    static const struct {
        struct mio__pipe_state state;
        bool input, room;
        uint32_t now;
    } rows[] = {
        {{MIO__PIPE_APART, 0, 0, 0}, false, true, 0},
        {{MIO__PIPE_CONNECTING, 0, 0, 0}, false, true, 0},
        {{MIO__PIPE_APART, -ENOMEM, 0, 0}, false, true, BOTH | MIO_ERROR},
        {{MIO__PIPE_CONNECTED, 0, 0, 0}, false, false, 0},
        {{MIO__PIPE_CONNECTED, 0, 0, 0}, true, false, MIO_READABLE},
        {{MIO__PIPE_CONNECTED, 0, 0, 0}, false, true, MIO_WRITABLE},
        {{MIO__PIPE_CONNECTED, 0, 0, 0}, true, true, BOTH},
        {{MIO__PIPE_CONNECTED, 0, MIO__PIPE_END, 0}, false, false, BOTH | ENDS},
        {{MIO__PIPE_CONNECTED, 0, -EIO, 0}, false, false, BOTH | ENDS | MIO_ERROR},
        {{MIO__PIPE_CONNECTED, 0, 0, -EPIPE}, false, false, MIO_WRITABLE | MIO_WRITE_CLOSED},
        {{MIO__PIPE_CONNECTED, 0, 0, -EIO},
         false,
         true,
         MIO_WRITABLE | MIO_WRITE_CLOSED | MIO_ERROR},
        {{MIO__PIPE_CONNECTED, 0, 0, -EPIPE}, true, false, BOTH | MIO_WRITE_CLOSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_EQ(mio__pipe_now(&rows[i].state, rows[i].input, rows[i].room), rows[i].now);
}

static struct mio__edge edge_of(mio_interest interest)
{
    struct mio__edge edge;
    mio__edge_start(&edge, interest);
    return edge;
}

/* Whatever is ready, no direction is named that nobody asked for. */
static void nothing_is_told_beyond_the_interest(void)
{
    static const mio_interest interests[] = {MIO_READABLE, MIO_WRITABLE, BOTH};
    static const mio_interest modes[] = {MIO_EDGE, MIO_LEVEL, MIO_ONESHOT};
    for (size_t i = 0; i < sizeof interests / sizeof interests[0]; i++)
        for (size_t k = 0; k < sizeof modes / sizeof modes[0]; k++)
            for (uint32_t now = 0; now < 64; now++) {
                if (now & MIO_PRIORITY)
                    continue;
                struct mio__edge edge = edge_of(interests[i] | modes[k]);
                const uint32_t told = mio__pipe_to_tell(&edge, now);
                CHECK_EQ(told & BOTH & ~interests[i], 0);
                CHECK_EQ(told & ~now, 0);
                CHECK_EQ(now & interests[i] & ~told, 0); /* and nothing of that is left out */
                CHECK(told == 0 || (told & BOTH));       /* an end comes with a direction */
            }
}

static void edge_is_told_once_until_it_is_drained(void)
{
    struct mio__edge edge = edge_of(BOTH);
    CHECK_EQ(mio__pipe_to_tell(&edge, BOTH), BOTH);
    mio__edge_report(&edge, BOTH);
    CHECK_EQ(mio__pipe_to_tell(&edge, BOTH), 0);
    CHECK(mio__edge_rearm(&edge, MIO_READABLE, MIO__BLOCKED));
    CHECK_EQ(mio__pipe_to_tell(&edge, BOTH), MIO_READABLE);
    edge = edge_of(BOTH | MIO_LEVEL);
    mio__edge_report(&edge, BOTH);
    CHECK_EQ(mio__pipe_to_tell(&edge, BOTH), BOTH);
    edge = edge_of(BOTH | MIO_ONESHOT);
    mio__edge_report(&edge, MIO_READABLE);
    CHECK_EQ(mio__pipe_to_tell(&edge, BOTH), 0);
}

/* The end is told though nothing was drained, once. */
static void end_is_told_undrained_and_once(void)
{
    struct mio__edge edge = edge_of(MIO_READABLE);
    const uint32_t ended = BOTH | ENDS;
    mio__edge_report(&edge, MIO_READABLE);
    CHECK_EQ(mio__pipe_to_tell(&edge, ended), MIO_READABLE | ENDS);
    mio__edge_report(&edge, MIO_READABLE | ENDS);
    CHECK_EQ(mio__pipe_to_tell(&edge, ended), 0);
    edge = edge_of(MIO_WRITABLE);
    mio__edge_report(&edge, MIO_WRITABLE);
    CHECK_EQ(mio__pipe_to_tell(&edge, MIO_WRITABLE | MIO_WRITE_CLOSED),
             MIO_WRITABLE | MIO_WRITE_CLOSED);
}

static const struct test_case cases[] = {
    {"names_have_one_form", names_have_one_form, 0},
    {"answers_say_whether_a_packet_comes", answers_say_whether_a_packet_comes, 0},
    {"ring_keeps_bytes_in_order", ring_keeps_bytes_in_order, 0},
    {"empty_ring_begins_at_its_beginning", empty_ring_begins_at_its_beginning, 0},
    {"largest_ring_does_not_overflow", largest_ring_does_not_overflow, 0},
    {"input_is_empty_once_all_is_taken", input_is_empty_once_all_is_taken, 0},
    {"state_says_what_is_ready", state_says_what_is_ready, 0},
    {"nothing_is_told_beyond_the_interest", nothing_is_told_beyond_the_interest, 0},
    {"edge_is_told_once_until_it_is_drained", edge_is_told_once_until_it_is_drained, 0},
    {"end_is_told_undrained_and_once", end_is_told_undrained_and_once, 0},
    {NULL, NULL, 0},
};

static const struct test_suite suite = {"named_pipe_rule", cases};

int main(int argc, char **argv)
{
    static const struct test_suite *const suites[] = {&suite, NULL};
    return test_main(argc, argv, suites);
}

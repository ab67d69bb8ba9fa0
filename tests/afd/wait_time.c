/* The time of a wait, in the units of the system. */
#include "sys/windows/wait_time.h"
#include "test.h"

#define MS MIO_NS_PER_MS

static void milliseconds_are_rounded_up(void)
{
    static const struct {
        int64_t ns;
        uint32_t ms;
    } rows[] = {
        {0, 0}, {1, 1}, {MS - 1, 1}, {MS, 1}, {MS + 1, 2}, {20 * MS, 20}, {20 * MS + 1, 21},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_EQ(mio__wait_milliseconds(rows[i].ns), rows[i].ms);
}

static void ticks_are_rounded_up_where_milliseconds_would_be_longer(void)
{
    static const struct {
        int64_t ns;
        bool is_fine;
        int64_t ticks;
    } rows[] = {
        {0, false, 0},
        {1, true, 1},
        {100, true, 1},
        {101, true, 2},
        {MS - 1, true, 10000},
        {MS, false, 10000},
        {MS + 1, true, 10001},
        {20 * MS, false, 200000},
        {20 * MS + 300000, true, 203000},
        {MIO_FOREVER - 1, true, MIO_FOREVER / 100 + 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(mio__wait_is_fine(rows[i].ns), rows[i].is_fine);
        CHECK_EQ(mio__wait_ticks(rows[i].ns), -rows[i].ticks);
    }
    CHECK(!mio__wait_is_fine(MIO_FOREVER));
}

/* The largest number of the system means that a wait has no end: no time may become it. */
static void defect_11_long_waits_have_an_end(void)
{
    static const int64_t long_waits[] = {
        INT32_MAX * MS,
        (INT32_MAX + INT64_C(1)) * MS,
        (UINT32_MAX - INT64_C(1)) * MS,
        UINT32_MAX * MS - 1,
        UINT32_MAX * MS,
        UINT32_MAX * MS + 1,
        (INT64_C(1) << 32) * MS,
        (INT64_C(1) << 32) * MS + 5,
        (INT64_C(1) << 33) * MS,
        MIO_FOREVER - 1000000000,
        MIO_FOREVER - 1,
    };
    for (size_t i = 0; i < sizeof long_waits / sizeof long_waits[0]; i++)
        CHECK_EQ(mio__wait_milliseconds(long_waits[i]), INT32_MAX);
    CHECK_EQ(mio__wait_milliseconds(INT32_MAX * MS - 1), INT32_MAX);
    CHECK_EQ(mio__wait_milliseconds((INT32_MAX - 1) * MS), INT32_MAX - 1);
    CHECK_EQ(mio__wait_milliseconds(MIO_FOREVER), MIO__NO_END);
}

static const struct test_case cases[] = {
    {"milliseconds_are_rounded_up", milliseconds_are_rounded_up, 0},
    {"ticks_are_rounded_up_where_milliseconds_would_be_longer",
     ticks_are_rounded_up_where_milliseconds_would_be_longer, 0},
    {"defect_11_long_waits_have_an_end", defect_11_long_waits_have_an_end, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_wait_time = {"wait_time", cases};

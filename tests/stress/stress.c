#include "stress.h"

#include "system.h"

#include <stdatomic.h>

/* How long a plan makes rounds, and when something that must come counts as lost (below). */
#define ENOUGH_MS 2000
#define ENOUGH_MIN_MS 300

static _Atomic(const char *) first_failure;
static int64_t lost_after = 20 * MIO_NS_PER_S;
static int64_t started, enough;
static int64_t failed_after;

void stress_begin(void)
{
    atomic_store(&first_failure, NULL);
    started = mio_now_ns();
    long enough_ms = test_scaled(ENOUGH_MS);
    enough = started + (enough_ms > ENOUGH_MIN_MS ? enough_ms : ENOUGH_MIN_MS) * MIO_NS_PER_MS;
}

bool stress_is_enough(void)
{
    return mio_now_ns() > enough;
}

void stress_set_patience(int64_t ns)
{
    lost_after = ns;
}

static void give_up(const char *why, int64_t since)
{
    const char *none = NULL;
    if (atomic_compare_exchange_strong(&first_failure, &none, why))
        failed_after = since - started;
}

void stress_give_up(const char *why)
{
    give_up(why, mio_now_ns());
}

void stress_require(bool holds, const char *what)
{
    if (!holds)
        stress_give_up(what);
}

bool stress_has_failed(void)
{
    return atomic_load(&first_failure) != NULL;
}

void stress_end(void)
{
    const char *failure = atomic_load(&first_failure);
    if (failure)
        test_fail(__FILE__, __LINE__, "after %.3f s: %s", (double)failed_after / 1e9, failure);
}

bool stress_go_on(struct stress_patience *patience, const char *complaint)
{
    unsigned turns = ++patience->turns;
    if (turns > patience->spins + 2000)
        stress_pause_us(50);
    else if (turns > patience->spins)
        thread_yield();
    if (turns % 256 == 0 && complaint) {
        int64_t now = mio_now_ns();
        if (patience->begin == 0)
            patience->begin = now;
        if (now - patience->begin > lost_after)
            give_up(complaint, patience->begin);
    }
    return !stress_has_failed();
}

uint32_t stress_random(uint32_t *state, uint32_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % limit;
}

void stress_pause_us(uint32_t us)
{
    thread_sleep(us * INT64_C(1000));
}

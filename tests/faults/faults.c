/* The plan of what fails. The functions in the table of calls are in ..._calls.c. */
#include "faults.h"

#include <stdatomic.h>

static struct fault_plan plan, standing;
static atomic_ulong counts[FAULT_CALLS];
static atomic_bool happened;

void fault_set(const struct fault_plan *next)
{
    plan = next ? *next : (struct fault_plan){.nth = 0};
    for (int i = 0; i < FAULT_CALLS; i++)
        atomic_store(&counts[i], 0);
    atomic_store(&happened, false);
}

void fault_set_standing(const struct fault_plan *always)
{
    standing = always ? *always : (struct fault_plan){.nth = 0};
}

unsigned long fault_count(enum fault_call call)
{
    return atomic_load(&counts[call]);
}

bool fault_happened(void)
{
    return atomic_load(&happened);
}

const char *fault_name(enum fault_call call)
{
    static const char *const names[] = {
#define NAME(result, name, parameters, arguments) #name,
        MIO__CALLS(NAME)
#undef NAME
#define NAME(name) #name " (raw)",
            FAULT_RAW_CALLS(NAME)
#undef NAME
#ifdef MIO_KQUEUE_ABI_H
                "a receipt of kevent",
#endif
    };
    return names[call];
}

static bool is_due(const struct fault_plan *wanted, enum fault_call call, unsigned long number)
{
    return wanted->nth != 0 && call == wanted->call &&
           (wanted->all_after ? number >= wanted->nth : number == wanted->nth);
}

int fault_next(enum fault_call call)
{
    unsigned long number = atomic_fetch_add(&counts[call], 1) + 1;
    if (!is_due(&plan, call, number))
        return is_due(&standing, call, number) ? standing.error : 0;
    atomic_store(&happened, true);
    return plan.error;
}

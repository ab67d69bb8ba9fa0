/* One case of one contestant. See harness.h. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static int case_version(void)
{
    puts(contestant.version());
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    {"dispatch", case_dispatch}, {"registration", case_registration},
    {"waker", case_waker},       {"timeout", case_timeout},
    {"memory", case_memory},     {"serve", case_serve},
    {"version", case_version},
};

int main(int argc, char **argv)
{
    if (argc < 2 || arguments_take(argc - 2, argv + 2) != 0) {
        fprintf(stderr, "usage: %s CASE [NAME=VALUE...], see harness.h\n", argv[0]);
        return 2;
    }
    if (prepare_process() != 0)
        return fail("cpu");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(argv[1], cases[i].name) == 0)
            return cases[i].run();
    fprintf(stderr, "there is no case %s\n", argv[1]);
    return 2;
}

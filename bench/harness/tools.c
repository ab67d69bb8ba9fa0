/* Arguments, clock, processors and results. */
#define _GNU_SOURCE 1
#include "tools.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

static char **arguments;
static int argument_count;

int arguments_take(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!strchr(argv[i], '='))
            return 1;
    arguments = argv;
    argument_count = argc;
    return 0;
}

const char *argument(const char *name, const char *otherwise)
{
    size_t length = strlen(name);
    for (int i = 0; i < argument_count; i++)
        if (strncmp(arguments[i], name, length) == 0 && arguments[i][length] == '=')
            return arguments[i] + length + 1;
    return otherwise;
}

int64_t argument_number(const char *name, int64_t otherwise)
{
    const char *text = argument(name, NULL);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

int64_t argument_seconds_ns(void)
{
    return (int64_t)(strtod(argument("seconds", "0.1"), NULL) * (double)NS_PER_S);
}

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void spin_ns(int64_t ns)
{
    for (int64_t end = now_ns() + ns; now_ns() < end;)
        continue;
}

int pin_to_cpu(int64_t cpu)
{
    cpu_set_t set;
    if (cpu < 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int prepare_process(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody is left behind when the suite is killed */
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    return pin_to_cpu(argument_number("cpu", -1));
}

void print_result(const char *name, double value)
{
    printf("%s %.17g\n", name, value);
}

int fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return 1;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median_of(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

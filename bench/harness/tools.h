/* Arguments, clock, processors, results: for contestants and load generator alike. */
#ifndef BENCH_TOOLS_H
#define BENCH_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS ((int64_t)1000000)
#define NS_PER_S ((int64_t)1000000000)

/* Takes the arguments NAME=VALUE of the program; another value than 0 when one is none. */
int arguments_take(int argc, char **argv);
const char *argument(const char *name, const char *otherwise);
int64_t argument_number(const char *name, int64_t otherwise);
int64_t argument_seconds_ns(void);

int64_t now_ns(void);
void spin_ns(int64_t ns);
int pin_to_cpu(int64_t cpu); /* negative: nothing is done */

/* Prepares the process: no SIGPIPE, all descriptors that the system grants, an end with its parent,
 * and the processor that the argument cpu names. */
int prepare_process(void);

void print_result(const char *name, double value);
int fail(const char *what);                 /* tells what failed, with errno; returns 1 */
double median_of(double *values, size_t n); /* sorts them */

#endif

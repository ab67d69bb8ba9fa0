/* Rows, progress and table. */
#include "server.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 10
#define CELL 24

/* ---- Rows ------------------------------------------------------------------------------------ */

void row_error(struct row *row, const char *format, ...)
{
    va_list arguments;
    if (row->errors++ > 0)
        return;
    va_start(arguments, format);
    vsnprintf(row->note, sizeof row->note, format, arguments);
    va_end(arguments);
}

static int compare_samples(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* The smallest sample that so many per cent of all do not exceed. */
static int64_t percentile(const int64_t *samples, size_t count, size_t percent)
{
    return samples[(count * percent + 99) / 100 - 1];
}

void row_set_latency(struct row *row, int64_t *samples, size_t count)
{
    if (count == 0)
        return;
    qsort(samples, count, sizeof samples[0], compare_samples);
    row->p50_ns = percentile(samples, count, 50);
    row->p95_ns = percentile(samples, count, 95);
    row->p99_ns = percentile(samples, count, 99);
    row->max_ns = samples[count - 1];
}

/* ---- Numbers as text ------------------------------------------------------------------------- */

/* With commas between thousands. */
static void format_count(char *out, uint64_t value)
{
    char digits[CELL];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = 0;
}

static void format_bytes(char *out, double value, const char *per)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1024;
    snprintf(out, CELL, "%.*f %s%s", unit == 0 || value >= 100 ? 0 : 1, value, units[unit], per);
}

static void format_time(char *out, int64_t ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double value = (double)ns;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1000;
    snprintf(out, CELL, "%.*f %s", unit == 0 || value >= 100 ? 0 : 1, value, units[unit]);
}

/* ---- Progress -------------------------------------------------------------------------------- */

/* On a terminal one line that is drawn again and again, else a line for each quarter. */
void report_progress(const struct row *row)
{
    static uint64_t last_step;
    char connections[CELL * 2], planned[CELL * 2], bytes[CELL];
    bool redraw = output_redraws();
    uint64_t step =
        row->index * 8 + 1 + (row->state == ROW_RUNNING ? row->connections * 4 / row->planned : 5);
    if (!redraw && step == last_step)
        return;
    last_step = step;
    format_count(connections, row->connections);
    format_count(planned, row->planned);
    format_bytes(bytes, (double)row->bytes, "");
    if (redraw)
        printf("\r\033[K");
    if (row->state == ROW_SKIPPED)
        printf("%s: skipped: %s", row->name, row->note);
    else
        printf("%s: %s of %s connections, %s echoed, %" PRIu64 " errors", row->name, connections,
               planned, bytes, row->errors);
    if (!redraw || row->state != ROW_RUNNING)
        printf("\n");
    fflush(stdout);
}

/* ---- Table ----------------------------------------------------------------------------------- */

static void fill_row(char cells[COLUMNS][CELL * 2], const struct row *row)
{
    double seconds = (double)row->elapsed_ns / (double)MIO_NS_PER_S;
    bool has_bytes = row->bytes > 0;
    for (int i = 0; i < COLUMNS; i++)
        strcpy(cells[i], "-");
    snprintf(cells[0], CELL, "%s", row->name);
    if (row->connections > 0)
        format_count(cells[1], row->connections);
    if (row->messages > 0)
        format_count(cells[2], row->messages);
    if (has_bytes)
        format_bytes(cells[3], (double)row->bytes, "");
    if (seconds > 0 && has_bytes)
        format_bytes(cells[4], (double)row->bytes / seconds, "/s");
    else if (seconds > 0 && row->messages > 0)
        snprintf(cells[4], CELL, "%.0f/s", (double)row->messages / seconds);
    if (row->max_ns > 0) {
        format_time(cells[5], row->p50_ns);
        format_time(cells[6], row->p95_ns);
        format_time(cells[7], row->p99_ns);
        format_time(cells[8], row->max_ns);
    }
    format_count(cells[9], row->errors);
}

void report_table(const struct row *rows, unsigned count)
{
    static const char *const titles[COLUMNS] = {
        "", "connections", "messages", "bytes", "throughput", "p50", "p95", "p99", "max", "errors"};
    char cells[TARGETS + 1][COLUMNS][CELL * 2];
    int widths[COLUMNS];
    for (unsigned i = 0; i < count; i++)
        fill_row(cells[i], &rows[i]);
    for (int k = 0; k < COLUMNS; k++) {
        widths[k] = (int)strlen(titles[k]);
        for (unsigned i = 0; i < count; i++)
            if ((int)strlen(cells[i][k]) > widths[k])
                widths[k] = (int)strlen(cells[i][k]);
    }
    printf("\n%-*s", widths[0], titles[0]);
    for (int k = 1; k < COLUMNS; k++)
        printf("  %*s", widths[k], titles[k]);
    printf("\n");
    for (unsigned i = 0; i < count; i++) {
        printf("%-*s", widths[0], cells[i][0]);
        if (rows[i].state == ROW_SKIPPED)
            printf("  skipped: %s", rows[i].note);
        for (int k = 1; k < COLUMNS && rows[i].state != ROW_SKIPPED; k++)
            printf("  %*s", widths[k], cells[i][k]);
        printf("\n");
    }
}

void report_loop(const struct server *server)
{
    char waits[CELL * 2], events[CELL * 2], wakes[CELL * 2], merged[CELL * 2];
    format_count(waits, server->counters.waits);
    format_count(events, server->counters.events);
    format_count(wakes, server->wakes.row.messages);
    format_count(merged, server->wakes.row.messages - server->wake_events);
    printf("\nevent loop (%s): %s events in %s waits; %s wakes, of which %s merged with others\n",
           server->backend, events, waits, wakes, merged);
    for (unsigned i = 0; i < TARGETS; i++) {
        if (server->doors[i].kind != &udp_kind)
            continue;
        format_count(events, server->rows[i].repeats);
        printf("%s: datagrams sent again because no answer came in time: %s\n",
               server->rows[i].name, events);
    }
}

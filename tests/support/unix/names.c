/* Names in the Unix domain. */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef MIO_NO_NET
/* The names that are files, from the first one on: what a process leaves behind. */
static char files[64];
static unsigned file_count;
static long files_of;

static void remove_files(void)
{
    char path[80];
    if (files_of != process_id())
        return; /* those of a parent */
    for (unsigned i = 0; i < file_count; i++) {
        snprintf(path, sizeof path, "%s%u", files, i);
        unlink(path);
    }
}

/* Where the system has no abstract names: a file, which is removed at the end of the process. */
static struct mio_addr fresh_file(void)
{
    struct mio_addr addr = {0};
    char path[80];
    if (files_of != process_id()) {
        files_of = process_id();
        file_count = 0;
        snprintf(files, sizeof files, "/tmp/mio-test-%ld-", files_of);
        CHECK_EQ(atexit(remove_files), 0);
    }
    snprintf(path, sizeof path, "%s%u", files, file_count++);
    CHECK_EQ(mio_addr_unix_path(&addr, path), 0);
    return addr;
}

struct mio_addr plain_fresh_name(void)
{
    static unsigned count;
    struct mio_addr addr = {0};
    char name[100];
    int length = snprintf(name, sizeof name, "mio-test-%ld-%lld-%u", process_id(),
                          (long long)clock_now_ns(), count++);
    int result = mio_addr_unix_abstract(&addr, name, (size_t)length);
    if (result == -ENOTSUP)
        return fresh_file();
    CHECK_EQ(result, 0);
    return addr;
}
#endif

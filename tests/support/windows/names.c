/* Names in the Unix domain, which are files here. */
#include "windows_system.h"

#include "net.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef MIO_NO_NET
static char files[96]; /* what their paths begin with */
static unsigned file_count;

static void remove_files(void)
{
    char path[128];
    for (unsigned i = 0; i < file_count; i++) {
        snprintf(path, sizeof path, "%s%u", files, i);
        DeleteFileA(path);
    }
}

struct mio_addr plain_fresh_name(void)
{
    struct mio_addr addr = {0};
    char path[128], folder[64];
    if (file_count == 0) {
        DWORD length = GetTempPathA(sizeof folder, folder);
        CHECK(length > 0 && length < sizeof folder);
        snprintf(files, sizeof files, "%smio-%ld-", folder, process_id());
        CHECK_EQ(atexit(remove_files), 0);
    }
    snprintf(path, sizeof path, "%s%u", files, file_count++);
    CHECK_EQ(mio_addr_unix_path(&addr, path), 0);
    return addr;
}
#endif

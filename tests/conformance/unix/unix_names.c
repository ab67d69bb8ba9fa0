/* Addresses in the Unix domain, wherever there are any. */
#include "unix/unix_util.h"

struct mio_addr unix_text(const char *text)
{
    struct mio_addr addr = {0};
    CHECK_EQ(mio_addr_parse(&addr, text), 0);
    return addr;
}

struct mio_addr unix_unnamed(void)
{
    struct mio_addr addr = {0};
    CHECK_EQ(mio_addr_unix_unnamed(&addr), 0);
    return addr;
}

bool unix_has_abstract(void)
{
    struct mio_addr addr;
    return mio_addr_unix_abstract(&addr, "name", 4) == 0;
}

void unix_need_abstract(void)
{
    if (!unix_has_abstract())
        SKIP("the system has no abstract names");
}

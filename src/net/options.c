/* The options structs: their defaults, and whether what the caller gave is valid. */
#include "net/socket.h"

static bool is_switch(int value)
{
    return value == MIO_DEFAULT || value == MIO_ON || value == MIO_OFF;
}

#define ARE_ZERO(words) mio__is_zero((words), sizeof(words) / sizeof(words)[0])

const struct mio_listen_options *mio__listen_options(const struct mio_listen_options *given)
{
    static const struct mio_listen_options defaults;
    if (!given)
        return &defaults;
    bool valid = given->backlog >= 0 && is_switch(given->reuse_port) && is_switch(given->only_v6) &&
                 is_switch(given->nodelay) && ARE_ZERO(given->reserved);
    return valid ? given : NULL;
}

const struct mio_connect_options *mio__connect_options(const struct mio_connect_options *given)
{
    static const struct mio_connect_options defaults;
    if (!given)
        return &defaults;
    bool valid = is_switch(given->nodelay) && given->reserved0 == 0 && ARE_ZERO(given->reserved);
    return valid ? given : NULL;
}

const struct mio_datagram_options *mio__datagram_options(const struct mio_datagram_options *given)
{
    static const struct mio_datagram_options defaults;
    if (!given)
        return &defaults;
    bool valid = is_switch(given->reuse_addr) && is_switch(given->reuse_port) &&
                 is_switch(given->only_v6) && (given->report & ~MIO__REPORT_BITS) == 0 &&
                 ARE_ZERO(given->reserved);
    return valid ? given : NULL;
}

/* ---- In the Unix domain ---------------------------------------------------------------------- */

int mio__listen_options_unix(const struct mio_listen_options *options)
{
    bool unset = options->reuse_port == MIO_DEFAULT && options->only_v6 == MIO_DEFAULT &&
                 options->nodelay == MIO_DEFAULT;
    return unset ? 0 : -ENOTSUP;
}

int mio__connect_options_unix(const struct mio_connect_options *options)
{
    return options->nodelay == MIO_DEFAULT ? 0 : -ENOTSUP;
}

int mio__datagram_options_unix(const struct mio_datagram_options *options)
{
    bool unset = options->reuse_addr == MIO_DEFAULT && options->reuse_port == MIO_DEFAULT &&
                 options->only_v6 == MIO_DEFAULT && options->report == 0;
    return unset ? 0 : -ENOTSUP;
}

/* Addresses in the Unix domain: parts and text. */
#include "suites.h"

#include <string.h>

static void abstract_names_have_a_text(void)
{
    struct mio_addr addr, again;
    char text[MIO_ADDR_TEXT];
    CHECK_EQ(mio_addr_unix_abstract(&addr, "\0a\\b", 4), 0);
    CHECK_EQ(mio_addr_format(&addr, text, sizeof text), 16);
    CHECK(strcmp(text, "unix:@\\x00a\\x5cb") == 0);
    CHECK_EQ(mio_addr_parse(&again, text), 0);
    CHECK(mio_addr_equal(&addr, &again));
}

static const struct test_case cases[] = {
    {"abstract_names_have_a_text", abstract_names_have_a_text, 0},
    {NULL, NULL, 0},
};

const struct test_suite suite_unix_addr = {"unix_addr", cases};

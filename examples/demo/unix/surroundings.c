/* A folder for the socket, signals, and the terminal. */
#define _DEFAULT_SOURCE 1 /* mkdtemp */

#include "system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_MAX 64 /* a path in the Unix domain has some 100 bytes at most */

/* Where the socket is; empty: nowhere. */
static char folder[FOLDER_MAX + 32];
static char path[FOLDER_MAX + 48];

/* A path of our own, in a folder that nobody else can enter. */
int socket_path_make(const char **made)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] == 0 || strlen(parent) > FOLDER_MAX)
        parent = "/tmp";
    snprintf(folder, sizeof folder, "%s/mio-demo-XXXXXX", parent);
    if (mkdtemp(folder) == NULL) {
        folder[0] = 0;
        return -errno;
    }
    snprintf(path, sizeof path, "%s/echo", folder);
    *made = path;
    return 0;
}

void socket_path_remove(void)
{
    if (folder[0] != 0) {
        unlink(path);
        rmdir(folder);
    }
}

/* A demo that is interrupted leaves nothing behind either. */
static void interrupted(int number)
{
    socket_path_remove();
    raise(number); /* which ends the program once this returns, as nobody handles it now */
}

void interrupts_handle(void)
{
    struct sigaction action = {.sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool output_redraws(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

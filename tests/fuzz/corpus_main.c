/*
 * Feeds a target with the files of a folder, or with single files, in place of libFuzzer: for
 * compilers without it, and for a look at one input in a debugger.
 */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 16, FILES_MAX = 10000 };

/* Returns 1, or 0 where the file cannot be read. */
static int feed_file(const char *path)
{
    static uint8_t input[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;
    if (!file)
        return 0;
    size = fread(input, 1, sizeof input, file);
    int failed = ferror(file);
    fclose(file);
    if (failed)
        return 0;
    /* Flushed: when the target ends the program, the last line tells by which file. */
    printf("%s\n", path);
    fflush(stdout);
    uint8_t *copy = fuzz_copy(input, size);
    FUZZ_EQ(LLVMFuzzerTestOneInput(copy, size), 0);
    free(copy);
    return 1;
}

/* Returns how many files were fed, -1 for no folder or an unreadable file. */
static int feed_folder(const char *folder)
{
    int count = 0;
    struct dirent *entry;
    DIR *entries = opendir(folder);
    if (!entries)
        return -1;
    while (count >= 0 && count < FILES_MAX && (entry = readdir(entries))) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count = feed_file(path) ? count + 1 : -1;
    }
    closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        int fed = feed_folder(argv[i]);
        if (fed < 0)
            fed = feed_file(argv[i]);
        if (fed == 0) {
            fprintf(stderr, "%s: nothing to read\n", argv[i]);
            return 1;
        }
        count += fed;
    }
    printf("%d files\n", count);
    return count > 0 ? 0 : 1;
}

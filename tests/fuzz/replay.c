/* Feeds a fuzz target each file of a folder: so what was once found stays found, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(1U << 20);
    int rc = 1;
    if (file != NULL && data != NULL) {
        size_t size = fread(data, 1, 1U << 20, file);
        /* An exact copy, so that reading past its end is seen. */
        uint8_t *exact = malloc(size == 0 ? 1 : size);
        if (exact != NULL) {
            memcpy(exact, data, size);
            rc = LLVMFuzzerTestOneInput(exact, size);
        }
        free(exact);
    }
    free(data);
    if (file != NULL) {
        fclose(file);
    }
    return rc;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int count = 0;
    int failed = 0;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        failed += replay(path) != 0 ? 1 : 0;
        count++;
    }
    closedir(folder);
    printf("%d files, %d failed\n", count, failed);
    return count == 0 || failed > 0 ? 1 : 0;
}

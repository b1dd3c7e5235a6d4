#include "app/event_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/heap.h"
#include "codec/event_line.h"

static kh_rc take_line(kh_event_files *files, kh_text line, kh_arena *scratch, kh_fact_fold *fold)
{
    kh_record record;
    kh_refusal refusal;
    bool has_timestamp = false;
    kh_arena_reset(scratch);
    kh_rc rc = kh_event_line_read(line, files->rules->max_bytes, scratch, &record, &has_timestamp, &refusal);
    if (rc == KH_E_MEMORY) {
        return rc;
    }
    if (has_timestamp && record.timestamp > files->clock &&
        (files->known_at == KH_INSTANT_NONE || record.timestamp <= files->known_at)) {
        files->clock = record.timestamp;
    }
    return rc == KH_OK ? kh_fact_fold_take(fold, &record, -1) : KH_OK;
}

static kh_rc failed(const kh_event_files *files, const char *path)
{
    kh_problems_add(files->problems, (kh_place){path, 0, 0}, KH_TEXT(""), "%s", strerror(errno));
    return KH_E_LOST;
}

static kh_rc take_file(kh_event_files *files, const char *path, kh_arena *scratch, kh_fact_fold *fold)
{
    char *line = NULL;
    size_t size = 0;
    kh_rc rc = KH_OK;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return failed(files, path);
    }
    for (ssize_t length = 0; rc == KH_OK && (length = getline(&line, &size, file)) >= 0;) {
        if (length > 0 && line[length - 1] == '\n') {
            length--;
        }
        rc = take_line(files, (kh_text){line, (size_t)length}, scratch, fold);
    }
    if (rc == KH_OK && ferror(file) != 0) {
        rc = failed(files, path);
    }
    free(line);
    (void)fclose(file);
    return rc;
}

static kh_rc read_subject(void *self, kh_text subject, kh_arena *arena, kh_facts *out)
{
    kh_event_files *files = self;
    kh_fact_fold fold = {.rules = files->rules, .subject = subject, .known_at = files->known_at, .arena = arena};
    kh_arena scratch;
    kh_rc rc = KH_OK;
    kh_arena_init(&scratch, 65536, kh_heap());
    for (size_t i = 0; rc == KH_OK && i < files->count; i++) {
        rc = take_file(files, files->paths[i], &scratch, &fold);
    }
    kh_arena_deinit(&scratch);
    if (rc == KH_OK) {
        files->refused += fold.refused;
        *out = fold.facts;
    }
    return rc;
}

kh_fact_source kh_event_files_source(kh_event_files *files)
{
    return (kh_fact_source){read_subject, files};
}

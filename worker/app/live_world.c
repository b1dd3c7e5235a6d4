/* The world as the database has it: rule book, arrangements, and how events are read by them. */
#include "app/event_rules.h"
#include "app/heap.h"
#include "app/live.h"
#include "app/rules_store.h"

#define WORLD_BLOCK ((size_t)1 << 16)

static kh_rc report_problems(const kh_problems *problems, kh_rc rc)
{
    for (const kh_problem *problem = problems->first; problem != NULL; problem = problem->next) {
        kh_log(KH_LOG_ERROR, "configuration", "%.*s", KH_TEXT_ARGS(problem->text));
    }
    return rc;
}

static kh_rc arrangement_facts(void *self, kh_text subject, kh_text *facts)
{
    kh_share *share = self;
    kh_subject_key key = {kh_partition_of_key(subject, share->worker->partition_count), subject};
    kh_subject_row *rows = NULL;
    kh_rc rc = kh_transaction_read_subjects(share->database, &key, 1, &share->world_arena, &rows);
    *facts = rc == KH_OK && rows[0].has_facts ? rows[0].facts : (kh_text){"", 0};
    return rc;
}

static kh_rc no_facts(void *self, kh_text subject, kh_text *facts)
{
    (void)self;
    (void)subject;
    *facts = (kh_text){"", 0};
    return KH_OK;
}

static kh_rc read_world(kh_share *share, int64_t version)
{
    kh_arena *arena = &share->world_arena;
    kh_problems problems;
    kh_problems_init(&problems, arena);
    kh_rule_book *book = kh_arena_allocate(arena, sizeof *book);
    if (book == NULL) {
        return KH_E_MEMORY;
    }
    kh_rc rc = kh_rules_store_read(share->database, arena, &problems, book);
    if (rc == KH_OK) {
        rc = kh_configuration_check_topics(&share->worker->settings->configuration->settings, book, &problems);
    }
    if (rc != KH_OK) {
        return report_problems(&problems, rc);
    }
    rc = kh_world_build(book, version < 0 ? no_facts : arrangement_facts, share, arena, &share->world);
    if (rc == KH_OK) {
        rc = kh_event_rules_init(&share->worker->settings->configuration->settings, book, arena, &share->rules);
        share->rules.partition_count = share->worker->partition_count;
    }
    kh_message_cache_free(share->cache); /* it remembers rows of packs that are gone */
    share->cache = NULL;
    if (rc == KH_OK) {
        rc = kh_message_cache_new(kh_heap(), &share->cache);
    }
    return rc;
}

kh_rc kh_live_read_world(kh_share *share, int64_t version)
{
    kh_arena_deinit(&share->world_arena);
    kh_arena_init(&share->world_arena, WORLD_BLOCK, kh_heap());
    share->world_version = -1;
    kh_rc rc = read_world(share, version);
    if (rc == KH_OK) {
        share->world_version = version;
    } else if (rc == KH_E_CONFIGURATION || rc == KH_E_LOST) {
        kh_live_log_database(share, "read-rules");
    }
    return rc;
}

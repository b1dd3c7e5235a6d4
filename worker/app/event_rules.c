#include "app/event_rules.h"

kh_rc kh_event_rules_init(const kh_settings *settings, const kh_rule_book *book, kh_arena *arena, kh_event_rules *out)
{
    uint32_t count = settings->kafka.topics.event_count;
    kh_topic_owner *owners = kh_arena_allocate_array(arena, count, sizeof *owners);
    if (owners == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        owners[i] = (kh_topic_owner){.topic = settings->kafka.topics.events[i].value,
                                     .participant = settings->kafka.topics.events[i].key};
    }
    *out = (kh_event_rules){
        .book = book, .owners = owners, .owner_count = count, .max_bytes = settings->kafka.max_record_bytes};
    return KH_OK;
}

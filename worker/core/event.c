#include "kakehashi/event.h"

int kh_statement_compare(const kh_statement *a, const kh_statement *b)
{
    if (a->revision != b->revision) {
        return a->revision < b->revision ? -1 : 1;
    }
    int order = kh_text_compare(b->event_id, a->event_id);
    if (order != 0) {
        return order;
    }
    if (a->body.kind != b->body.kind) {
        return a->body.kind > b->body.kind ? -1 : 1;
    }
    order = kh_text_compare(b->bytes, a->bytes);
    if (order != 0) {
        return order;
    }
    if (a->occurred_seconds != b->occurred_seconds) {
        return a->occurred_seconds > b->occurred_seconds ? -1 : 1;
    }
    if (a->occurred_nanos != b->occurred_nanos) {
        return a->occurred_nanos > b->occurred_nanos ? -1 : 1;
    }
    return 0;
}

kh_text kh_subject_participant(kh_text subject)
{
    const char *slash = subject.length == 0 ? NULL : memchr(subject.data, '/', subject.length);
    if (slash == NULL) {
        return (kh_text){"", 0};
    }
    return (kh_text){subject.data, (size_t)(slash - subject.data)};
}

kh_text kh_subject_arrangement(kh_text subject)
{
    static const char prefix[] = "arrangement/";
    const size_t length = sizeof prefix - 1;
    if (subject.length <= length || memcmp(subject.data, prefix, length) != 0) {
        return (kh_text){"", 0};
    }
    return (kh_text){subject.data + length, subject.length - length};
}

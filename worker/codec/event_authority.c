#include "codec/event_authority.h"

#include <inttypes.h>

#include "codec/event_body.h"
#include "codec/quote.h"

kh_text kh_topic_participant(const kh_event_rules *rules, kh_text topic)
{
    for (uint32_t i = 0; i < rules->owner_count; i++) {
        if (kh_text_equal(rules->owners[i].topic, topic)) {
            return rules->owners[i].participant;
        }
    }
    return KH_TEXT("");
}

/* What follows the participant and its "/". */
static kh_text subject_id(kh_text subject)
{
    size_t head = kh_subject_participant(subject).length + 1;
    return head > subject.length ? KH_TEXT("") : (kh_text){subject.data + head, subject.length - head};
}

void kh_check_subject(kh_check *check, const kh_event_rules *rules, kh_text subject, kh_body_kind kind)
{
    const kh_place place = KH_PLACE(NULL, "subject");
    bool about_arrangement = kh_text_equal(kh_subject_participant(subject), KH_TEXT("arrangement"));
    if (!kh_label_id_is_valid(subject_id(subject))) {
        kh_check_fail_value(
            check, KH_REFUSAL_INVALID_SUBJECT, &place, subject,
            "write a label as <participant>/<id> or the arrangement as arrangement/<id>; an id is 1 to 64 "
            "printable ASCII characters without space, \"@\" and \"|\"");
    } else if (about_arrangement != kh_body_is_about_arrangement(kind)) {
        kh_check_fail_value(check, KH_REFUSAL_INVALID_SUBJECT, &place, subject, "%s",
                            about_arrangement ? "this body is about a label; name one"
                                              : "this body is about an arrangement; name it as arrangement/<id>");
    } else if (!about_arrangement && kh_rule_book_participant(rules->book, kh_subject_participant(subject)) == NULL) {
        kh_check_fail_value(check, KH_REFUSAL_INVALID_SUBJECT, &place, subject,
                            "no rule pack knows this participant; begin with one that takes part");
    }
}

void kh_check_level(kh_check *check, const kh_event_rules *rules, const kh_event *event, const kh_place *place)
{
    const kh_details *details = event->statement.body.details;
    kh_text home = kh_subject_participant(event->subject);
    if (details == NULL || kh_rule_book_knows_level(rules->book, home, details->level)) {
        return;
    }
    const kh_place within = KH_PLACE(place, "details");
    const kh_place at = KH_PLACE(&within, "level");
    const kh_participant *participant = kh_rule_book_participant(rules->book, home);
    if (participant == NULL) {
        return; /* INVALID_SUBJECT */
    }
    kh_check_fail(check, KH_REFUSAL_INVALID_LEVEL, &at,
                  "%" PRIu32 " is not a level of %.*s; state one from %" PRIu32 " to %" PRIu32, details->level,
                  KH_TEXT_ARGS(participant->scheme), participant->level_first, participant->level_last);
}

/* Under an arrangement that is served here the basis must be a label of its other participant. */
static bool basis_fits(const kh_event_rules *rules, const kh_event *event, const kh_origin *origin)
{
    const kh_rule_pack *pack = kh_rule_book_first_pack(rules->book, origin->arrangement);
    if (pack == NULL) {
        return true;
    }
    const kh_participant *other = kh_rule_pack_other(pack, kh_subject_participant(event->subject));
    return other != NULL && kh_text_equal(other->id, kh_subject_participant(origin->basis)) &&
           kh_label_id_is_valid(subject_id(origin->basis));
}

void kh_check_origin(kh_check *check, const kh_event_rules *rules, const kh_event *event, const kh_place *place)
{
    const kh_origin *origin = event->statement.body.origin;
    if (origin == NULL) {
        return;
    }
    const kh_place at = KH_PLACE(place, "origin");
    const kh_place basis = KH_PLACE(&at, "basis");
    bool derived = origin->arrangement.length > 0 || origin->basis.length > 0;
    if (derived && (origin->arrangement.length == 0 || origin->basis.length == 0)) {
        kh_check_fail(check, KH_REFUSAL_INVALID_ORIGIN, &at, "%s",
                      origin->basis.length == 0 ? "arrangement without basis; state the label that it was derived from"
                                                : "basis without arrangement; state the arrangement's id");
    } else if (derived && origin->third_country.length > 0) {
        kh_check_fail(check, KH_REFUSAL_INVALID_ORIGIN, &at,
                      "both arrangement and third_country; state the one under which the label was issued");
    } else if (derived && kh_text_equal(origin->basis, event->subject)) {
        kh_check_fail_value(check, KH_REFUSAL_INVALID_ORIGIN, &basis, origin->basis,
                            "the label itself; state the label that it was derived from");
    } else if (derived && !basis_fits(rules, event, origin)) {
        kh_check_fail_value(check, KH_REFUSAL_INVALID_ORIGIN, &basis, origin->basis,
                            "not a label of the arrangement's other participant; state it as <participant>/<id>");
    }
}

static void check_key(kh_check *check, const kh_record *record, const kh_event *event)
{
    const kh_place place = KH_PLACE(NULL, "the record's key");
    if (!record->has_key) {
        kh_check_fail(check, KH_REFUSAL_KEY_MISMATCH, &place, "there is none; send the record with its subject as key");
    } else if (!kh_text_equal(record->key, event->subject)) {
        kh_check_fail_value(check, KH_REFUSAL_KEY_MISMATCH, &place, record->key,
                            "not the event's subject; send the record with its subject as key");
    }
}

void kh_check_record(kh_check *check, const kh_event_rules *rules, const kh_record *record, int32_t expected_partition,
                     const kh_event *event)
{
    kh_text owner = kh_topic_participant(rules, record->topic);
    if (owner.length == 0) {
        const kh_place place = KH_PLACE(NULL, "the record's topic");
        kh_check_fail_value(check, KH_REFUSAL_UNKNOWN_TOPIC, &place, record->topic,
                            "no participant's source topic; send it to the topic of the participant that states it");
    } else if (!kh_text_equal(owner, event->participant)) {
        const kh_place place = KH_PLACE(NULL, "participant");
        kh_check_fail_value(check, KH_REFUSAL_PARTICIPANT_MISMATCH, &place, event->participant,
                            "topic %.*s belongs to %.*s; state it as the topic's owner", KH_TEXT_ARGS(record->topic),
                            KH_TEXT_ARGS(owner));
    }
    check_key(check, record, event);
    if (expected_partition >= 0 && record->partition != expected_partition) {
        const kh_place place = KH_PLACE(NULL, "the record's partition");
        kh_check_fail(check, KH_REFUSAL_PARTITION_MISMATCH, &place,
                      "%" PRId32 ", but its key hashes to %" PRId32 " of %" PRId32
                      "; send it with Kafka's default partitioner (murmur2)",
                      record->partition, expected_partition, rules->partition_count);
    }
}

/* Whether the two take part in one arrangement. */
static bool share_an_arrangement(const kh_rule_book *book, kh_text a, kh_text b)
{
    for (uint32_t i = 0; i < book->pack_count; i++) {
        const kh_participant *other = kh_rule_pack_other(book->packs[i], a);
        if (other != NULL && kh_text_equal(other->id, b)) {
            return true;
        }
    }
    return false;
}

/* What the host of a label may state; the rest is its home's. */
static bool is_stated_by_host(kh_body_kind kind)
{
    switch (kind) {
    case KH_REVOCATION_NOTICE_RECEIVED:
    case KH_DISPUTE_RAISED:
    case KH_DISPUTE_SETTLED:
    case KH_DISPUTE_FAILED:
    case KH_MEASURE_TAKEN:
    case KH_MEASURE_LIFTED:
        return true;
    default:
        return false;
    }
}

static void check_label_authority(kh_check *check, const kh_event_rules *rules, const kh_event *event)
{
    kh_body_kind kind = event->statement.body.kind;
    kh_text home = kh_subject_participant(event->subject);
    bool is_home = kh_text_equal(event->participant, home);
    const kh_place place = KH_PLACE(NULL, "participant");
    if (!is_stated_by_host(kind)) {
        if (!is_home) {
            kh_check_fail_value(check, KH_REFUSAL_NOT_AUTHORISED, &place, event->participant,
                                "%s may be stated by the label's home only, which is %.*s", kh_body_name(kind),
                                KH_TEXT_ARGS(home));
        }
    } else if (is_home || !share_an_arrangement(rules->book, home, event->participant)) {
        kh_check_fail_value(check, KH_REFUSAL_NOT_AUTHORISED, &place, event->participant,
                            "%s may be stated by a host only: the other participant of an arrangement of %.*s",
                            kh_body_name(kind), KH_TEXT_ARGS(home));
    }
}

static void check_notice(kh_check *check, const kh_rule_pack *pack, const kh_event *event, const kh_place *place)
{
    const kh_body *body = &event->statement.body;
    kh_day last_day = body->day - 1;
    kh_day latest = kh_day_add_months(last_day, -(int)pack->termination_notice_months);
    if (body->given_on > latest) {
        const kh_place at = KH_PLACE(place, "last_day");
        char given[KH_DATE_SIZE + 1];
        char last[KH_DATE_SIZE + 1];
        char latest_text[KH_DATE_SIZE + 1];
        kh_day_print(body->given_on, given);
        kh_day_print(last_day, last);
        kh_day_print(latest, latest_text);
        kh_check_fail(check, KH_REFUSAL_NOTICE_TOO_SHORT, &at,
                      "%s is less than %" PRIu32
                      " months after given_on %s: notice had to be given by %s (Art 11.3); state "
                      "a later last day",
                      last, pack->termination_notice_months, given, latest_text);
    }
}

void kh_check_authority(kh_check *check, const kh_event_rules *rules, const kh_event *event, const kh_place *place)
{
    kh_body_kind kind = event->statement.body.kind;
    if (!kh_body_is_about_arrangement(kind)) {
        check_label_authority(check, rules, event);
        return;
    }
    kh_text arrangement = kh_subject_arrangement(event->subject);
    const kh_rule_pack *pack = kh_rule_book_first_pack(rules->book, arrangement);
    if (pack == NULL) {
        const kh_place at = KH_PLACE(NULL, "subject");
        kh_check_fail_value(check, KH_REFUSAL_UNKNOWN_ARRANGEMENT, &at, event->subject,
                            "no rule pack of this arrangement is loaded here; name one that is served");
        return;
    }
    if (kh_rule_pack_participant(pack, event->participant) == NULL) {
        const kh_place at = KH_PLACE(NULL, "participant");
        kh_check_fail_value(check, KH_REFUSAL_NOT_AUTHORISED, &at, event->participant,
                            "takes no part in this arrangement; only its participants may state this");
        return;
    }
    if (kind == KH_TERMINATION_NOTICED) {
        check_notice(check, pack, event, place);
    }
}

#include "codec/event_body.h"

#include <inttypes.h>

#include "codec/store_ids.h"

#define LIST_LIMIT 64

typedef struct body_reader {
    kh_check *check;
    kh_arena *arena;
    const kh_place *place;
    kh_body *body;
} body_reader;

typedef kh_rc (*read_rest)(body_reader *reader, const ProtobufCMessage *message);

typedef enum field_kind { FIELD_NONE, FIELD_DATE, FIELD_TEXT, FIELD_REMARK } field_kind;

/* A field of a body that is a string. */
typedef struct field_rule {
    field_kind kind;
    const char *name;
    size_t offset; /* in the message */
    size_t target; /* of a date, in kh_body */
} field_rule;

typedef struct body_rule {
    const char *name;
    const ProtobufCMessageDescriptor *descriptor;
    field_rule fields[4];
    read_rest rest; /* what is more than strings; NULL: nothing */
} body_rule;

static kh_text member_text(const void *message, size_t offset)
{
    return kh_proto_text(*(char *const *)kh_proto_member(message, offset));
}

kh_rc kh_details_read(const Kakehashi__V1__LabelDetails *message, kh_arena *arena, const kh_details **out)
{
    kh_details *details = kh_arena_allocate_raw(arena, sizeof *details);
    kh_text *models = kh_arena_allocate_array(arena, message->n_models, sizeof *models);
    if (details == NULL || models == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < message->n_models; i++) {
        models[i] = kh_proto_text(message->models[i]);
    }
    *details = (kh_details){
        .registration_number = kh_proto_text(message->registration_number),
        .level = message->level,
        .category = kh_proto_text(message->category),
        .product = kh_proto_text(message->product),
        .maker = kh_proto_text(message->maker),
        .holder = kh_proto_text(message->holder),
        .models = models,
        .model_count = (uint32_t)message->n_models,
    };
    *out = details;
    return KH_OK;
}

static void check_given_text(kh_check *check, const kh_place *within, const char *name, kh_text text)
{
    const kh_place place = KH_PLACE(within, name);
    if (kh_check_given(check, &place, text)) {
        kh_check_text(check, &place, text);
    }
}

static void check_list_length(kh_check *check, const kh_place *place, size_t count)
{
    if (count > LIST_LIMIT) {
        kh_check_fail(check, KH_REFUSAL_INVALID_TEXT, place, "%zu elements; at most 64 are allowed", count);
    }
}

static kh_rc read_details(body_reader *reader, const Kakehashi__V1__LabelDetails *message)
{
    const kh_place place = KH_PLACE(reader->place, "details");
    kh_rc rc = kh_details_read(message, reader->arena, &reader->body->details);
    if (rc != KH_OK) {
        return rc;
    }
    const kh_details *details = reader->body->details;
    check_given_text(reader->check, &place, "registration_number", details->registration_number);
    check_given_text(reader->check, &place, "category", details->category);
    check_given_text(reader->check, &place, "product", details->product);
    check_given_text(reader->check, &place, "maker", details->maker);
    check_given_text(reader->check, &place, "holder", details->holder);
    const kh_place models = KH_PLACE(&place, "models");
    check_list_length(reader->check, &models, details->model_count);
    for (uint32_t i = 0; i < details->model_count; i++) {
        const kh_place model = {&place, "models", i};
        if (kh_check_given(reader->check, &model, details->models[i])) {
            kh_check_text(reader->check, &model, details->models[i]);
        }
    }
    return KH_OK;
}

static kh_rc read_validity(body_reader *reader, const Kakehashi__V1__Validity *message)
{
    const kh_place place = KH_PLACE(reader->place, "validity");
    const kh_place from = KH_PLACE(&place, "valid_from");
    const kh_place until = KH_PLACE(&place, "valid_until");
    kh_validity *validity = kh_arena_allocate_raw(reader->arena, sizeof *validity);
    if (validity == NULL) {
        return KH_E_MEMORY;
    }
    *validity = (kh_validity){KH_DAY_NONE, KH_DAY_NONE};
    kh_check_date(reader->check, &from, kh_proto_text(message->valid_from), &validity->from);
    kh_check_date(reader->check, &until, kh_proto_text(message->valid_until), &validity->until);
    if (validity->from != KH_DAY_NONE && validity->until != KH_DAY_NONE && validity->until < validity->from) {
        kh_check_fail_value(reader->check, KH_REFUSAL_INVALID_VALIDITY, &until, kh_proto_text(message->valid_until),
                            "before valid_from; it is the last valid day, not before the first");
    }
    reader->body->validity = validity;
    return KH_OK;
}

static kh_rc read_evidence(body_reader *reader, const Kakehashi__V1__Evidence *message)
{
    const kh_place place = KH_PLACE(reader->place, "evidence");
    const kh_place list = KH_PLACE(&place, "documents");
    kh_evidence *evidence = kh_arena_allocate(reader->arena, sizeof *evidence);
    size_t count = message == NULL ? 0 : message->n_documents;
    kh_document *documents = kh_arena_allocate_array(reader->arena, count, sizeof *documents);
    if (evidence == NULL || documents == NULL) {
        return KH_E_MEMORY;
    }
    check_list_length(reader->check, &list, count);
    for (size_t i = 0; i < count; i++) {
        const Kakehashi__V1__EvidenceDocument *document = message->documents[i];
        const kh_place element = {&place, "documents", (int64_t)i};
        documents[i] = (kh_document){kh_proto_text(document->id), kh_proto_text(document->language),
                                     document->english_translation};
        check_given_text(reader->check, &element, "id", documents[i].id);
        check_given_text(reader->check, &element, "language", documents[i].language);
    }
    *evidence = (kh_evidence){documents, (uint32_t)count};
    reader->body->evidence = evidence;
    return KH_OK;
}

static kh_rc read_origin(body_reader *reader, const Kakehashi__V1__Origin *message)
{
    kh_origin *origin = kh_arena_allocate(reader->arena, sizeof *origin);
    if (origin == NULL) {
        return KH_E_MEMORY;
    }
    *origin = (kh_origin){KH_TEXT(""), KH_TEXT(""), KH_TEXT("")};
    if (message != NULL) {
        const kh_place place = KH_PLACE(reader->place, "origin");
        const kh_place arrangement = KH_PLACE(&place, "arrangement");
        const kh_place basis = KH_PLACE(&place, "basis");
        const kh_place third_country = KH_PLACE(&place, "third_country");
        *origin = (kh_origin){kh_proto_text(message->arrangement), kh_proto_text(message->basis),
                              kh_proto_text(message->third_country)};
        kh_check_text(reader->check, &arrangement, origin->arrangement);
        kh_check_text(reader->check, &basis, origin->basis);
        kh_check_text(reader->check, &third_country, origin->third_country);
    }
    reader->body->origin = origin;
    return KH_OK;
}

static void fail_missing(body_reader *reader, const char *name)
{
    const kh_place place = KH_PLACE(reader->place, name);
    kh_check_fail(reader->check, KH_REFUSAL_MISSING_FIELD, &place, "missing; state it");
}

static kh_rc read_issued(body_reader *reader, const ProtobufCMessage *message)
{
    const Kakehashi__V1__LabelIssued *issued = (const Kakehashi__V1__LabelIssued *)message;
    kh_rc rc = read_origin(reader, issued->origin);
    if (rc == KH_OK) {
        rc = read_evidence(reader, issued->evidence);
    }
    if (issued->details == NULL) {
        fail_missing(reader, "details");
    } else if (rc == KH_OK) {
        rc = read_details(reader, issued->details);
    }
    if (issued->validity == NULL) {
        fail_missing(reader, "validity");
    } else if (rc == KH_OK) {
        rc = read_validity(reader, issued->validity);
    }
    return rc;
}

static kh_rc read_amended(body_reader *reader, const ProtobufCMessage *message)
{
    const Kakehashi__V1__LabelAmended *amended = (const Kakehashi__V1__LabelAmended *)message;
    kh_rc rc = KH_OK;
    if (amended->details == NULL && amended->evidence == NULL) {
        kh_check_fail(reader->check, KH_REFUSAL_MISSING_FIELD, reader->place,
                      "neither details nor evidence; state at least one of them");
    }
    if (amended->details != NULL) {
        rc = read_details(reader, amended->details);
    }
    if (rc == KH_OK && amended->evidence != NULL) {
        rc = read_evidence(reader, amended->evidence);
    }
    return rc;
}

static kh_rc read_renewed(body_reader *reader, const ProtobufCMessage *message)
{
    const Kakehashi__V1__LabelRenewed *renewed = (const Kakehashi__V1__LabelRenewed *)message;
    kh_rc rc = KH_OK;
    if (renewed->validity == NULL) {
        fail_missing(reader, "validity");
    } else {
        rc = read_validity(reader, renewed->validity);
    }
    if (rc == KH_OK && renewed->validity != NULL) {
        reader->body->day = reader->body->validity->from;
    }
    if (rc == KH_OK && renewed->details != NULL) {
        rc = read_details(reader, renewed->details);
    }
    return rc;
}

static kh_rc read_grounds(body_reader *reader, const ProtobufCMessage *message)
{
    const Kakehashi__V1__MeasureTaken *taken = (const Kakehashi__V1__MeasureTaken *)message;
    uint8_t *grounds = kh_arena_allocate(reader->arena, taken->n_grounds);
    if (grounds == NULL) {
        return KH_E_MEMORY;
    }
    if (taken->n_grounds == 0) {
        fail_missing(reader, "grounds");
    }
    for (size_t i = 0; i < taken->n_grounds; i++) {
        int ground = (int)taken->grounds[i];
        if (ground < KH_GROUND_HEALTH_OR_SAFETY || ground > KH_GROUND_REQUIREMENTS) {
            const kh_place place = {reader->place, "grounds", (int64_t)i};
            kh_check_fail(reader->check, KH_REFUSAL_INVALID_GROUND, &place,
                          "%d is no ground; those of Art 10.2 (a) to (d) are 1 to 4", ground);
        }
        grounds[i] = (uint8_t)ground;
    }
    reader->body->grounds = grounds;
    reader->body->ground_count = (uint32_t)taken->n_grounds;
    return KH_OK;
}

static kh_rc read_termination(body_reader *reader, const ProtobufCMessage *message)
{
    (void)message;
    /* The first day on which it is no longer in force. */
    if (reader->body->day != KH_DAY_NONE) {
        reader->body->day++;
    }
    return KH_OK;
}

static kh_rc read_digest(body_reader *reader, const ProtobufCMessage *message)
{
    const Kakehashi__V1__AmendmentConsented *consented = (const Kakehashi__V1__AmendmentConsented *)message;
    const kh_place place = KH_PLACE(reader->place, "rule_pack_sha256");
    kh_text digest = kh_proto_text(consented->rule_pack_sha256);
    reader->body->rule_pack_sha256 = digest;
    if (!kh_check_given(reader->check, &place, digest)) {
        return KH_OK;
    }
    char bytes[KH_DIGEST_BYTES];
    if (!kh_digest_parse(digest, bytes)) {
        kh_check_fail_value(reader->check, KH_REFUSAL_INVALID_TEXT, &place, digest,
                            "not 64 lower-case hex digits; state the SHA-256 of the rule pack file");
    }
    return KH_OK;
}

#define DATE(type, field, target)                                                                                      \
    {                                                                                                                  \
        FIELD_DATE, #field, offsetof(Kakehashi__V1__##type, field), offsetof(kh_body, target)                          \
    }
#define TEXT(type, field)                                                                                              \
    {                                                                                                                  \
        FIELD_TEXT, #field, offsetof(Kakehashi__V1__##type, field), 0                                                  \
    }
#define REMARK(type, field)                                                                                            \
    {                                                                                                                  \
        FIELD_REMARK, #field, offsetof(Kakehashi__V1__##type, field), 0                                                \
    }

/* By field number in Event. */
static const body_rule RULES[] = {
    [KH_LABEL_ISSUED] = {"label_issued", &kakehashi__v1__label_issued__descriptor, {{0}}, read_issued},
    [KH_LABEL_AMENDED] = {"label_amended", &kakehashi__v1__label_amended__descriptor, {{0}}, read_amended},
    [KH_LABEL_RENEWED] = {"label_renewed", &kakehashi__v1__label_renewed__descriptor, {{0}}, read_renewed},
    [KH_LABEL_SUSPENDED] = {"label_suspended",
                            &kakehashi__v1__label_suspended__descriptor,
                            {DATE(LabelSuspended, from, day), TEXT(LabelSuspended, reason_code),
                             REMARK(LabelSuspended, remark)},
                            NULL},
    [KH_SUSPENSION_LIFTED] = {"suspension_lifted",
                              &kakehashi__v1__suspension_lifted__descriptor,
                              {DATE(SuspensionLifted, from, day)},
                              NULL},
    [KH_LABEL_REVOKED] = {"label_revoked",
                          &kakehashi__v1__label_revoked__descriptor,
                          {DATE(LabelRevoked, decided_on, decided_on), DATE(LabelRevoked, effective_from, day),
                           TEXT(LabelRevoked, reason_code), REMARK(LabelRevoked, remark)},
                          NULL},
    [KH_REVOCATION_WITHDRAWN] = {"revocation_withdrawn", &kakehashi__v1__revocation_withdrawn__descriptor, {{0}}, NULL},
    [KH_REVOCATION_NOTICE_GIVEN] = {"revocation_notice_given",
                                    &kakehashi__v1__revocation_notice_given__descriptor,
                                    {DATE(RevocationNoticeGiven, given_on, day)},
                                    NULL},
    [KH_REVOCATION_NOTICE_RECEIVED] = {"revocation_notice_received",
                                       &kakehashi__v1__revocation_notice_received__descriptor,
                                       {DATE(RevocationNoticeReceived, received_on, day)},
                                       NULL},
    [KH_DISPUTE_RAISED] = {"dispute_raised",
                           &kakehashi__v1__dispute_raised__descriptor,
                           {DATE(DisputeRaised, raised_on, day), REMARK(DisputeRaised, remark)},
                           NULL},
    [KH_DISPUTE_SETTLED] = {"dispute_settled",
                            &kakehashi__v1__dispute_settled__descriptor,
                            {DATE(DisputeSettled, settled_on, day), REMARK(DisputeSettled, remark)},
                            NULL},
    [KH_DISPUTE_FAILED] = {"dispute_failed",
                           &kakehashi__v1__dispute_failed__descriptor,
                           {DATE(DisputeFailed, from, day), REMARK(DisputeFailed, remark)},
                           NULL},
    [KH_MEASURE_TAKEN] = {"measure_taken",
                          &kakehashi__v1__measure_taken__descriptor,
                          {DATE(MeasureTaken, from, day), REMARK(MeasureTaken, remark)},
                          read_grounds},
    [KH_MEASURE_LIFTED] = {"measure_lifted",
                           &kakehashi__v1__measure_lifted__descriptor,
                           {DATE(MeasureLifted, from, day)},
                           NULL},
    [KH_TERMINATION_NOTICED] = {"termination_noticed",
                                &kakehashi__v1__termination_noticed__descriptor,
                                {DATE(TerminationNoticed, given_on, given_on), DATE(TerminationNoticed, last_day, day)},
                                read_termination},
    [KH_TERMINATION_WITHDRAWN] = {"termination_withdrawn",
                                  &kakehashi__v1__termination_withdrawn__descriptor,
                                  {{0}},
                                  NULL},
    [KH_AMENDMENT_CONSENTED] = {"amendment_consented",
                                &kakehashi__v1__amendment_consented__descriptor,
                                {DATE(AmendmentConsented, given_on, given_on),
                                 DATE(AmendmentConsented, effective_from, effective_from)},
                                read_digest},
    [KH_CONSULTATION_HELD] = {"consultation_held",
                              &kakehashi__v1__consultation_held__descriptor,
                              {DATE(ConsultationHeld, held_on, day)},
                              NULL},
};

#define RULE_COUNT (sizeof RULES / sizeof RULES[0])

const ProtobufCMessageDescriptor *kh_body_descriptor(uint32_t kind)
{
    return kind < RULE_COUNT ? RULES[kind].descriptor : NULL;
}

const char *kh_body_name(uint32_t kind)
{
    return kind < RULE_COUNT ? RULES[kind].name : NULL;
}

kh_rc kh_body_read(kh_body_kind kind, const ProtobufCMessage *message, kh_check *check, const kh_place *place,
                   kh_arena *arena, kh_body *out)
{
    const body_rule *rule = &RULES[kind];
    *out = (kh_body){.kind = kind,
                     .day = KH_DAY_NONE,
                     .decided_on = KH_DAY_NONE,
                     .given_on = KH_DAY_NONE,
                     .effective_from = KH_DAY_NONE,
                     .rule_pack_sha256 = KH_TEXT("")};
    for (size_t i = 0; i < sizeof rule->fields / sizeof rule->fields[0] && rule->fields[i].kind != FIELD_NONE; i++) {
        const field_rule *field = &rule->fields[i];
        const kh_place at = KH_PLACE(place, field->name);
        kh_text text = member_text(message, field->offset);
        if (field->kind == FIELD_DATE) {
            kh_check_date(check, &at, text, (kh_day *)(void *)((char *)out + field->target));
        } else if (field->kind == FIELD_TEXT) {
            kh_check_text(check, &at, text);
        } else {
            kh_check_remark(check, &at, text);
        }
    }
    body_reader reader = {check, arena, place, out};
    return rule->rest == NULL ? KH_OK : rule->rest(&reader, message);
}

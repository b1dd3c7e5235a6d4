/* Events as lines of JSON, and subjects made from them: what is stored must be what a codec read. */
#ifndef KH_TEST_EVENT_LINES_H
#define KH_TEST_EVENT_LINES_H

#include "app/working_set.h"
#include "codec/event_reader.h"
#include "support/core_state.h"

/* Bodies. `more` is "" or further parts of labelIssued, each with a comma before it. */
#define DETAILS                                                                                                        \
    "\"details\":{\"registrationNumber\":\"R-1\",\"level\":1,\"category\":\"general-iot\",\"product\":\"P\","          \
    "\"maker\":\"M\",\"holder\":\"H\"}"
#define ISSUED(from, until, more)                                                                                      \
    "\"labelIssued\":{" DETAILS ",\"validity\":{\"validFrom\":\"" from "\",\"validUntil\":\"" until "\"}" more "}"
#define DERIVED(from, until, basis)                                                                                    \
    ISSUED(from, until, ",\"origin\":{\"arrangement\":\"jp-sg\",\"basis\":\"" basis "\"}")
#define DOCUMENT                ",\"evidence\":{\"documents\":[{\"id\":\"a\",\"language\":\"ms\"}]}"
#define SUSPENDED(from)         "\"labelSuspended\":{\"from\":\"" from "\"}"
#define LIFTED(from)            "\"suspensionLifted\":{\"from\":\"" from "\"}"
#define REVOKED(from)           "\"labelRevoked\":{\"decidedOn\":\"" from "\",\"effectiveFrom\":\"" from "\"}"
#define REVOKED_NOT             "\"revocationWithdrawn\":{}"
#define RAISED(on)              "\"disputeRaised\":{\"raisedOn\":\"" on "\"}"
#define TERMINATED(given, last) "\"terminationNoticed\":{\"givenOn\":\"" given "\",\"lastDay\":\"" last "\"}"
#define CONSENTED(sha256, given, from)                                                                                 \
    "\"amendmentConsented\":{\"rulePackSha256\":\"" sha256 "\",\"givenOn\":\"" given "\",\"effectiveFrom\":\"" from    \
    "\"}"

/*! How events are read by the tests' own rule book: topics jp.label-events and sg.label-events. */
kh_event_rules event_rules(const kh_rule_book *book);

/*! A record as a line, in the participant's topic; the same arguments give the same event id. */
kh_text event_line(kh_arena *arena, const char *timestamp, const char *subject, unsigned revision,
                   const char *participant, const char *body);

/*! A subject as accepted events leave it: "SG" followed by a body, for each; up to NULL. Nothing published, nothing
 * due. */
kh_subject subject_from(core_state *core, const char *key, const char *const *events);

/*! Decides it by the tests' rule book, and puts the status under its key: version 5, public version 2, seq 41. */
void publish_subject(core_state *core, kh_subject *subject, const char *at);

/*! Its row as the database or a shelf keeps it. */
kh_stored_subject stored_from(core_state *core, const kh_subject *subject);

#endif

#include "cli/messages.h"

/* A long text stands in pieces: NOLINTBEGIN(bugprone-suspicious-missing-comma) */
const char *const kh_messages_en[KH_MESSAGE_KEYS] = {
    [KH_M_OUTCOME_RECOGNISED] = "recognised",
    [KH_M_OUTCOME_INCOMPLETE] = "incomplete",
    [KH_M_OUTCOME_ARRANGEMENT_NOT_IN_FORCE] = "arrangement not in force",
    [KH_M_OUTCOME_EXCLUDED_THIRD_COUNTRY] = "excluded: third country",
    [KH_M_OUTCOME_NOT_APPLICABLE_BASIS_IN_HOST] = "not applicable: basis in host",
    [KH_M_OUTCOME_LABEL_NOT_VALID] = "label not valid",
    [KH_M_OUTCOME_OUT_OF_SCOPE] = "out of scope",
    [KH_M_OUTCOME_EXCLUDED_DISPUTE] = "excluded: dispute",
    [KH_M_OUTCOME_BARRED_BY_MEASURE] = "barred by a measure",

    [KH_M_REASON_ISSUE_UNKNOWN] = "its issue is not known",
    [KH_M_REASON_ARRANGEMENT_NOT_YET] = "arrangement not yet in force",
    [KH_M_REASON_ARRANGEMENT_ENDED] = "arrangement ended",
    [KH_M_REASON_THIRD_COUNTRY] = "from a third country",
    [KH_M_REASON_BASIS_IN_HOST] = "derived from a label of the host",
    [KH_M_REASON_NOT_YET_VALID] = "not yet valid",
    [KH_M_REASON_EXPIRED] = "expired",
    [KH_M_REASON_SUSPENDED] = "suspended",
    [KH_M_REASON_REVOKED] = "revoked",
    [KH_M_REASON_CATEGORY] = "category not covered",
    [KH_M_REASON_DISPUTE_FAILED] = "dispute failed",
    [KH_M_REASON_MEASURE] = "measure taken",
    [KH_M_REASON_UNDER_CONSULTATION] = "under consultation",

    [KH_M_EQUIVALENCE_FULL] = "full",
    [KH_M_EQUIVALENCE_PARTIAL] = "partial",
    [KH_M_EQUIVALENCE_NONE] = "none",

    [KH_M_NEED_NONE] = "nothing",
    [KH_M_NEED_SUPPLEMENTARY_ASSESSMENT] = "supplementary assessment",
    [KH_M_NEED_FULL_ASSESSMENT] = "full assessment",
    [KH_M_NEED_TRANSLATION] = "translation",

    [KH_M_BASIS_VALID] = "valid",
    [KH_M_BASIS_UNKNOWN] = "not known",
    [KH_M_BASIS_NOT_YET_VALID] = "not yet valid",
    [KH_M_BASIS_EXPIRED] = "expired",
    [KH_M_BASIS_SUSPENDED] = "suspended",
    [KH_M_BASIS_REVOKED] = "revoked",
    [KH_M_BASIS_EXCLUDED] = "excluded",

    [KH_M_GROUND_HEALTH_OR_SAFETY] = "health or safety (Art 10.2 a)",
    [KH_M_GROUND_DOMESTIC_LAW] = "domestic law (Art 10.2 b)",
    [KH_M_GROUND_NATIONAL_SECURITY] = "national security (Art 10.2 c)",
    [KH_M_GROUND_REQUIREMENTS] = "requirements (Art 10.2 d)",

    [KH_M_OBLIGATION_REVOCATION_NOTICE] = "notice of revocation",
    [KH_M_OBLIGATION_CONSULTATION] = "consultation",
    [KH_M_OBLIGATION_YEARLY_CONSULTATION] = "yearly consultation",

    [KH_M_STATE_OPEN] = "open",
    [KH_M_STATE_OVERDUE] = "overdue",
    [KH_M_STATE_DISCHARGED] = "discharged",

    [KH_M_TRIGGER_EVENT] = "event",
    [KH_M_TRIGGER_TIME] = "time",
    [KH_M_TRIGGER_BASIS] = "basis label",
    [KH_M_TRIGGER_ARRANGEMENT] = "arrangement",

    [KH_M_MEANS_RECOGNISED] = "{host} recognises this label; it counts as {host}'s level {level} (Art 3.2, 3.3).",
    [KH_M_MEANS_INCOMPLETE] = "Whether {host} recognises this label cannot be said: its issue is not known.",
    [KH_M_MEANS_ARRANGEMENT_NOT_IN_FORCE] =
        "{host} does not recognise this label: the memorandum is not in force on {host}'s date.",
    [KH_M_MEANS_EXCLUDED_THIRD_COUNTRY] =
        "{host} does not recognise this label: it was issued under another recognition arrangement.",
    [KH_M_MEANS_NOT_APPLICABLE_BASIS_IN_HOST] =
        "Recognition by {host} does not apply to this label: it was itself derived from a label of {host}.",
    [KH_M_MEANS_LABEL_NOT_VALID] = "{host} does not recognise this label: it is not valid in {home}.",
    [KH_M_MEANS_OUT_OF_SCOPE] =
        "{host} does not recognise this label: its category is not in the scope of {host}'s scheme.",
    [KH_M_MEANS_EXCLUDED_DISPUTE] = "{host} does not recognise this label, because of a dispute about it.",
    [KH_M_MEANS_BARRED_BY_MEASURE] =
        "{host} does not recognise this label: a measure of {host} is in force against it.",

    [KH_M_TITLE] = "{label} towards {host}, under the arrangement {arrangement} (rule pack {pack})",
    [KH_M_PARTICIPANT] = "{id} ({authority})",
    [KH_M_AT_NOW] = "At {at}, by the facts in the database now",
    [KH_M_AT_FILES] = "At {at}, by the events in the files given",
    [KH_M_AT_RECORDS] = "At {at}, by the records up to {known}",
    [KH_M_STOOD] = "The decision that stood at {known}: made for {decided}, recorded at {recorded}",
    [KH_M_STOOD_NO_FACTS] =
        "The facts behind a past decision are not kept with it: --at {decided} --known-at {known} reads them again.",
    [KH_M_SINCE] = "It has stood like this, with the same reasons and conditions, since {since}.",
    [KH_M_SINCE_ALWAYS] = "By the facts known it was never otherwise.",
    [KH_M_GATES] = "The gates, in the order in which they are tried. All must hold; the first that fails names the "
                   "outcome.",
    [KH_M_GATES_STOOD] = "The gates that failed, in the order in which they are tried",
    [KH_M_HOLDS] = "holds",
    [KH_M_FAILS] = "FAILS",
    [KH_M_AFTER_ISSUE] = "The other gates are not tried before the issue is known.",
    [KH_M_ARTICLE] = "Art {article}",
    [KH_M_ARTICLE_PARAGRAPH] = "Art {article}.{paragraph}",
    [KH_M_FACT] = "{statement}: stated by {stated_by}, occurred at {occurred}, revision {revision}, event {event}",
    [KH_M_CHANGES] = "By the facts now known, from {at} on: {sentence}",
    [KH_M_CHANGES_AWAY] = "By the facts now known, this ends at {at}.",
    [KH_M_REMEDY] = "What would change it: {sentence}",
    [KH_M_REFUSED_RECORDS] = "{count} records about it were refused, and count for nothing.",
    [KH_M_OLDER_DECISION] = "Published is still version {version}, as decided earlier ({outcome}): the label is about "
                            "to be decided again.",
    [KH_M_CAUSE_EVENT] = "It was brought about by: {trigger} ({topic}/{partition}/{offset}, event {event}).",
    [KH_M_CAUSE_OTHER] = "It was brought about by: {trigger}.",
    [KH_M_RESIDUAL] = "What is left for {host} to assess: {open} of {total} rows of the annexes, and documents, need "
                      "work",
    [KH_M_RESIDUAL_ROW] = "{equivalence}: {need}",
    [KH_M_TRANSLATE] = "document {name}: to be translated into English ({article})",
    [KH_M_DERIVED] = "This label is derived from {basis}, whose state is: {state}. Losing its basis does not end a "
                     "derived label: that is for {home} to decide.",
    [KH_M_OBLIGATIONS] = "Obligations about this label",
    [KH_M_OWED] = "{obligation} ({article}), owed by {obliged}: {state}; arose on {arose}, due on {due}",
    [KH_M_OWED_UNDATED] = "{obligation} ({article}), owed by {obliged}: {state}; arose on {arose}, no due date",
    [KH_M_AND] = " and ",
    [KH_M_NEXT] = "What time alone will bring, by the facts now known",
    [KH_M_NEXT_NOTHING] = "nothing: only a new statement can change anything",
    [KH_M_NEXT_STOOD] = "By what was known then, the next change was to come at {at}.",
    [KH_M_NEXT_STOOD_NOTHING] = "By what was known then, only a new statement could change anything.",
    [KH_M_NEXT_MORE] = "and more later",
    [KH_M_NEXT_BLOCKED] =
        "from {at} on nothing can be decided without the rule pack with SHA-256 {name}, to which both "
        "participants consented: load it",

    [KH_M_CHANGED_OUTCOME] = "outcome: {before} -> {after}",
    [KH_M_CHANGED_SINCE] = "since: {before} -> {after}",
    [KH_M_CHANGED_NEXT] = "next change: {before} -> {after}",
    [KH_M_CHANGED_LEVEL] = "level: {before} -> {after}",
    [KH_M_CHANGED_COUNTS_AS] = "counts as level: {before} -> {after}",
    [KH_M_CHANGED_CONSULTATION] = "under consultation: {before} -> {after}",
    [KH_M_CHANGED_GROUNDS] = "grounds of a measure: {before} -> {after}",
    [KH_M_CHANGED_RESIDUAL] = "rows to assess: {before} -> {after}",
    [KH_M_CHANGED_BASIS] = "basis: {before} -> {after}",
    [KH_M_CHANGED_DETAILS] = "details: {before} -> {after}",
    [KH_M_CHANGED_VALIDITY] = "validity: {before} -> {after}",
    [KH_M_CHANGED_PACK] = "rule pack: {before} -> {after}",
    [KH_M_CHANGED_OBLIGATION] = "{obligation}: {before} -> {after}",
    [KH_M_CHANGED_AROSE] = "arose on: {before} -> {after}",
    [KH_M_CHANGED_DUE] = "due on: {before} -> {after}",
    [KH_M_CHANGED_EARLIEST_DUE] = "due on by the earliest reading: {before} -> {after}",
    [KH_M_CHANGED_DISCHARGED] = "discharged on: {before} -> {after}",
    [KH_M_CHANGED_LATE] = "discharged late: {before} -> {after}",
    [KH_M_CHANGED_CONFIRMED] = "confirmed on: {before} -> {after}",
    [KH_M_CHANGED_PROVISIONAL] = "due date provisional: {before} -> {after}",
    [KH_M_CHANGED_OBLIGED] = "obliged: {before} -> {after}",
    [KH_M_GONE] = "does not arise",
    [KH_M_ALWAYS] = "always",
    [KH_M_NEVER] = "only by new facts",
    [KH_M_NONE] = "none",
    [KH_M_YES] = "yes",
    [KH_M_NO] = "no",
    [KH_M_FIRST_RESULT] = "the first result",
    [KH_M_ONLY_PUBLIC] = "what the public is told",

    [KH_M_FOUND_ISSUE_KNOWN] = "Its issue is known.",
    [KH_M_FOUND_ISSUE_UNKNOWN] = "Its issue is not known: no statement of it by {home} has been accepted.",
    [KH_M_FOUND_IN_FORCE] = "The memorandum is in force on {host}'s date; it took effect on {day}.",
    [KH_M_FOUND_NOT_YET_IN_FORCE] = "The memorandum is not yet in force on {host}'s date: it takes effect on {day}.",
    [KH_M_FOUND_ENDED] = "The memorandum has been terminated: {day} is the first day on which it is not in force.",
    [KH_M_FOUND_OWN_ASSESSMENT] = "It was issued on {home}'s own assessment, not under an arrangement with a third "
                                  "country.",
    [KH_M_FOUND_DERIVED_HERE] = "It was issued under this memorandum, on the strength of {name}, not under an "
                                "arrangement with a third country.",
    [KH_M_FOUND_FROM_THIRD_COUNTRY] = "It was issued under an arrangement with a third country: {name}.",
    [KH_M_FOUND_UNDER_ANOTHER] = "It was issued under another recognition arrangement: {name}.",
    [KH_M_FOUND_BASIS_NOT_IN_HOST] = "It was not derived from a label of {host}.",
    [KH_M_FOUND_BASIS_IN_HOST] = "It was itself issued under this memorandum on the strength of {name}, a label of "
                                 "{host}.",
    [KH_M_FOUND_BEGUN] = "Its validity has begun: its first valid day is {day}.",
    [KH_M_FOUND_NOT_YET_VALID] = "It is not valid yet: its first valid day is {day}.",
    [KH_M_FOUND_NOT_EXPIRED] = "It has not expired: its last valid day is {day}.",
    [KH_M_FOUND_EXPIRED] = "It has expired: its last valid day was {day}.",
    [KH_M_FOUND_NOT_SUSPENDED] = "It is not suspended.",
    [KH_M_FOUND_NO_LONGER_SUSPENDED] = "It is not suspended: {home} has lifted the suspension, from {day} on.",
    [KH_M_FOUND_SUSPENDED] = "{home} has suspended it, from {day} on.",
    [KH_M_FOUND_NOT_REVOKED] = "It is not revoked.",
    [KH_M_FOUND_REVOCATION_WITHDRAWN] = "It is not revoked: {home} has withdrawn the revocation.",
    [KH_M_FOUND_REVOKED] = "{home} has revoked it, with effect from {day}.",
    [KH_M_FOUND_IN_SCOPE] = "Its category, {name}, is in the scope of {host}'s scheme.",
    [KH_M_FOUND_OUT_OF_SCOPE] = "Its category, {name}, is not in the scope of {host}'s scheme.",
    [KH_M_FOUND_NO_FAILED_DISPUTE] = "No dispute about it stands failed.",
    [KH_M_FOUND_DISPUTE_SETTLED] = "No dispute about it stands failed: by {host}'s statement it was settled on {day}.",
    [KH_M_FOUND_DISPUTE_FAILED] = "A dispute about it could not be settled by consultation: it stands failed, from "
                                  "{day} on.",
    [KH_M_FOUND_CONSULTATION_HARMLESS] = "A dispute that {host} raised on {day} is under consultation. By the policy "
                                         "recognise_during_consultation (yes) "
                                         "that does not end recognition.",
    [KH_M_FOUND_CONSULTATION_BARS] =
        "A dispute that {host} raised on {day} is under consultation. By the policy recognise_during_consultation (no) "
        "the label is not recognised while that lasts.",
    [KH_M_FOUND_NO_MEASURE] = "No measure of {host} is in force against it.",
    [KH_M_FOUND_MEASURE_LIFTED] = "No measure of {host} is in force against it: {host} has lifted its measure, from "
                                  "{day} on.",
    [KH_M_FOUND_MEASURE_IN_FORCE] = "A measure of {host} is in force against it, from {day} on. Grounds: {grounds}.",

    [KH_M_REMEDY_ISSUE_UNKNOWN] = "{home} states its issue ({statement}).",
    [KH_M_REMEDY_ENDED] = "each participant that gave the notice withdraws it ({statement}).",
    [KH_M_REMEDY_FROM_THIRD_COUNTRY] =
        "only a correction, if the origin was stated wrongly: {home} states the issue again ({statement}).",
    [KH_M_REMEDY_UNDER_ANOTHER] =
        "only a correction, if the origin was stated wrongly: {home} states the issue again ({statement}).",
    [KH_M_REMEDY_BASIS_IN_HOST] =
        "only a correction, if the origin was stated wrongly: {home} states the issue again ({statement}).",
    [KH_M_REMEDY_EXPIRED] = "{home} renews it ({statement}).",
    [KH_M_REMEDY_SUSPENDED] = "{home} lifts the suspension ({statement}).",
    [KH_M_REMEDY_REVOKED] = "{home} withdraws the revocation ({statement}). Neither a renewal nor a new issue does.",
    [KH_M_REMEDY_OUT_OF_SCOPE] =
        "{home} corrects the category, if it was stated wrongly ({statement}); or an amendment "
        "of the memorandum takes the category into the scope ({article}).",
    [KH_M_REMEDY_DISPUTE_FAILED] = "{host} states that it is settled ({statement}). Raising it anew does not.",
    [KH_M_REMEDY_CONSULTATION_BARS] =
        "{host} states that it is settled ({statement}); or the operator changes the policy.",
    [KH_M_REMEDY_MEASURE_IN_FORCE] = "{host} lifts the measure ({statement}).",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

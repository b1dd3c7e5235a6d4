#include "kakehashi/explanation.h"

#include "label_moment.h"

#define BIT(reason) (1U << (reason))

/* A view and what the gates say of it at one instant. */
typedef struct look {
    const kh_label_view *view;
    kh_day home_day;
    kh_day host_day;
    kh_moment moment;
} look;

const char *kh_finding_name(kh_finding_kind kind)
{
    static const char *const names[KH_FINDING_COUNT] = {"NONE",
#define NAME(name) #name,
                                                        KH_FINDINGS(NAME)
#undef NAME
    };
    return names[kind];
}

static kh_reason failed(const look *at, kh_reason reason)
{
    return (at->moment.reasons & BIT(reason)) != 0 ? reason : 0;
}

static void cite(kh_found *found, const kh_part *part, const kh_statement *statement)
{
    if (statement != NULL) {
        found->facts[found->fact_count++] = (kh_cited){part->participant, statement};
    }
}

static const kh_statement *holds(const kh_part *part, kh_register reg, kh_day day)
{
    return part == NULL ? NULL : kh_timeline_on(&part->registers[reg], day);
}

static void find_issue(const look *at, kh_found *found)
{
    found->reason = failed(at, KH_REASON_ISSUE_UNKNOWN);
    found->kind = found->reason != 0 ? KH_FINDING_ISSUE_UNKNOWN : KH_FINDING_ISSUE_KNOWN;
    if (found->reason == 0) {
        const kh_part *home = at->view->home_part;
        cite(found, home, kh_timeline_highest(&home->registers[KH_REGISTER_ORIGIN]));
    }
}

/* The notices by which it has ended, if it has. */
static void find_arrangement(const look *at, kh_found *found)
{
    const kh_arrangement *arrangement = at->view->arrangement;
    found->day = arrangement->first_pack->effective_from;
    found->reason = failed(at, KH_REASON_ARRANGEMENT_NOT_YET);
    found->kind = found->reason != 0 ? KH_FINDING_NOT_YET_IN_FORCE : KH_FINDING_IN_FORCE;
    if (failed(at, KH_REASON_ARRANGEMENT_ENDED) == 0) {
        return;
    }
    found->reason = KH_REASON_ARRANGEMENT_ENDED;
    found->kind = KH_FINDING_ENDED;
    found->day = KH_DAY_NONE;
    for (uint32_t i = 0; i < arrangement->facts->part_count && found->fact_count < KH_PARTICIPANTS; i++) {
        const kh_part *part = &arrangement->facts->parts[i];
        const kh_statement *notice = holds(part, KH_REGISTER_TERMINATION, at->host_day);
        if (notice != NULL && notice->body.kind == KH_TERMINATION_NOTICED) {
            cite(found, part, notice);
            found->day = found->day == KH_DAY_NONE || notice->body.day < found->day ? notice->body.day : found->day;
        }
    }
}

static void cite_issue(const look *at, kh_found *found)
{
    cite(found, at->view->home_part, kh_timeline_highest(&at->view->home_part->registers[KH_REGISTER_ORIGIN]));
}

static void find_origin(const look *at, kh_found *found)
{
    const kh_origin *origin = at->view->origin;
    found->reason = failed(at, KH_REASON_THIRD_COUNTRY);
    if (found->reason != 0) {
        bool named = origin->third_country.length > 0;
        found->kind = named ? KH_FINDING_FROM_THIRD_COUNTRY : KH_FINDING_UNDER_ANOTHER;
        found->name = named ? origin->third_country : origin->arrangement;
    } else {
        found->kind = origin->basis.length > 0 ? KH_FINDING_DERIVED_HERE : KH_FINDING_OWN_ASSESSMENT;
        found->name = origin->basis;
    }
    cite_issue(at, found);
}

static void find_basis(const look *at, kh_found *found)
{
    found->reason = failed(at, KH_REASON_BASIS_IN_HOST);
    found->kind = found->reason != 0 ? KH_FINDING_BASIS_IN_HOST : KH_FINDING_BASIS_NOT_IN_HOST;
    if (found->reason != 0) {
        found->name = at->view->origin->basis;
        cite_issue(at, found);
    }
}

static void find_begin(const look *at, kh_found *found)
{
    found->reason = failed(at, KH_REASON_NOT_YET_VALID);
    found->kind = found->reason != 0 ? KH_FINDING_NOT_YET_VALID : KH_FINDING_BEGUN;
    found->day = at->moment.validity->from;
    cite(found, at->view->home_part, holds(at->view->home_part, KH_REGISTER_VALIDITY, at->home_day));
}

static void find_end(const look *at, kh_found *found)
{
    found->reason = failed(at, KH_REASON_EXPIRED);
    found->kind = found->reason != 0 ? KH_FINDING_EXPIRED : KH_FINDING_NOT_EXPIRED;
    found->day = at->moment.validity->until;
    cite(found, at->view->home_part, holds(at->view->home_part, KH_REGISTER_VALIDITY, at->home_day));
}

/* A timeline of two kinds of statements, one that begins and one that ends: what the newest of them comes to. */
static void find_state(const kh_part *part, const kh_statement *statement, kh_reason reason, kh_finding_kind fails,
                       kh_finding_kind ended, kh_finding_kind never, kh_found *found)
{
    found->reason = reason;
    found->kind = reason != 0 ? fails : statement != NULL ? ended : never;
    if (statement != NULL) {
        found->day = statement->body.day;
        cite(found, part, statement);
    }
}

static void find_suspension(const look *at, kh_found *found)
{
    const kh_part *home = at->view->home_part;
    find_state(home, holds(home, KH_REGISTER_SUSPENSION, at->home_day), failed(at, KH_REASON_SUSPENDED),
               KH_FINDING_SUSPENDED, KH_FINDING_NO_LONGER_SUSPENDED, KH_FINDING_NOT_SUSPENDED, found);
}

static void find_revocation(const look *at, kh_found *found)
{
    const kh_part *home = at->view->home_part;
    find_state(home, kh_revocation_on(home, at->home_day), failed(at, KH_REASON_REVOKED), KH_FINDING_REVOKED,
               KH_FINDING_REVOCATION_WITHDRAWN, KH_FINDING_NOT_REVOKED, found);
}

static void find_scope(const look *at, kh_found *found)
{
    found->reason = failed(at, KH_REASON_CATEGORY);
    found->kind = found->reason != 0 ? KH_FINDING_OUT_OF_SCOPE : KH_FINDING_IN_SCOPE;
    found->name = at->moment.details->category;
    cite(found, at->view->home_part, holds(at->view->home_part, KH_REGISTER_DETAILS, at->home_day));
}

static void find_dispute(const look *at, kh_found *found)
{
    const kh_part *host = at->view->host_part;
    find_state(host, holds(host, KH_REGISTER_EXCLUSION, at->host_day), failed(at, KH_REASON_DISPUTE_FAILED),
               KH_FINDING_DISPUTE_FAILED, KH_FINDING_DISPUTE_SETTLED, KH_FINDING_NO_FAILED_DISPUTE, found);
}

static void find_consultation(const look *at, kh_found *found)
{
    const kh_part *host = at->view->host_part;
    if (at->moment.under_consultation) {
        find_state(host, holds(host, KH_REGISTER_CONSULTATION, at->host_day), failed(at, KH_REASON_UNDER_CONSULTATION),
                   KH_FINDING_CONSULTATION_BARS, KH_FINDING_CONSULTATION_HARMLESS, KH_FINDING_NONE, found);
    }
}

static void find_measure(const look *at, kh_found *found)
{
    const kh_part *host = at->view->host_part;
    find_state(host, holds(host, KH_REGISTER_MEASURE, at->host_day), failed(at, KH_REASON_MEASURE),
               KH_FINDING_MEASURE_IN_FORCE, KH_FINDING_MEASURE_LIFTED, KH_FINDING_NO_MEASURE, found);
}

/* The questions, in the order of the gates. */
static const struct question {
    kh_gate gate;
    kh_reason reason; /* whose article is told */
    void (*find)(const look *at, kh_found *found);
} questions[] = {
    {KH_GATE_ISSUE, KH_REASON_ISSUE_UNKNOWN, find_issue},
    {KH_GATE_ARRANGEMENT, KH_REASON_ARRANGEMENT_NOT_YET, find_arrangement},
    {KH_GATE_THIRD_COUNTRY, KH_REASON_THIRD_COUNTRY, find_origin},
    {KH_GATE_BASIS, KH_REASON_BASIS_IN_HOST, find_basis},
    {KH_GATE_VALIDITY, KH_REASON_NOT_YET_VALID, find_begin},
    {KH_GATE_VALIDITY, KH_REASON_EXPIRED, find_end},
    {KH_GATE_VALIDITY, KH_REASON_SUSPENDED, find_suspension},
    {KH_GATE_VALIDITY, KH_REASON_REVOKED, find_revocation},
    {KH_GATE_SCOPE, KH_REASON_CATEGORY, find_scope},
    {KH_GATE_DISPUTE, KH_REASON_DISPUTE_FAILED, find_dispute},
    {KH_GATE_DISPUTE, KH_REASON_UNDER_CONSULTATION, find_consultation},
    {KH_GATE_MEASURE, KH_REASON_MEASURE, find_measure},
};
#define QUESTIONS (sizeof questions / sizeof *questions)
_Static_assert(QUESTIONS == KH_FINDINGS_MOST, "each question gives a finding");

static look look_at(const kh_label_view *view, kh_instant at)
{
    look out = {
        .view = view,
        .home_day = kh_instant_day(at, view->home->utc_offset_minutes),
        .host_day = kh_instant_day(at, view->host->utc_offset_minutes),
    };
    kh_moment_at(view, at, &out.moment);
    return out;
}

static kh_found ask(const struct question *question, const look *at)
{
    kh_found found = {.day = KH_DAY_NONE};
    question->find(at, &found);
    return found;
}

static kh_text article_of(const struct question *question, const kh_found *found)
{
    return kh_reason_article(found->reason != 0 ? found->reason : question->reason);
}

/* The first of the later instants at which the answer is of another kind. */
static void look_ahead(const kh_label_view *view, kh_instant at, const kh_instant *instants, size_t count,
                       kh_explanation *out)
{
    uint32_t open = out->count;
    for (size_t i = 0; i < count && open > 0; i++) {
        if (instants[i] <= at) {
            continue;
        }
        look later = look_at(view, instants[i]);
        for (uint32_t j = 0; j < out->count; j++) {
            kh_finding *finding = &out->findings[j];
            if (finding->changes_at != KH_INSTANT_NONE) {
                continue;
            }
            kh_found then = ask(&questions[j], &later);
            if (then.kind != finding->now.kind) {
                finding->changes_at = instants[i];
                finding->then = then;
                open--;
            }
        }
    }
}

kh_rc kh_label_explain(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts, const kh_facts *basis,
                       kh_instant at, kh_arena *arena, kh_explanation *out)
{
    kh_label_view view;
    kh_label_view basis_view;
    kh_label_view_init(arrangement, label, facts, basis, &view, &basis_view);
    kh_instant *instants = kh_arena_allocate_raw(arena, kh_view_instants_bound(&view) * sizeof *instants);
    if (instants == NULL) {
        return KH_E_MEMORY;
    }
    size_t count = kh_view_instants(&view, instants);
    look now = look_at(&view, at);
    kh_explanation explanation = {.count = view.origin == NULL ? 1 : QUESTIONS};
    for (uint32_t i = 0; i < explanation.count; i++) {
        kh_found found = ask(&questions[i], &now);
        explanation.findings[i] = (kh_finding){.gate = questions[i].gate,
                                               .article = article_of(&questions[i], &found),
                                               .now = found,
                                               .changes_at = KH_INSTANT_NONE};
    }
    if (view.origin != NULL) {
        look_ahead(&view, at, instants, count, &explanation);
    }
    *out = explanation;
    return KH_OK;
}

kh_remedy kh_finding_remedy(kh_finding_kind kind)
{
    switch (kind) {
    case KH_FINDING_ISSUE_UNKNOWN:
    case KH_FINDING_FROM_THIRD_COUNTRY:
    case KH_FINDING_UNDER_ANOTHER:
    case KH_FINDING_BASIS_IN_HOST:
        return (kh_remedy){KH_LABEL_ISSUED, false};
    case KH_FINDING_ENDED:
        return (kh_remedy){KH_TERMINATION_WITHDRAWN, false};
    case KH_FINDING_EXPIRED:
        return (kh_remedy){KH_LABEL_RENEWED, false};
    case KH_FINDING_SUSPENDED:
        return (kh_remedy){KH_SUSPENSION_LIFTED, false};
    case KH_FINDING_REVOKED:
        return (kh_remedy){KH_REVOCATION_WITHDRAWN, false};
    case KH_FINDING_OUT_OF_SCOPE:
        return (kh_remedy){KH_LABEL_AMENDED, false};
    case KH_FINDING_DISPUTE_FAILED:
    case KH_FINDING_CONSULTATION_BARS:
        return (kh_remedy){KH_DISPUTE_SETTLED, true};
    case KH_FINDING_MEASURE_IN_FORCE:
        return (kh_remedy){KH_MEASURE_LIFTED, true};
    default:
        return (kh_remedy){0, false};
    }
}

#include "kakehashi/decision.h"
#include "kakehashi/refusal.h"

const char *kh_refusal_name(int code)
{
    static const char *const names[KH_REFUSAL_COUNT] = {
#define NAME(name, number) [number] = #name,
        KH_REFUSALS(NAME)
#undef NAME
    };
    return code > 0 && code < KH_REFUSAL_COUNT ? names[code] : NULL;
}

kh_text kh_reason_article(kh_reason reason)
{
    static const kh_text articles[KH_REASON_COUNT] = {
        [KH_REASON_ISSUE_UNKNOWN] = {"", 0},
        [KH_REASON_ARRANGEMENT_NOT_YET] = {"11.2", 4},
        [KH_REASON_ARRANGEMENT_ENDED] = {"11.3", 4},
        [KH_REASON_THIRD_COUNTRY] = {"3.4", 3},
        [KH_REASON_BASIS_IN_HOST] = {"3.2", 3},
        [KH_REASON_NOT_YET_VALID] = {"3.2", 3},
        [KH_REASON_EXPIRED] = {"3.2", 3},
        [KH_REASON_SUSPENDED] = {"3.2", 3},
        [KH_REASON_REVOKED] = {"3.2", 3},
        [KH_REASON_CATEGORY] = {"2", 1},
        [KH_REASON_DISPUTE_FAILED] = {"3.5", 3},
        [KH_REASON_MEASURE] = {"10.2", 4},
        [KH_REASON_UNDER_CONSULTATION] = {"3.5", 3},
    };
    return reason > 0 && reason < KH_REASON_COUNT ? articles[reason] : (kh_text){"", 0};
}

kh_text kh_obligation_article(kh_obligation_kind kind)
{
    switch (kind) {
    case KH_OBLIGATION_REVOCATION_NOTICE:
        return KH_TEXT("3.6");
    case KH_OBLIGATION_CONSULTATION:
        return KH_TEXT("3.5");
    case KH_OBLIGATION_YEARLY_CONSULTATION:
        return KH_TEXT("4.2");
    }
    return KH_TEXT("");
}

kh_text kh_obligation_kind_name(kh_obligation_kind kind)
{
    switch (kind) {
    case KH_OBLIGATION_REVOCATION_NOTICE:
        return KH_TEXT("REVOCATION_NOTICE");
    case KH_OBLIGATION_CONSULTATION:
        return KH_TEXT("CONSULTATION");
    case KH_OBLIGATION_YEARLY_CONSULTATION:
        return KH_TEXT("YEARLY_CONSULTATION");
    }
    return KH_TEXT("");
}

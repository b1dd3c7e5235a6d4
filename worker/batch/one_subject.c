#include "batch/one_subject.h"

static kh_rc no_subject(void *self, kh_text key, kh_subject **out)
{
    (void)self;
    (void)key;
    (void)out;
    return KH_E_INTERNAL;
}

static kh_rc no_dependents(void *self, kh_text key, kh_subject *const **out, uint32_t *count)
{
    (void)self;
    (void)key;
    *out = NULL;
    *count = 0;
    return KH_OK;
}

static kh_rc nothing_due(void *self, kh_instant until, kh_subject **out)
{
    (void)self;
    (void)until;
    *out = NULL;
    return KH_OK;
}

static kh_rc decided(void *self, kh_subject *subject)
{
    (void)self;
    (void)subject;
    return KH_OK;
}

kh_store kh_store_of_one_subject(void *self, kh_rc (*basis)(void *self, kh_text key, const kh_facts **out))
{
    return (kh_store){self, no_subject, basis, no_dependents, nothing_due, decided};
}

#include "kafka/group_delete.h"

#include "kafka/handle.h"

/* The handle comes first: see kh_handle. */
typedef struct deletion {
    kh_handle handle;
    kh_kafka_error *error;
} deletion;

static kh_rc judge(const deletion *of, rd_kafka_event_t *event)
{
    const char *group = of->handle.settings->group;
    size_t count = 0;
    rd_kafka_resp_err_t code = event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const rd_kafka_group_result_t **results =
            rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
        const rd_kafka_error_t *failure = count > 0 ? rd_kafka_group_result_error(results[0]) : NULL;
        code = failure == NULL ? code : rd_kafka_error_code(failure);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
        return KH_OK;
    }
    kh_rc rc = code == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP ? KH_E_NOT_MINE
               : kh_handle_is_configuration((int)code)   ? KH_E_CONFIGURATION
                                                         : KH_E_LOST;
    return kh_handle_fail(of->error, rc, (int)code, "removing the group %s: %s", group, rd_kafka_err2str(code));
}

kh_rc kh_group_delete(const kh_kafka_settings *settings, int timeout_ms, kh_kafka_error *error)
{
    deletion of = {.error = error};
    int64_t deadline = kh_handle_now() + timeout_ms;
    char ignored[256];
    kh_handle_conf building = kh_handle_conf_begin(&of.handle, settings);
    kh_rc rc = kh_handle_open(&of.handle, RD_KAFKA_PRODUCER, &building, error);
    if (rc != KH_OK) {
        return rc;
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(of.handle.rk);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(of.handle.rk, RD_KAFKA_ADMIN_OP_DELETEGROUPS);
    /* A little earlier than ours, so that the answer says what was wrong. */
    (void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms > 200 ? timeout_ms - 100 : 100, ignored,
                                                    sizeof ignored);
    rd_kafka_DeleteGroup_t *group = rd_kafka_DeleteGroup_new(settings->group);
    rd_kafka_DeleteGroups(of.handle.rk, &group, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, kh_handle_left(deadline));
    rc = judge(&of, event);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteGroup_destroy(group);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(of.handle.rk);
    return rc;
}

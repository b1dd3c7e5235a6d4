/* How a record becomes a published result exactly once, as the worker does it: lanes and their epochs, the taking of
 * lanes, batches, Kafka transactions, marks. Two workers; crash, stall, lost answers and rebalances at any point.
 * It stays beside the code that it describes: who changes the one changes the other. Each step names its function.
 *
 * A batch is one record or one wakeup and gives one result; all results of a lane have one key, the worst case for
 * order. A stall needs no step of its own: nobody is ever made to move. A worker learns of a rebalance at any later
 * time, but one whose generation has passed takes lanes at most STALE times before it does: worker.c polls before each
 * try (STALE 0: any number of times). Not here: what is decided, the clock, halving, marks found again from headers, a
 * database restored from a copy.
 *
 * Instances: NL lanes, NINC lives of a worker (crashes + 1), R records and K wakeups a lane, F faults, RB rebalances
 * beside the first and those that a crash needs. */
#ifndef NL
#define NL 1
#endif
#ifndef NINC
#define NINC 1
#endif
#ifndef R
#define R 2
#endif
#ifndef K
#define K 0
#endif
#ifndef F
#define F 1
#endif
#ifndef RB
#define RB 1
#endif
#ifndef STALE
#define STALE 1
#endif

/* The guards, each 1 as the code has it; a case breaks one or more. */
#ifndef EPOCH /* sql_statement.c LANE_LOCK: lane.epoch is mine */
#define EPOCH 1
#endif
#ifndef NEXTSEQ /* the same: lane.next_seq is where I left it */
#define NEXTSEQ 1
#endif
#ifndef NEXTOFF /* LANE_OFFSET_FINISH: next_offset is where I left it */
#define NEXTOFF 1
#endif
#ifndef LANELOCK /* LANE_LOCK locks the rows until the end of the transaction */
#define LANELOCK 1
#endif
#ifndef READLOCKED /* lanes.c kh_lanes_take: what is read is read under the locks that the epoch is raised under */
#define READLOCKED 1
#endif
#ifndef LOSTTAKES /* worker.c start_over: after a lost answer of COMMIT the lanes are taken again */
#define LOSTTAKES 1
#endif
#ifndef LOOK /* live_batch.c kh_live_look: an idle lane looks at its epoch */
#define LOOK 1
#endif
#ifndef RETAKE /* worker.c start_over: a lane that was lost is taken again while it is assigned */
#define RETAKE 1
#endif
#ifndef TAKEKEPT /* live_poll.c take_assignment: also a lane that was held before is taken again */
#define TAKEKEPT 1
#endif
#ifndef FENCE /* recovery.c fence_owners */
#define FENCE 1
#endif
#ifndef STABLE /* consumer.c kh_consumer_committed: pending offsets are waited for */
#define STABLE 1
#endif
#ifndef PENDINGWAITS /* the same: a read that times out is not "no offsets" */
#define PENDINGWAITS 1
#endif
#ifndef META /* recovery.c find_mark: the mark is that of the offsets' metadata, not lane.published_seq */
#define META 1
#endif
#ifndef RECHECK /* recovery.c check_rewind: ahead of the database? the lane is read again first */
#define RECHECK 1
#endif
#ifndef GENERATION /* the broker refuses offsets of a generation that has passed */
#define GENERATION 1
#endif
#ifndef KEPTCLAIM /* publishing.c: the claim of the assignment in which it was decided, not a fresh one */
#define KEPTCLAIM 1
#endif
#ifndef WAITPUB /* live_poll.c kh_live_give_up_lanes, recovery.c renew_publisher: the transaction in hand ends first */
#define WAITPUB 1
#endif
#ifndef REREAD /* worker.c work: after an unknown outcome the marks are read again */
#define REREAD 1
#endif
#ifndef FAILSTOPS /* publishing.c finish: behind what was not published nothing is */
#define FAILSTOPS 1
#endif
#ifndef QUEUEATMARK /* recovery.c: publishing goes on from the mark that was read */
#define QUEUEATMARK 1
#endif

#include "publish_state.pml"

/* ---- the deciding half: worker.c turn ---- */
proctype Decider(byte _w)
{
end:
    do
    /* live_poll.c take_event: revoked, then assigned; the claim is taken in the callback. */
    :: d_step {
        claim[_w] != gen && (phase[_w] == START || phase[_w] == ACTIVE) && db[_w] == 0 && QUIET(_w) ->
        printf("%d: learns of generation %d\n", _w, gen);
#if !TAKEKEPT
        j = lanes[_w];
#endif
#if TAKEKEPT
        for (i : 0 .. NL - 1) {
            mseq[AT(_w, i)] = 0;
            head[AT(_w, i)] = 0
        }
        start_over(_w);
        take_assignment(_w)
#else
        take_assignment(_w);
        if
        :: j != 0 && j == lanes[_w] && phase[_w] == ACTIVE && failed[_w] == 0 -> skip
        :: else ->
            for (i : 0 .. NL - 1) {
                mseq[AT(_w, i)] = 0;
                head[AT(_w, i)] = 0
            }
            start_over(_w)
        fi
#endif
      }
    /* The same in good order, all published: live_poll.c release_owner. */
    :: d_step {
        claim[_w] != gen && phase[_w] == ACTIVE && db[_w] == 0 && pub[_w] == IDLE && failed[_w] == 0 &&
        !SOME(QUEUED) && EACH(FREE) ->
        printf("%d: gives its lanes up, and learns of generation %d\n", _w, gen);
        for (i : 0 .. NL - 1) {
            if
            :: HAS(_w, i) && mine[AT(_w, i)] -> owner[i] = 0
            :: else
            fi;
            mseq[AT(_w, i)] = 0;
            head[AT(_w, i)] = 0
        }
        start_over(_w);
        take_assignment(_w)
      }

    /* recovery.c renew_publisher: kh_publisher_renew, and its init_transactions. */
    :: d_step {
        MAY_TAKE(_w) && failed[_w] == LOST && txn[ID(_w)] == OPEN ->
        printf("%d: its new producer ends its own open transaction\n", _w);
        coordinator_aborts(ID(_w))
      }
    :: d_step {
        MAY_TAKE(_w) && failed[_w] == LOST && txn[ID(_w)] == NONE ->
        printf("%d: has a new producer\n", _w);
        valid[ID(_w)] = true;
        late[ID(_w)] = false;
        failed[_w] = NOT_MINE
      }

    /* recovery.c take_epochs, lanes.c kh_lanes_take: one transaction for all lanes. */
#if READLOCKED
    :: d_step {
        MAY_TAKE(_w) && failed[_w] != LOST && EACH(FREE) ->
#else
    :: d_step {
        MAY_TAKE(_w) && failed[_w] != LOST ->
        for (i : 0 .. NL - 1) {
            pos[AT(_w, i)] = noff[i];
            mseq[AT(_w, i)] = nseq[i]
        }
        phase[_w] = READ
      }
    :: d_step {
        phase[_w] == READ && EACH(FREE) ->
#endif
        printf("%d: raises the epochs of its lanes\n", _w);
        for (i : 0 .. NL - 1) {
            if
            :: HAS(_w, i) ->
                mine[AT(0, i)] = (_w == 0);
                mine[AT(1, i)] = (_w == 1);
                former[AT(_w, i)] = (FENCE && owner[i] != ID(_w) + 1 -> owner[i] : 0);
#if READLOCKED
                pos[AT(_w, i)] = noff[i];
                mseq[AT(_w, i)] = nseq[i];
#endif
                head[AT(_w, i)] = mseq[AT(_w, i)]
            :: else
            fi
        }
        failed[_w] = 0;
        phase[_w] = RAISED;
        if
        :: claim[_w] != gen && STALE != 0 -> tries[_w]++
        :: else
        fi
      }
    :: d_step {
        MAY_TAKE(_w) && failed[_w] != LOST && EACH(FREE) && faults > 0 ->
        printf("%d: raises the epochs, and the answer is lost\n", _w);
        faults--;
        for (i : 0 .. NL - 1) {
            if
            :: HAS(_w, i) ->
                mine[AT(0, i)] = false;
                mine[AT(1, i)] = false
            :: else
            fi
        }
        if
        :: claim[_w] != gen && STALE != 0 -> tries[_w]++
        :: else
        fi
      }

    /* recovery.c fence_owners, publisher.c kh_fence: never oneself. */
    :: d_step {
        phase[_w] == RAISED && SOME(FENCEABLE) ->
        i = 0;
        do
        :: FENCEABLE(i) -> break
        :: else -> i++
        od;
        j = FORMER(i);
        if
        :: txn[j] == OPEN && former[AT(_w, i)] < AGAIN ->
            printf("%d: fences %d, whose open transaction ends\n", _w, j);
            coordinator_aborts(j);
            for (i : 0 .. NL - 1) {
                former[AT(_w, i)] = (former[AT(_w, i)] == j + 1 -> AGAIN + j + 1 : former[AT(_w, i)])
            }
        :: else ->
            printf("%d: has fenced %d\n", _w, j);
            for (i : 0 .. NL - 1) {
                former[AT(_w, i)] = (former[AT(_w, i)] % AGAIN == j + 1 -> 0 : former[AT(_w, i)])
            }
            valid[j] = valid[j] && txn[j] == OPEN;
            late[j] = late[j] && txn[j] == OPEN
        fi;
        i = 0
      }

    /* recovery.c own, lanes.c kh_lanes_own: under the epoch. */
    :: d_step {
        phase[_w] == RAISED && !SOME(UNFENCED) && EACH(FREE) ->
        if
        :: EACH(OURS) ->
            printf("%d: is the owner\n", _w);
            for (i : 0 .. NL - 1) {
                if
                :: HAS(_w, i) -> owner[i] = ID(_w) + 1
                :: else
                fi
            }
            phase[_w] = OWNED
        :: else ->
            printf("%d: the epoch has moved on, starts over\n", _w);
            start_over(_w)
        fi
      }

    /* recovery.c read_commits, find_mark, check_rewind */
    :: d_step {
        phase[_w] == OWNED && (!STABLE || !PENDINGWAITS || !SOME(PENDING)) ->
        well = true;
        for (i : 0 .. NL - 1) {
            if
            :: HAS(_w, i) ->
#if META
                j = mark[i];
#else
                j = pseq[i];
#endif
#if !PENDINGWAITS
                if
                :: PENDING(i) -> j = 0
                :: else
                fi;
#endif
                if
                :: j > mseq[AT(_w, i)] ->
                    P3_no_false_alarm_of_a_restored_database = (RECHECK && !mine[AT(_w, i)]);
                    assert(P3_no_false_alarm_of_a_restored_database);
                    well = false
                :: else
                fi;
                head[AT(_w, i)] = (QUEUEATMARK -> j : mseq[AT(_w, i)])
            :: else
            fi
        }
        if
        :: well ->
            printf("%d: reads the marks: lane 0 from %d of %d\n", _w, head[AT(_w, 0)], mseq[AT(_w, 0)]);
            phase[_w] = LEFT
        :: else ->
            printf("%d: a mark is ahead, the epoch has moved on, starts over\n", _w);
            drop_queue(_w);
            start_over(_w)
        fi
      }

    /* recovery.c publish_all_left, by the publishing half; then start_reading: from the last decided record. */
    :: d_step {
        phase[_w] == LEFT && failed[_w] == 0 && pub[_w] == IDLE && !SOME(QUEUED) ->
        printf("%d: has taken its lanes\n", _w);
        phase[_w] = ACTIVE
      }
    :: d_step {
        (phase[_w] == LEFT || phase[_w] == ACTIVE) && failed[_w] != 0 && db[_w] == 0 ->
        printf("%d: publishing has failed, starts over\n", _w);
        start_over(_w)
      }

    /* live_batch.c kh_live_look */
    :: d_step {
        LOOK && phase[_w] == ACTIVE && db[_w] == 0 && !EACH(OURS) ->
        printf("%d: sees that the epoch has moved on, starts over\n", _w);
        start_over(_w)
      }

    /* live_batch.c run_batch, transaction.c kh_transaction_begin; kh_live_decide. */
    :: begin_batch(_w, 0, pos[AT(_w, 0)] < R, pos[AT(_w, 0)] + 1)
    :: begin_batch(_w, 0, wake[0], WAKEUP)
#if NL > 1
    :: begin_batch(_w, 1, pos[AT(_w, 1)] < R, pos[AT(_w, 1)] + 1)
    :: begin_batch(_w, 1, wake[1], WAKEUP)
#endif
    /* kh_transaction_commit; take_over; kh_publishing_submit, which drops it if publishing has failed */
    :: d_step {
        db[_w] != 0 ->
        j = db[_w] - 1;
        printf("%d: COMMIT of seq %d in lane %d\n", _w, seq[_w], j);
        apply(j, what[_w], seq[_w]);
        pos[AT(_w, j)] = (what[_w] == WAKEUP -> pos[AT(_w, j)] : pos[AT(_w, j)] + 1);
#if !META
        pseq[j] = (hint[AT(_w, j)] > pseq[j] -> hint[AT(_w, j)] : pseq[j]);
#endif
        head[AT(_w, j)] = (failed[_w] != 0 -> mseq[AT(_w, j)] + 1 : head[AT(_w, j)]);
        mseq[AT(_w, j)]++;
        end_batch(_w)
      }
    :: d_step {
        db[_w] != 0 && faults > 0 ->
        printf("%d: COMMIT of seq %d, and the answer is lost\n", _w, seq[_w]);
        faults--;
        apply(db[_w] - 1, what[_w], seq[_w]);
        end_batch(_w);
#if LOSTTAKES
        start_over(_w)
#endif
      }
    :: d_step {
        db[_w] != 0 && faults > 0 && LANELOCK ->
        printf("%d: COMMIT of seq %d is lost, the server still has it\n", _w, seq[_w]);
        faults--;
        orphan(_w);
        end_batch(_w);
#if LOSTTAKES
        start_over(_w)
#endif
      }
    od
}

/* ---- the publishing half: publishing.c run, publisher.c kh_publisher_publish ---- */
proctype Publisher(byte _w)
{
end:
    do
    /* publishing.c prepare, gather: all that is queued; begin_transaction. A queued batch holds its claim. */
    :: d_step {
        pub[_w] == IDLE && failed[_w] == 0 && SOME(QUEUED) && (txn[ID(_w)] == NONE || !valid[ID(_w)]) ->
        if
        :: valid[ID(_w)] ->
            printf("%d: begins a transaction\n", _w);
            txn[ID(_w)] = OPEN;
            pub[_w] = PRODUCING;
            pgen[_w] = claim[_w];
            for (i : 0 .. NL - 1) {
                if
                :: QUEUED(i) ->
                    from[AT(_w, i)] = head[AT(_w, i)];
                    at[AT(_w, i)] = head[AT(_w, i)];
                    upto[AT(_w, i)] = mseq[AT(_w, i)];
                    head[AT(_w, i)] = mseq[AT(_w, i)]
                :: else
                fi
            }
        :: else ->
            printf("%d: cannot begin: fenced\n", _w);
            lose(_w)
        fi
      }
    /* produce_all */
    :: d_step {
        pub[_w] == PRODUCING && SOME(UNPRODUCED) ->
        if
        :: valid[ID(_w)] ->
            i = 0;
            do
            :: UNPRODUCED(i) -> break
            :: else -> i++
            od;
            printf("%d: produces seq %d in lane %d\n", _w, at[AT(_w, i)], i);
            j = 0;
            do
            :: log[i * MAXLOG + j] != 0 -> j++
            :: else -> break
            od;
            assert(j < MAXLOG - 1); /* the model's own bound */
            log[i * MAXLOG + j] = 128 + (ID(_w) + 1) * 8 + at[AT(_w, i)];
            at[AT(_w, i)]++
        :: else ->
            printf("%d: cannot produce: fenced\n", _w);
            lose(_w)
        fi
      }
    /* send_offsets: consumed offsets of all sources, the mark in their metadata */
    :: d_step {
        pub[_w] == PRODUCING && !SOME(UNPRODUCED) ->
        if
        :: !valid[ID(_w)] ->
            printf("%d: cannot send offsets: fenced\n", _w);
            lose(_w)
        :: valid[ID(_w)] && (pgen[_w] == gen || !GENERATION || !KEPTCLAIM) ->
            printf("%d: its offsets are accepted\n", _w);
            for (i : 0 .. NL - 1) {
                if
                :: from[AT(_w, i)] < upto[AT(_w, i)] -> pend[ID(_w) * NL + i] = upto[AT(_w, i)] + 1
                :: else
                fi
            }
            pub[_w] = SENT
        :: else ->
            printf("%d: its offsets are refused: ILLEGAL_GENERATION\n", _w);
            pub[_w] = GIVING_UP_LANES
        fi
      }
    /* commit */
    :: d_step {
        pub[_w] == SENT ->
        if
        :: valid[ID(_w)] ->
            printf("%d: commits its transaction\n", _w);
            coordinator_commits(ID(_w));
#if !META
            for (i : 0 .. NL - 1) {
                hint[AT(_w, i)] = (upto[AT(_w, i)] > hint[AT(_w, i)] -> upto[AT(_w, i)] : hint[AT(_w, i)])
            }
#endif
            end_transaction(_w)
        :: else ->
            printf("%d: cannot commit: fenced\n", _w);
            lose(_w)
        fi
      }
    :: d_step {
        pub[_w] == SENT && valid[ID(_w)] && faults > 0 ->
        printf("%d: commits its transaction, and the answer is lost\n", _w);
        faults--;
        coordinator_commits(ID(_w));
        lose(_w)
      }
    :: d_step {
        pub[_w] == SENT && valid[ID(_w)] && faults > 0 ->
        printf("%d: asks for the commit, which stays on the wire\n", _w);
        faults--;
        late[ID(_w)] = true;
        lose(_w)
      }
    /* give_up: an abortable error; abort_transaction */
    :: d_step {
        (pub[_w] == PRODUCING || pub[_w] == SENT) && faults > 0 ->
        printf("%d: its transaction cannot go on\n", _w);
        faults--;
        pub[_w] = GIVING_UP
      }
    :: d_step {
        pub[_w] == GIVING_UP || pub[_w] == GIVING_UP_LANES ->
        if
        :: !valid[ID(_w)] ->
            printf("%d: cannot abort: fenced\n", _w);
            lose(_w)
        :: else ->
            printf("%d: aborts its transaction\n", _w);
            txn[ID(_w)] = ABORTING;
            on_topic[ID(_w)] = true;
            on_group[ID(_w)] = true;
            if
            /* publish: again what was aborted for certain; not once the lanes are being given up */
            :: pub[_w] == GIVING_UP && FAILSTOPS && phase[_w] >= LEFT && pgen[_w] == claim[_w] -> put_back(_w)
            :: pub[_w] == GIVING_UP_LANES && !FAILSTOPS -> skip
            :: else ->
                failed[_w] = (FAILSTOPS -> NOT_MINE : 0);
                if
                :: FAILSTOPS -> drop_queue(_w)
                :: else
                fi
            fi;
            end_transaction(_w)
        fi
      }
#if !REREAD
    :: d_step {
        pub[_w] == RENEWING && txn[ID(_w)] == OPEN -> coordinator_aborts(ID(_w))
      }
    :: d_step {
        pub[_w] == RENEWING && txn[ID(_w)] == NONE ->
        valid[ID(_w)] = true;
        late[ID(_w)] = false;
        pub[_w] = IDLE
      }
#endif
    od
}

#include "publish_world.pml"

init
{
    d_step {
        for (i : 0 .. NL - 1) {
            wleft[i] = K
        }
        valid[0] = true;
        valid[NINC] = true
    }
    atomic {
        run Decider(0);
        run Decider(1);
        run Publisher(0);
        run Publisher(1);
        run Server(0);
#if NL > 1
        run Server(1);
#endif
        run Broker(0);
        run Broker(1);
#if NT > 2
        run Broker(2);
        run Broker(3);
#endif
        run World();
        run Judge()
    }
}

/* What publish.pml speaks of: database, broker, workers, and what several of its steps share. */
#define NT     (2 * NINC)
#define MAXLOG 6

/* ---- PostgreSQL ---- */
byte owner[NL]; /* lane.owner: 0 nobody, else a transactional id + 1 */
byte nseq[NL];  /* lane.next_seq */
byte noff[NL];  /* lane_offset.next_offset */
byte lock[NL];  /* who holds the lane's row: 0 nobody, worker + 1, ORPHAN: a transaction whose client is gone */
byte ink[NL];   /* what the orphan writes: record + 1, or WAKEUP, */
byte inq[NL];   /* and under which seq */
bool wake[NL];  /* a wakeup stands */
byte wleft[NL]; /* wakeups that other lanes still insert */
#if !META
byte pseq[NL]; /* lane.published_seq */
byte hint[2 * NL];
#endif
#define ORPHAN 3
#define WAKEUP 14

/* ---- Kafka ---- */
byte mark[NL];         /* of the group's committed offsets */
byte seen[NL];         /* results that a read_committed reader has seen: 0 to seen - 1 */
byte log[NL * MAXLOG]; /* behind those: transactional id + 1 of what is open (0: committed) * 8 + seq, + 128 */
byte txn[NT];          /* NONE, OPEN, COMMITTING, ABORTING */
bool valid[NT];        /* the id's newest producer is the worker's own */
bool on_topic[NT];     /* the marker is still to reach the result topic */
bool on_group[NT];     /* and the group's offsets */
bool late[NT];         /* an EndTxn(commit) is on the wire, its sender does not wait for it any more */
byte pend[NT * NL];    /* mark + 1 in the transaction's offsets */
byte gen;              /* the group's generation, */
byte given[NL];        /* and to whom it gives the lanes: 0 nobody that lives, else worker + 1 */
#define NONE       0
#define OPEN       1
#define COMMITTING 2
#define ABORTING   3

/* ---- the workers ---- */
byte inc[2];       /* lives before this one */
byte claim[2];     /* generation of the kept claim */
byte phase[2];
bool dropped[2];   /* only RETAKE 0 */
byte tries[2];     /* takings since the claim went stale */
byte lanes[2];     /* of the assignment, one bit each */
byte failed[2];    /* kh_publishing_failed: 0, NOT_MINE, LOST */
byte db[2];        /* the batch in hand: 0 none, else its lane + 1, */
byte what[2];      /* what it decides: record + 1, or WAKEUP, */
byte seq[2];       /* and under which seq */
bool mine[2 * NL]; /* the epoch in memory is that of the row */
byte former[2 * NL];
byte pos[2 * NL];  /* sources[].next_offset */
byte mseq[2 * NL]; /* next_seq; what was decided below it is published, in hand, or queued from... */
byte head[2 * NL]; /* ...here on */
byte pub[2];       /* the publishing half: IDLE, PRODUCING, SENT, GIVING_UP, GIVING_UP_LANES, RENEWING */
byte pgen[2];      /* claim of the transaction in hand */
byte from[2 * NL]; /* results in it: from, produced up to `at`, up to `upto` */
byte at[2 * NL];
byte upto[2 * NL];
#define START   0 /* lanes, if any, must be taken */
#define RAISED  1
#define OWNED   2
#define LEFT    3
#define ACTIVE  4
#define READ    5 /* only READLOCKED 0 */
#define NOT_MINE 1
#define LOST     2
#define IDLE            0
#define PRODUCING       1
#define SENT            2
#define GIVING_UP       3
#define GIVING_UP_LANES 4
#define RENEWING        5

byte faults = F;
byte rebalances = RB;

#define ID(w)     ((w)*NINC + inc[w])
#define AT(w, l)  ((w)*NL + (l))
#define HAS(w, l) ((lanes[w] >> (l)) & 1)
#define QUIET(w)  (pub[w] == IDLE || !WAITPUB)
#define MAY_TAKE(w)                                                                                                    \
    (phase[w] == START && lanes[w] != 0 && db[w] == 0 && QUIET(w) && (RETAKE || !dropped[w]) &&                        \
     (claim[w] == gen || tries[w] < STALE || STALE == 0))
#if NL == 1
#define EACH(f) (f(0))
#define SOME(f) (f(0))
#else
#define EACH(f) (f(0) && f(1))
#define SOME(f) (f(0) || f(1))
#endif
#define FREE(l)     (!HAS(_w, l) || lock[l] == 0)
#define UNFENCED(l) (HAS(_w, l) && former[AT(_w, l)] != 0)
/* The coordinator is waited for. One that opens another transaction meanwhile has a new producer: enough. */
#define AGAIN        64
#define FORMER(l)    (former[AT(_w, l)] % AGAIN - 1)
#define FENCEABLE(l) (UNFENCED(l) && (txn[FORMER(l)] == OPEN || txn[FORMER(l)] == NONE))
#define OURS(l)     (!HAS(_w, l) || mine[AT(_w, l)])
#define QUEUED(l)   (head[AT(_w, l)] < mseq[AT(_w, l)])
#define UNPRODUCED(l) (at[AT(_w, l)] < upto[AT(_w, l)])
#if NT == 2
#define PENDING(l) (HAS(_w, l) && (pend[l] != 0 || pend[NL + l] != 0))
#else
#define PENDING(l) (HAS(_w, l) && (pend[l] != 0 || pend[NL + l] != 0 || pend[2 * NL + l] != 0 || pend[3 * NL + l] != 0))
#endif
#define DONE(l)                                                                                                        \
    (noff[l] == R && !wake[l] && wleft[l] == 0 && lock[l] == 0 && (mark[l] == nseq[l] || !META) &&                     \
     seen[l] == nseq[l] && log[(l)*MAXLOG] == 0)

hidden byte i; /* for loops within one step */
hidden byte j;
hidden byte well;
/* What each assertion is about; true only for as long as it holds. */
hidden byte P1_each_record_decided_once;
hidden byte P1_each_seq_used_once;
hidden byte P2_results_visible_once_and_in_order;
hidden byte P3_mark_not_ahead_of_database;
hidden byte P3_no_false_alarm_of_a_restored_database;
hidden byte P4_all_is_decided_and_published;

/* ---- what several steps share ---- */

/* live_write.c kh_live_write, and COMMIT */
inline apply(l, task, under)
{
    P1_each_seq_used_once = (under == nseq[l]);
    assert(P1_each_seq_used_once);
    if
    :: task == WAKEUP -> wake[l] = false
    :: else ->
        P1_each_record_decided_once = (task == noff[l] + 1);
        assert(P1_each_record_decided_once);
        noff[l] = noff[l] + 1
    fi;
    nseq[l] = nseq[l] + 1
}

inline orphan(w)
{
    lock[db[w] - 1] = ORPHAN;
    ink[db[w] - 1] = what[w];
    inq[db[w] - 1] = seq[w]
}

inline end_batch(w)
{
    lock[db[w] - 1] = (lock[db[w] - 1] == w + 1 -> 0 : lock[db[w] - 1]);
    db[w] = 0;
    what[w] = 0;
    seq[w] = 0
}

/* worker.c start_over: what is queued is still published until renew_publisher drops it */
inline start_over(w)
{
    for (i : 0 .. NL - 1) {
        mine[AT(w, i)] = false;
        former[AT(w, i)] = 0;
        pos[AT(w, i)] = 0
    }
    phase[w] = START;
    dropped[w] = !RETAKE
}

inline take_assignment(w)
{
    lanes[w] = 0;
    for (i : 0 .. NL - 1) {
        if
        :: given[i] == w + 1 -> lanes[w] = lanes[w] | (1 << i)
        :: else
        fi
    }
    claim[w] = gen;
    tries[w] = 0;
    dropped[w] = false
}

/* publishing.c drop_queue */
inline drop_queue(w)
{
    for (i : 0 .. NL - 1) {
        head[AT(w, i)] = mseq[AT(w, i)]
    }
}

inline end_transaction(w)
{
    for (i : 0 .. NL - 1) {
        from[AT(w, i)] = 0;
        at[AT(w, i)] = 0;
        upto[AT(w, i)] = 0
    }
    pub[w] = IDLE;
    pgen[w] = 0
}

inline put_back(w)
{
    for (i : 0 .. NL - 1) {
        if
        :: from[AT(w, i)] < upto[AT(w, i)] -> head[AT(w, i)] = from[AT(w, i)]
        :: else
        fi
    }
}

/* publishing.c finish with KH_E_LOST or KH_E_FENCED: the outcome is not known, or the producer is of no use */
inline lose(w)
{
#if REREAD
    end_transaction(w);
    drop_queue(w);
    failed[w] = LOST
#else
    put_back(w);
    end_transaction(w);
    pub[w] = RENEWING
#endif
}

/* The coordinator ends a transaction: by init_transactions of the same id, or by its timeout. */
inline coordinator_aborts(t)
{
    txn[t] = ABORTING;
    on_topic[t] = true;
    on_group[t] = true;
    valid[t] = false;
    late[t] = false
}

inline coordinator_commits(t)
{
    txn[t] = COMMITTING;
    on_topic[t] = true;
    on_group[t] = true
}

/* The guards are judged under the lane's lock; a place that moves is found by them, and the lanes are taken again. */
inline begin_batch(w, l, work, task)
{
    d_step {
        phase[w] == ACTIVE && db[w] == 0 && HAS(w, l) && lock[l] == 0 && (work) ->
        if
        :: (!EPOCH || mine[AT(w, l)]) && (!NEXTSEQ || mseq[AT(w, l)] == nseq[l]) &&
           (!NEXTOFF || task == WAKEUP || pos[AT(w, l)] == noff[l]) ->
            printf("%d: BEGIN in lane %d, decides seq %d (record + 1: %d)\n", w, l, mseq[AT(w, l)], task);
            what[w] = task;
            seq[w] = mseq[AT(w, l)];
            lock[l] = (LANELOCK -> w + 1 : 0);
            db[w] = l + 1
        :: else ->
            printf("%d: BEGIN in lane %d, the place is not where it was left, starts over\n", w, l);
            start_over(w)
        fi
    }
}

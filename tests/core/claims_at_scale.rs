//! 64 agents of three processes against thousands of ready cards: each card to one agent, none before what it waits for,
//! no agent above its capacity, no column above its limit. With `KANBAN_TEST_FULL` there are 20,000, and all are taken.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Instant;

use futures::future::join_all;
use kanban_core::{Actor, BoardRef, ClaimNext, Error, Kanban, NothingClaimedCode, Store};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::process::Command;

use crate::support;

const AGENTS: usize = 64;
const PROCESSES: usize = 3;

/// Boards of single cards, and boards with a WIP limit whose cards wait for each other in chains of ten.
const PLAIN: usize = 10;
const CHAINED: usize = 2;
const WIP_LIMIT: i32 = 4;

/// How much there is, and how much of it is taken.
struct Size {
    /// Single cards of each plain board.
    cards: usize,
    /// Cards of each board of chains.
    chained: usize,
    /// The most claims that one agent may hold.
    capacity: u32,
}

/// Cards as `create_card` and `add_dependency` make them, with their visits, counts, words and events.
const FILL: &str = "
    do $$
    declare
        b      kanban.boards;
        v_todo uuid;
        v_size integer;
        v_seq  bigint;
    begin
        perform set_config('kanban.tenant_id', 'default', true);
        for b in select * from kanban.boards where key ~ '^[PC][0-9]+$' loop
            v_size := case when b.key like 'P%' then $CARDS else $CHAINED end;
            select id into v_todo from kanban.columns where board_id = b.id and kind = 'todo';
            insert into kanban.cards (
                tenant_id, id, board_id, column_id, key, position, status, title, description, labels, assignees, priority,
                fields, links, agent_context, workflow_state, column_since, ready_at, visit, created_by_kind, created_by_id,
                created_at, updated_at)
            select 'default', gen_random_uuid(), b.id, v_todo, b.key || '-' || n, n * 4294967296, 'todo', 'Card ' || n, '',
                '{}', '{}', 2, '{}', '[]', '{}', '{}', now(), now(), 1, 'human', 'ada', now(), now()
            from generate_series(1, v_size) as n;
            insert into kanban.column_visits (
                tenant_id, card_id, visit, board_id, column_id, kind, entered_at, is_wip, furthest)
            select tenant_id, id, visit, board_id, column_id, status, column_since, false, 0
            from kanban.cards where board_id = b.id;
            insert into kanban.events (
                tenant_id, stream, seq, at, entity_type, entity_id, action, actor_kind, actor_id, payload)
            select c.tenant_id, b.id, b.seq + row_number() over w, c.created_at, 'card', c.id, 'card.created', 'human',
                'ada', jsonb_build_object('after', kanban.card_doc(c), 'after_card_id', lag(c.id) over w)
            from kanban.cards as c where c.board_id = b.id window w as (order by c.position);
            perform kanban.index_cards('default', array_agg(id)) from kanban.cards where board_id = b.id;
            update kanban.columns
            set cards = v_size, last_key = (select max(position) from kanban.cards where board_id = b.id) where id = v_todo;
            v_seq := b.seq + v_size;
            if b.key like 'C%' then
                insert into kanban.dependencies (
                    tenant_id, id, type, from_card, to_card, created_by_kind, created_by_id, created_at)
                select 'default', gen_random_uuid(), 'blocks', f.id, t.id, 'human', 'ada', now()
                from kanban.cards as f
                join kanban.cards as t on t.board_id = b.id and t.position = f.position + 4294967296
                where f.board_id = b.id and t.position / 4294967296 % 10 <> 0;
                update kanban.cards set open_blockers = 1
                where board_id = b.id and id in (select to_card from kanban.dependencies);
                insert into kanban.events (
                    tenant_id, stream, seq, at, entity_type, entity_id, action, actor_kind, actor_id, payload)
                select d.tenant_id, b.id, v_seq + row_number() over (order by d.id), d.created_at, 'dependency', d.id,
                    'dependency.added', 'human', 'ada', jsonb_build_object('after', kanban.dependency_doc(d))
                from kanban.dependencies as d join kanban.cards as c on c.id = d.from_card and c.board_id = b.id;
                select max(seq) into v_seq from kanban.events where stream = b.id;
            end if;
            update kanban.boards set seq = v_seq, next_number = v_size + 1 where id = b.id;
        end loop;
    end $$;
    analyze kanban.cards; analyze kanban.dependencies";

async fn fill(kanban: &Kanban, pool: &PgPool, size: &Size) {
    for (prefix, count) in [("P", PLAIN), ("C", CHAINED)] {
        for i in 0..count {
            let key = format!("{prefix}{i}");
            let new = kanban_core::NewBoard { key: Some(key.clone()), ..kanban_core::NewBoard::named(key) };
            let board = kanban.create_board(new).await.expect("a board");
            if prefix == "C" {
                let limit = kanban_core::ColumnPatch { wip_limit: Some(Some(WIP_LIMIT)), ..Default::default() };
                kanban.update_column(board.columns[1].id, board.columns[1].version, limit).await.expect("a limit");
            }
        }
    }
    let sql = FILL.replace("$CARDS", &size.cards.to_string()).replace("$CHAINED", &size.chained.to_string());
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.expect("cards");
}

/// Takes the guards away: what a claim locks, its look at the limit of the column, and its place in an agent's capacity.
async fn break_guards(pool: &PgPool) {
    let source = "select pg_get_functiondef('kanban.claim_next'::regproc)";
    let mut broken: String = sqlx::query_scalar(source).fetch_one(pool).await.expect("the function reads");
    for (guard, without) in [
        ("perform kanban.lock_columns(p_tenant, v_boards);", "perform pg_sleep(0.002);"),
        ("order by u.place for no key update of c", "order by u.place"),
        (
            "perform 1 from kanban.cards where tenant_id = p_tenant and id = any (v_ids) order by id for no key update;",
            "",
        ),
        ("select c.wip_limit - c.cards from", "select null::integer from"),
    ] {
        assert!(broken.contains(guard), "{guard} is there to take away");
        broken = broken.replace(guard, without);
    }
    let control = format!(
        "{broken};
        create or replace function kanban.free_capacity(p_tenant text, p_agent text, p_capacity integer) returns integer
            language sql as $$ select p_capacity $$;
        create or replace function kanban.require_room(p_column kanban.columns) returns void
            language plpgsql as $$ begin end $$"
    );
    sqlx::raw_sql(AssertSqlSafe(control)).execute(pool).await.expect("the functions change");
}

/// What a process is told.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Told {
    url: String,
    /// Its agents.
    agents: std::ops::Range<usize>,
    capacity: u32,
    seed: u64,
    is_guarded: bool,
}

/// What one agent does until there is nothing left for it. One of four takes links of chains and finishes them first. Then
/// it takes single cards ten at a time and keeps them. Answers the keys that it was given.
async fn work(kanban: Kanban, number: usize, told: &Told) -> Vec<String> {
    let agent = kanban.actor().id.clone();
    let mut random = fastrand::Rng::with_seed(told.seed.wrapping_add(number as u64));
    let mut keys = Vec::new();
    let mut chained: Vec<String> =
        if number.is_multiple_of(4) { (0..CHAINED).map(|i| format!("C{i}")).collect() } else { Vec::new() };
    let mut plain: Vec<String> = (0..PLAIN).map(|i| format!("P{i}")).collect();
    // what the control breaks may leave a chain that nobody can finish
    let mut patience = if told.is_guarded { u32::MAX } else { 200 };
    while !chained.is_empty() || !plain.is_empty() {
        let is_chained = !chained.is_empty();
        let left = if is_chained { &mut chained } else { &mut plain };
        let board = random.usize(..left.len());
        let options = ClaimNext {
            board: Some(left[board].parse::<BoardRef>().expect("a key")),
            limit: if is_chained { 2 } else { 10 },
            // what is started twice breaks on the count of its visits already
            start: is_chained,
            ttl_seconds: 3600,
            capacity: Some(told.capacity),
            ..ClaimNext::default()
        };
        let claimed = match kanban.claim_next(&agent, options).await {
            Ok(claimed) => claimed,
            // told to come back: comes back
            Err(Error::Unavailable { .. }) => continue,
            Err(error) if told.is_guarded => panic!("{error:?}"),
            Err(_) => {
                patience -= 1;
                if patience == 0 {
                    return keys;
                }
                continue;
            }
        };
        match claimed.reason {
            Some(reason) if reason.code == NothingClaimedCode::Capacity => return keys,
            // others work on what the rest of the chains waits for
            Some(reason) if is_chained && reason.blocked + reason.claimed > 0 && patience > 0 => {
                patience -= 1;
                tokio::task::yield_now().await;
            }
            Some(reason) if reason.code == NothingClaimedCode::WipLimit && patience > 0 => {
                patience -= 1;
                tokio::task::yield_now().await;
            }
            Some(_) => drop(left.remove(board)),
            None => {}
        }
        for card in claimed.items {
            let epoch = card.claim.as_ref().expect("a claim").epoch;
            keys.push(card.key);
            while is_chained && let Err(error) = kanban.complete_card(card.id, epoch).await {
                match error {
                    Error::Unavailable { .. } => {}
                    error if told.is_guarded => panic!("{error:?}"),
                    // somebody else was given it, too
                    _ => break,
                }
            }
        }
    }
    keys
}

/// One of the processes: its agents, on the database that it is told of. Does nothing when it is run by itself.
#[tokio::test]
#[ignore = "a process of the tests beside it"]
async fn one_of_several_processes() {
    let Ok(told) = std::env::var("KANBAN_TEST_AGENTS") else { return };
    let told: Told = serde_json::from_str(&told).expect("what it is told");
    let store = Store::connect(&told.url).await.expect("the database answers");
    let agent = |i: usize| store.tenant("default", Actor::agent(format!("agent-{i}"))).expect("an agent");
    let work = told.agents.clone().map(|i| work(agent(i), i, &told));
    for key in join_all(work).await.concat() {
        eprintln!("claimed {key}");
    }
}

/// Everything that is wrong after all agents have done what they could.
async fn faults(is_guarded: bool, size: Size) -> Vec<String> {
    let seed = support::seed();
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let pool = database.superuser().await;
    fill(&kanban, &pool, &size).await;
    if !is_guarded {
        break_guards(&pool).await;
    }
    let began = Instant::now();
    let processes = (0..PROCESSES).map(|i| {
        let agents = AGENTS * i / PROCESSES..AGENTS * (i + 1) / PROCESSES;
        let told = Told { url: database.url(), agents, capacity: size.capacity, seed, is_guarded };
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "claims_at_scale::one_of_several_processes", "--ignored", "--nocapture"])
            .env("KANBAN_TEST_AGENTS", serde_json::to_string(&told).expect("JSON"))
            .stdin(Stdio::null())
            .output()
    });
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for output in join_all(processes).await {
        let output = output.expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            if let Some((_, key)) = line.split_once("claimed ") {
                *times.entry(key.to_owned()).or_default() += 1;
            }
        }
    }
    let elapsed = began.elapsed();
    eprintln!("{} cards claimed by {AGENTS} agents of {PROCESSES} processes in {elapsed:.1?}", times.len());
    let mut faults: Vec<String> =
        times.iter().filter(|(_, times)| **times > 1).map(|(key, times)| format!("{key} went to {times}")).collect();
    faults.extend(found(&pool, &size).await);
    if is_guarded {
        let expected = (size.cards * PLAIN).min(size.capacity as usize * AGENTS) + size.chained * CHAINED;
        assert_eq!(times.len(), expected, "as many cards as agents can hold, and every link of every chain");
        assert_eq!(kanban.examine().await.expect("an examination").findings, []);
        crate::replay::explains_the_board(&kanban).await;
    }
    faults
}

/// What the database knows of it: claims and visits with their moments.
async fn found(pool: &PgPool, size: &Size) -> Vec<String> {
    let claims = "with claims as (
            select card_id, agent_id, claimed_at, ended_at from kanban.past_claims
            union all
            select id, claim_agent, claimed_at, 'infinity' from kanban.cards where claim_agent is not null)";
    let most = |name: &str, group: &str, from: &str, to: &str, table: &str| {
        format!(
            "{claims}
            select max(running) || {name} from (
                select {group}, sum(change) over (partition by {group} order by at, change) as running
                from (select {group}, {from} as at, 1 as change from {table}
                      union all select {group}, {to}, -1 from {table}) as c) as r
            group by {group}"
        )
    };
    let capacity = size.capacity;
    let queries = [
        format!(
            "{} having max(running) > {capacity}",
            most("' claimed at once by ' || agent_id", "agent_id", "claimed_at", "ended_at", "claims")
        ),
        format!(
            "{} having max(running) > {WIP_LIMIT}",
            most(
                "' at once in the column ' || column_id",
                "column_id",
                "entered_at",
                "coalesce(left_at, 'infinity')",
                "(select v.* from kanban.column_visits as v join kanban.columns as o on o.id = v.column_id
                  and o.wip_limit is not null) as v",
            )
        ),
        format!(
            "{claims} select 'a card was claimed before what it waits for was finished'
             from kanban.dependencies as d join claims as c on c.card_id = d.to_card
             join kanban.cards as f on f.id = d.from_card
             where f.finished_at is null or f.finished_at > c.claimed_at"
        ),
        format!(
            "{claims} select 'a card was claimed ' || count(*) || ' times' from claims group by card_id having count(*) > 1"
        ),
    ];
    let mut found = Vec::new();
    for query in queries {
        found.extend(sqlx::query_scalar::<_, String>(AssertSqlSafe(query)).fetch_all(pool).await.expect("it reads"));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_agents_of_three_processes_share_thousands_of_cards() {
    let capacity = support::scale(40, 320) as u32;
    let size = Size { cards: support::scale(400, 2000), chained: support::scale(100, 500), capacity };
    assert_eq!(faults(true, size).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_the_guards_cards_go_to_several_and_limits_are_passed() {
    let faults = faults(false, Size { cards: 100, chained: 100, capacity: 12 }).await;
    let kinds = ["went to", "claimed at once by agent-", "in the column"];
    let missing: Vec<&str> =
        kinds.into_iter().filter(|kind| !faults.iter().any(|fault| fault.contains(kind))).collect();
    assert!(missing.is_empty(), "nothing of {missing:?} in {faults:?}");
}

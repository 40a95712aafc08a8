-- Text search. What cards and comments say is kept as words beside them, so that moves, claims and heartbeats neither
-- carry nor index it; whoever writes the text writes the words in the same statement.

-- The words of a card. Apart from cards: see ARCHITECTURE.md.
create table kanban.card_words (
    tenant_id text     not null,
    id        uuid     not null,
    board_id  uuid     not null,
    -- of the title
    title     tsvector not null,
    -- of all that the card says, the title too
    words     tsvector not null,
    constraint card_words_pk primary key (tenant_id, id),
    constraint card_words_card_fk foreign key (tenant_id, id) references kanban.cards (tenant_id, id) on delete cascade
);

-- The newest of a board's first, for words that so many cards hold that it is quicker to look than to look up.
create index card_words_board on kanban.card_words (tenant_id, board_id, id);
create index card_words_text on kanban.card_words using gin (title, words);

-- The words of a comment.
create table kanban.comment_words (
    tenant_id text     not null,
    id        uuid     not null,
    card_id   uuid     not null,
    board_id  uuid     not null,
    words     tsvector not null,
    constraint comment_words_pk primary key (tenant_id, id),
    constraint comment_words_comment_fk foreign key (tenant_id, id)
        references kanban.comments (tenant_id, id) on delete cascade
);

create index comment_words_board on kanban.comment_words (tenant_id, board_id, id);
create index comment_words_text on kanban.comment_words using gin (words);

-- Every longer word that a tenant has used: where slips and parts of words are looked up. A word is named by what brought
-- it, too, so that two who bring the same one at once need not wait for each other.
create table kanban.known_words (
    tenant_id  text not null,
    word       text not null,
    brought_by uuid not null,
    constraint known_words_pk primary key (tenant_id, word, brought_by)
);

create index known_words_parts on kanban.known_words using gin (word public.gin_trgm_ops);

-- Letters without case, accents and invisible characters. NFKD takes letters apart, so that what is left of é is e; its
-- compatibility forms make ﬁ fi and １ 1; NFKC puts together again what belongs together in other scripts. Letters of
-- scripts that write no spaces stand apart, each between dots.
create function kanban.fold(p_text text) returns text
    language sql immutable parallel safe
    return
        regexp_replace(
            replace(replace(replace(normalize(
                translate(
                    lower(regexp_replace(
                        normalize(p_text, nfkd),
                        '[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]+',
                        '', 'g')),
                    'ıøłđħŧς', 'ioldhtσ'),
                nfkc), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
            '([\u2e80-\u2fff\u3005-\u3007\u3021-\u312f\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])',
            '.\1.', 'g');

-- A text's words in their order, with a dot between those that no space parts: `see src/auth.go` is see src . auth . go.
-- For ASCII the same by plain replacements, which are quicker than classes of letters.
create function kanban.tokens(p_text text) returns text[]
    language sql immutable parallel safe
    return case when octet_length(p_text) = char_length(p_text) then
        array_remove(string_to_array(
            replace(replace(replace(
                regexp_replace(
                    ' ' || replace(replace(replace(replace(replace(lower(p_text collate "C"), E'\t', ' '), E'\n', ' '),
                                                   E'\r', ' '), E'\f', ' '), E'\x0b', ' ') || ' ',
                    '[^ a-z0-9]+', '.', 'g'),
                '. ', ' '), ' .', ' '), '.', ' . '),
            ' '), '')
    else
        string_to_array(
            btrim(replace(
                regexp_replace(
                    regexp_replace(
                        ' ' || kanban.fold(p_text) || ' ',
                        '[^[:alnum:]\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3]*[[:space:]][^[:alnum:]\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3]*',
                        ' ', 'g'),
                    '[^ [:alnum:]\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3]+', '.', 'g'),
                '.', ' . ')),
            ' ')
    end;

-- A text's words as they are indexed: each for itself, and each two that no space parts as one, so that auth.go, AB-42
-- and two letters of a script without spaces are found without a look at every text that has both halves. What is longer
-- than any word stands for its beginning.
create function kanban.search_vector(p_text text) returns tsvector
    language plpgsql immutable parallel safe as $$
declare
    v_tokens text[] := kanban.tokens(p_text);
begin
    return coalesce((
        select string_agg(case when t.token = '.'
            then left(v_tokens[t.place - 1], 100) || '.' || left(v_tokens[t.place + 1], 100)
            else left(t.token, 100) end || ':' || t.place, ' ')
        from unnest(v_tokens) with ordinality as t (token, place)), '')::tsvector;
end $$;

-- What a card says besides its title.
create function kanban.card_text(c kanban.cards) returns text
    language sql stable parallel safe
    return concat_ws(' ', c.key, c.external_id, array_to_string(c.labels, ' '), c.description);

-- Whether a word is worth to be known: shorter ones are found by their beginning, longer ones and numbers are nobody's
-- words, and a dot is between two.
create function kanban.is_to_know(p_word text) returns boolean
    language sql immutable parallel safe
    return char_length(p_word) between 4 and 40 and p_word >= 'A' collate "C" and position('.' in p_word) = 0;

-- Writes the words of cards that are new, or whose text has changed, and takes up those that the tenant has not used
-- before. One plan for any number of cards, for it looks up word by word whatever the statistics say.
create function kanban.index_cards(p_tenant text, p_ids uuid[]) returns void
    language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
    with written as (
        insert into kanban.card_words (tenant_id, id, board_id, title, words)
        select p_tenant, c.id, c.board_id, t.title, t.title || kanban.search_vector(kanban.card_text(c))
        from kanban.cards as c cross join lateral (select kanban.search_vector(c.title) as title offset 0) as t
        where c.tenant_id = p_tenant and c.id = any (p_ids)
        on conflict on constraint card_words_pk do update set title = excluded.title, words = excluded.words
        returning id, words
    )
    insert into kanban.known_words (tenant_id, word, brought_by)
    select distinct on (n.word) p_tenant, n.word, w.id
    from written as w cross join lateral unnest(tsvector_to_array(w.words)) as n (word)
    where kanban.is_to_know(n.word)
      and not exists (select from kanban.known_words as k where k.tenant_id = p_tenant and k.word = n.word);
end $$;

-- The same for new comments.
create function kanban.index_comments(p_tenant text, p_ids uuid[]) returns void
    language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
    with written as (
        insert into kanban.comment_words (tenant_id, id, card_id, board_id, words)
        select p_tenant, m.id, m.card_id, c.board_id, kanban.search_vector(m.body)
        from kanban.comments as m join kanban.cards as c on c.tenant_id = p_tenant and c.id = m.card_id
        where m.tenant_id = p_tenant and m.id = any (p_ids)
        returning id, words
    )
    insert into kanban.known_words (tenant_id, word, brought_by)
    select distinct on (n.word) p_tenant, n.word, w.id
    from written as w cross join lateral unnest(tsvector_to_array(w.words)) as n (word)
    where kanban.is_to_know(n.word)
      and not exists (select from kanban.known_words as k where k.tenant_id = p_tenant and k.word = n.word);
end $$;

-- A card that goes to another board takes its words and its comments' along.
create function kanban.index_board(p_tenant text, p_card uuid, p_board uuid) returns void
    language plpgsql as $$
begin
    update kanban.card_words set board_id = p_board where tenant_id = p_tenant and id = p_card;
    update kanban.comment_words set board_id = p_board
    where tenant_id = p_tenant
      and id = any (array(select id from kanban.comments where tenant_id = p_tenant and card_id = p_card));
end $$;

-- Whether one word becomes the other by one slip: a letter missing, added, wrong, or swapped with the next.
create function kanban.is_one_slip(p_a text, p_b text) returns boolean
    language plpgsql immutable parallel safe as $$
declare
    v_same integer := 0;
begin
    while v_same < char_length(p_a) and substr(p_a, v_same + 1, 1) = substr(p_b, v_same + 1, 1) loop
        v_same := v_same + 1;
    end loop;
    return substr(p_a, v_same + 2) = substr(p_b, v_same + 1)
        or substr(p_a, v_same + 1) = substr(p_b, v_same + 2)
        or substr(p_a, v_same + 2) = substr(p_b, v_same + 2)
        or (substr(p_a, v_same + 3) = substr(p_b, v_same + 3)
            and substr(p_a, v_same + 1, 1) = substr(p_b, v_same + 2, 1)
            and substr(p_a, v_same + 2, 1) = substr(p_b, v_same + 1, 1));
end $$;

-- Words that the tenant has used and that hold p_word inside, the shortest first. Passes the policies, as all that searches
-- does, for behind them no index of words could be used; so it keeps to the session's tenant itself.
create function kanban.words_around(p_tenant text, p_word text) returns text[]
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if char_length(p_word) < 3 then
        return '{}';
    end if;
    return array(
        select k.word from kanban.known_words as k
        where k.tenant_id = p_tenant and p_tenant = nullif(current_setting('kanban.tenant_id', true), '')
          and k.word like '%' || p_word || '%'
        group by k.word order by char_length(k.word), k.word limit 32);
end $$;

-- Words that the tenant has used and that p_word may have been meant to be, the most similar first: one slip away, or,
-- for longer words, about two. Not words with digits, where one digit more is another thing. The threshold is what one
-- wrong letter leaves of the trigrams of a word of that length.
create function kanban.words_like(p_tenant text, p_word text) returns text[]
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
    set pg_trgm.similarity_threshold = 0.3 as $$
declare
    v_length  integer := char_length(p_word);
    v_swapped text[];
begin
    if v_length < 4 or v_length > 40 or p_word ~ '[0-9]'
       or p_tenant is distinct from nullif(current_setting('kanban.tenant_id', true), '') then
        return '{}';
    end if;
    perform set_config('pg_trgm.similarity_threshold',
                       (least(0.5, (v_length - 2)::numeric / (v_length + 4)) - 0.01)::text, true);
    -- two letters swapped leave too few trigrams of a short word, so those are looked up themselves
    v_swapped := array(
        select overlay(p_word placing reverse(substr(p_word, i, 2)) from i for 2) from generate_series(1, v_length - 1) as i);
    return array(
        select k.word
        from (select word from kanban.known_words
              where tenant_id = p_tenant and word operator(public.%) p_word
              union
              select word from kanban.known_words where tenant_id = p_tenant and word = any (v_swapped)) as k
        where k.word <> p_word and k.word !~ '[0-9]' and (kanban.is_one_slip(k.word, p_word) or (v_length >= 8 and public.similarity(k.word, p_word) >= 0.5))
        order by public.similarity(k.word, p_word) desc, k.word limit 16);
end $$;

create function kanban.lexemes(p_words text[], p_is_prefix boolean) returns tsquery
    language sql immutable parallel safe
    return (select string_agg('''' || w.word || case when p_is_prefix then ''':*' else '''' end, '|')
            from unnest(p_words) as w (word))::tsquery;

-- One clause of a query: what the caller wrote without a space, or between quotes. It asks for the words as a whole
-- ('whole'), for the last as a beginning too ('begins'), or, with the words of p_near, for what is like them ('near').
-- What is quoted stands as it is: its words, one behind the other.
create function kanban.clause_query(p_text text, p_is_quoted boolean, p_how text, p_near jsonb) returns tsquery
    language plpgsql immutable parallel safe as $$
declare
    v_tokens text[] := kanban.tokens(p_text);
    v_word   text;
    v_part   tsquery;
    v_query  tsquery;
    v_last   integer;
begin
    for i in 1..cardinality(v_tokens) loop
        v_word := left(v_tokens[i], 100);
        if p_how = 'near' and not p_is_quoted then
            continue when v_word = '.';
            v_part := kanban.lexemes(array[v_word], octet_length(v_word) > 1);
            if p_near -> v_word <> '[]' then
                v_part := v_part || kanban.lexemes(kanban.text_array(p_near -> v_word), false);
            end if;
            v_query := coalesce(v_query && v_part, v_part);
        elsif v_word = '.' then
            -- two words without a space between them are one in the index
            v_part := kanban.lexemes(array[left(v_tokens[i - 1], 100) || '.' || left(v_tokens[i + 1], 100)],
                                     p_how = 'begins' and not p_is_quoted and i + 1 = cardinality(v_tokens));
            v_query := coalesce(v_query && v_part, v_part);
        elsif cardinality(v_tokens) = 1 then
            v_query := kanban.lexemes(array[v_word], p_how = 'begins' and not p_is_quoted and octet_length(v_word) > 1);
        end if;
    end loop;
    if p_is_quoted and cardinality(v_tokens) > 1 then
        v_part := null;
        for i in 1..cardinality(v_tokens) loop
            v_word := left(v_tokens[i], 100);
            continue when v_word = '.';
            v_part := coalesce(tsquery_phrase(v_part, kanban.lexemes(array[v_word], false), i - v_last),
                               kanban.lexemes(array[v_word], false));
            v_last := i;
        end loop;
        v_query := coalesce(v_query && v_part, v_part);
    end if;
    return v_query;
end $$;

-- p_query: {"any": [[clause, …], …], "none": [clause, …]}, a clause being {"text", "quoted"}: all clauses of one of the
-- groups have to hold. Answers the groups with each clause as the text of a query; a clause without a word asks for nothing.
create function kanban.search_groups(p_query jsonb, p_how text, p_near jsonb default null) returns jsonb
    language plpgsql immutable parallel safe as $$
begin
    return (
        select coalesce(jsonb_agg(g.parts), '[]')
        from (select (select jsonb_agg(q.query::text)
                      from jsonb_array_elements(a.value) as c
                      cross join lateral (
                          select kanban.clause_query(c.value ->> 'text', (c.value ->> 'quoted')::boolean, p_how, p_near)
                          offset 0) as q (query)
                      where q.query is not null) as parts
              from jsonb_array_elements(p_query -> 'any') as a) as g
        where g.parts is not null);
end $$;

-- Such groups as one query; null where they ask for nothing.
create function kanban.all_groups(p_groups jsonb) returns tsquery
    language plpgsql immutable parallel safe as $$
begin
    return (
        select string_agg('(' || (select string_agg('(' || c.part || ')', '&') from jsonb_array_elements_text(g.value) as c (part))
                          || ')', '|')::tsquery
        from jsonb_array_elements(p_groups) as g);
end $$;

create function kanban.search_query(p_query jsonb, p_how text, p_near jsonb default null) returns tsquery
    language sql immutable parallel safe
    return kanban.all_groups(kanban.search_groups(p_query, p_how, p_near));

-- What no hit may hold.
create function kanban.search_exclusion(p_query jsonb) returns tsquery
    language sql immutable parallel safe
    return kanban.search_query(jsonb_build_object('any', (
        select coalesce(jsonb_agg(jsonb_build_array(n.value)), '[]')
        from jsonb_array_elements(p_query -> 'none') as n)), 'whole');

-- For every word of a query that is not quoted: the words that hold it, and, with p_slips, those that are like it.
create function kanban.words_near(p_tenant text, p_query jsonb, p_slips boolean) returns jsonb
    language sql stable
    return (
        select jsonb_object_agg(w.word, to_jsonb(
            kanban.words_around(p_tenant, w.word)
            || case when p_slips then kanban.words_like(p_tenant, w.word) else '{}' end))
        from (select distinct left(t.token, 100) as word
              from jsonb_array_elements(p_query -> 'any') as g
              cross join lateral jsonb_array_elements(g.value) as c
              cross join lateral unnest(kanban.tokens(c.value ->> 'text')) as t (token)
              where t.token <> '.' and not (c.value ->> 'quoted')::boolean) as w);

-- A filter of cards as SQL on the card c. Every member has its line here, so none is passed over.
create function kanban.card_conditions(p_filter jsonb) returns text
    language plpgsql immutable as $$
declare
    v_name  text;
    v_value jsonb;
    v_text  text;
    v_sql   text := '';
begin
    for v_name, v_value in
        select f.key, f.value from jsonb_each(p_filter) as f where f.value not in ('null', '[]') order by f.key
    loop
        v_text := v_value #>> '{}';
        v_sql := v_sql || ' and ' || case v_name
            when 'column_id' then format('c.column_id = %L', v_text)
            when 'label' then format('c.labels @> %L', kanban.text_array(v_value))
            when 'assignee' then format('c.assignees @> %L', array[v_text])
            when 'priority' then format('c.priority = %s', array_position(
                array['critical', 'high', 'medium', 'low', 'lowest'], v_text) - 1)
            when 'status' then format('c.status = %L', v_text)
            when 'due_before' then format('c.due_at < %L', v_text)
            when 'due_after' then format('c.due_at >= %L', v_text)
            when 'created_before' then format('c.created_at < %L', v_text)
            when 'created_after' then format('c.created_at >= %L', v_text)
            when 'updated_before' then format('c.updated_at < %L', v_text)
            when 'updated_after' then format('c.updated_at >= %L', v_text)
            when 'external_id' then format('c.external_id = %L', v_text)
            when 'ready' then format('(c.status in (%L, %L) and c.open_blockers = 0
                and (c.claim_agent is null or c.lease_until <= now())) = %L', 'backlog', 'todo', v_text)
        end;
    end loop;
    if v_sql is null then
        raise exception 'a filter of cards that search does not know: %', p_filter;
    end if;
    return v_sql;
end $$;

-- What a search looks for, and where: parameters 1 to 6 of every statement below.
create type kanban.search_terms as (
    tenant   text,
    board    uuid,
    whole    tsquery,
    begins   tsquery,
    near     tsquery,
    excluded tsquery,
    -- what all hits hold, clause by clause: begins, and where that is not enough, near
    clauses  jsonb
);

-- What to ask the index for: of clauses that must hold together only those that few rows hold, for a common one fetches all
-- its rows just to be left with those few. Null when the index does best with all of them. The newest rows tell what is
-- common.
create function kanban.search_key(p_terms kanban.search_terms, p_table text) returns tsquery
    language plpgsql stable as $$
declare
    v_key jsonb;
begin
    if not jsonb_path_exists(p_terms.clauses, 'strict $[*] ? (@.size() > 1)') then
        return null;
    end if;
    execute format('
        with newest as materialized (
            select d.words from %s as d where d.tenant_id = $1 %s order by d.id desc limit 1000
        ), clauses as (
            select g.place as grp, c.place, c.part, (select count(*) from newest as d where d.words @@ c.part::tsquery) as seen
            from jsonb_array_elements($3) with ordinality as g (value, place)
            cross join lateral jsonb_array_elements_text(g.value) with ordinality as c (part, place)
        )
        select jsonb_agg(k.parts order by k.grp)
        from (select grp, jsonb_agg(part order by place) filter (where seen < 250 or not has_rare) as parts
              from (select *, bool_or(seen < 8) over (partition by grp) as has_rare from clauses) as c
              group by grp) as k', p_table, case when p_terms.board is not null then 'and d.board_id = $2' end)
    using p_terms.tenant, p_terms.board, p_terms.clauses into v_key;
    return nullif(kanban.all_groups(v_key), kanban.all_groups(p_terms.clauses));
end $$;

create type kanban.search_ranks as (
    tiers integer[],
    ids   uuid[]
);

-- The rows of p_table that meet p_condition, with their tiers and in order; null when they are common. p_key, if there is
-- one, finds them in the index.
create function kanban.search_rare(
    p_terms kanban.search_terms, p_table text, p_key tsquery, p_condition text, p_tier text) returns kanban.search_ranks
    language plpgsql stable as $$
declare
    v_seen  integer;
    v_ranks kanban.search_ranks;
begin
    -- the newest tell: estimates do not know how often two words stand together, or what begins with two letters
    execute format('select count(*) from (select d.* from %s as d where d.tenant_id = $1 %s order by d.id desc limit 1000) as d
                    where %s', p_table, case when p_terms.board is not null then 'and d.board_id = $2' end, p_condition)
    using p_terms.tenant, p_terms.board, p_terms.whole, p_terms.begins, p_terms.near, p_terms.excluded into v_seen;
    if v_seen >= 8 then
        return null;
    end if;
    execute format('select array_agg(d.tier order by d.tier, d.id desc), array_agg(d.id order by d.tier, d.id desc)
                    from (select d.id, %s as tier from %s as d where d.tenant_id = $1 and %s limit 2001) as d',
                   p_tier, case when p_key is null then p_table else format(
                       '(select d.* from %s as d where d.tenant_id = $1 and d.words @@ $7 offset 0)', p_table) end,
                   p_condition)
    using p_terms.tenant, p_terms.board, p_terms.whole, p_terms.begins, p_terms.near, p_terms.excluded, p_key
    into v_ranks;
    if cardinality(v_ranks.ids) > 2000 then
        return null;
    end if;
    return row(coalesce(v_ranks.tiers, '{}'), coalesce(v_ranks.ids, '{}'));
end $$;

-- The hits of the tiers p_first to p_last from behind (p_tier, p_after) on. p_tiers has what reaches each of them; the last
-- one's holds for all. p_also is what has to hold besides; p_hits joins what has to be true of the card and is a format, for
-- the rows that may be hits.
create function kanban.search_tiers(
    p_terms kanban.search_terms, p_table text, p_tiers text[], p_first integer, p_last integer, p_also text, p_hits text,
    p_tier integer, p_after uuid, p_limit integer)
    returns table (tier integer, id uuid, card_id uuid)
    language plpgsql stable as $$
declare
    c_order constant text := ' order by tier, id desc limit $10';
    v_scope text := 'd.tenant_id = $1 and d.id < $9'
        || case when p_terms.board is null then '' else ' and d.board_id = $2' end;
    v_key   tsquery := kanban.search_key(p_terms, p_table);
    v_left  integer := p_limit;
    v_tier  text;
    v_ranks kanban.search_ranks;
    v_is    text;
    v_after uuid;
    v_place text;
    v_hits  text;
    v_rows  integer;
begin
    select 'case ' || string_agg(format('when %s then %s', p_tiers[n], n), ' ' order by n) || format(' else %s end', p_last)
    into v_tier from generate_series(p_first, p_last - 1) as n;
    v_ranks := kanban.search_rare(p_terms, p_table, v_key, p_tiers[p_last] || p_also, coalesce(v_tier, p_last::text));
    if v_ranks is not null then
        return query execute format(p_hits, 'select h.* from unnest($7, $8) as h (tier, id)
            where h.tier > ' || p_tier || ' or (h.tier = ' || p_tier || ' and h.id < $9)') || c_order
        using p_terms.tenant, p_terms.board, p_terms.whole, p_terms.begins, p_terms.near, p_terms.excluded,
            v_ranks.tiers, v_ranks.ids, p_after, v_left;
        return;
    end if;
    for v_number in greatest(p_first, p_tier)..p_last loop
        v_after := case when v_number = p_tier then p_after else 'ffffffff-ffff-ffff-ffff-ffffffffffff' end;
        select p_tiers[v_number] || p_also || coalesce(string_agg(' and not ' || p_tiers[n], ''), '') into v_is
        from generate_series(p_first, v_number - 1) as n;
        v_ranks := kanban.search_rare(p_terms, p_table, v_key, v_is, v_number::text);
        foreach v_place in array case when v_ranks is null then array['newest', 'rest'] else array['ranks'] end loop
            if v_place = 'rest' then
                execute format('select d.id from %s as d where %s order by d.id desc offset 15999 limit 1', p_table, v_scope)
                using p_terms.tenant, p_terms.board, null, null, null, null, null, null, v_after into v_after;
                exit when v_after is null;
            end if;
            v_hits := case v_place
                when 'ranks' then format(p_hits, 'select h.* from unnest($7, $8) as h (tier, id) where h.id < $9')
                when 'newest' then format(p_hits, format(
                    'select %s as tier, d.id
                     from (select d.* from %s as d where %s order by d.id desc limit 16000) as d where %s',
                    v_number, p_table, v_scope, v_is))
                -- fenced off from the limit, for which the planner would walk the ids in hope
                else 'select h.* from (' || format(p_hits, format(
                    'select %s as tier, d.id from %s as d where %s and %s', v_number, p_table, v_scope, v_is))
                    || ' offset 0) as h' end;
            return query execute v_hits || c_order
            using p_terms.tenant, p_terms.board, p_terms.whole, p_terms.begins, p_terms.near, p_terms.excluded,
                v_ranks.tiers, v_ranks.ids, v_after, v_left;
            get diagnostics v_rows = row_count;
            v_left := v_left - v_rows;
            exit when v_left <= 0;
        end loop;
        exit when v_left <= 0;
    end loop;
end $$;

-- The cards and comments that hold what p_query asks for, best first, from behind (p_tier, p_after) on. Each stands in the
-- first tier that it reaches, and in a tier the newest come first:
--   0        the card whose key, id or external id is p_exact
--   1, 2     cards with all words in the title: as they are; as beginnings of words
--   3, 4     cards with all words anywhere: as they are; as beginnings
--   5, 6     comments with all words: as they are; as beginnings
--   7, 8, 9  cards by their title, cards, comments, with words that hold the query's inside or differ by a slip; near
--            names those words
--
-- The work is bounded whatever the words are: what is rare is found by the GIN index, all at once; what is common is found
-- at the newest end, tier by tier, without a list of all that hold it. Dynamic, so that each statement is planned for its
-- own words.
create function kanban.search(
    p_tenant text, p_query jsonb, p_exact text, p_exact_id uuid, p_board uuid, p_archived boolean, p_filter jsonb,
    p_tier integer, p_after uuid, p_limit integer)
    returns table (tier integer, id uuid, card_id uuid, comment_id uuid, near text[])
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_terms kanban.search_terms := (
        p_tenant, p_board, kanban.search_query(p_query, 'whole'), kanban.search_query(p_query, 'begins'), null,
        kanban.search_exclusion(p_query), kanban.search_groups(p_query, 'begins'));
    v_left  integer := p_limit;
    v_near  jsonb;
    v_hits  text;
    v_exact text := format('(c.key = upper(%L) or c.id = %L or c.external_id = %L)', p_exact, p_exact_id, p_exact);
    -- what reaches each tier; what has reached one before stays there
    v_tiers text[] := array['d.title @@ $3', 'd.title @@ $4', 'd.words @@ $3', 'd.words @@ $4',
                            'd.words @@ $3', 'd.words @@ $4', 'd.title @@ $5', 'd.words @@ $5', 'd.words @@ $5'];
    v_hit   text := ' c.tenant_id = $1 and c.deleted_at is null'
        || case when p_board is null then '' else ' and c.board_id = $2' end || kanban.card_conditions(p_filter)
        || ' and exists (select from kanban.boards as b where b.tenant_id = $1 and b.id = c.board_id'
        || '             and b.deleted_at is null' || case when p_archived then ')' else ' and b.archived_at is null)' end;
    v_stage record;
    v_rows  integer;
begin
    if p_tenant is distinct from nullif(current_setting('kanban.tenant_id', true), '') then
        return;
    end if;
    if p_tier = 0 then
        return query execute 'select 0, c.id, c.id, null::uuid, null::text[] from kanban.cards as c where ' || v_hit
            || ' and ' || v_exact || ' and c.id < $3 order by c.id desc limit $4'
        using p_tenant, p_board, p_after, v_left;
        get diagnostics v_rows = row_count;
        v_left := v_left - v_rows;
    end if;
    for v_stage in
        select * from (values
            (1, 4, 'card', ''),
            (5, 6, 'comment', ''),
            (7, 8, 'card', ' and not d.words @@ $4'),
            (9, 9, 'comment', ' and not d.words @@ $4')) as s (first, last, kind, also)
        where s.last >= p_tier order by s.first
    loop
        exit when v_left <= 0;
        if v_stage.first >= 7 and v_near is null then
            v_near := kanban.words_near(p_tenant, p_query, true);
            v_terms.clauses := kanban.search_groups(p_query, 'near', v_near);
            v_terms.near := kanban.all_groups(v_terms.clauses);
            exit when v_terms.near = v_terms.begins;
        end if;
        v_hits := case v_stage.kind
            when 'card' then 'select h.tier, h.id, h.id as card_id from (%s) as h
                              join kanban.cards as c on c.id = h.id and ' || replace(v_exact, '%', '%%') || ' is not true'
            else 'select h.tier, h.id, m.card_id from (%s) as h
                  join kanban.comments as m on m.tenant_id = $1 and m.id = h.id and m.deleted_at is null
                  join kanban.cards as c on c.id = m.card_id' end;
        return query
            select t.tier, t.id, t.card_id, case v_stage.kind when 'comment' then t.id end,
                case when v_stage.first >= 7 then array(
                    select jsonb_array_elements_text(n.value) from jsonb_each(v_near) as n) end
            from kanban.search_tiers(
                v_terms, format('kanban.%s_words', v_stage.kind), v_tiers, v_stage.first, v_stage.last,
                v_stage.also || case when v_terms.excluded is null then '' else ' and not d.words @@ $6' end,
                v_hits || ' where ' || replace(v_hit, '%', '%%'), p_tier, p_after, v_left) as t;
        get diagnostics v_rows = row_count;
        v_left := v_left - v_rows;
    end loop;
end $$;

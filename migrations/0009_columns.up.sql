-- The order of columns, and how they go.

-- The position key for a column of a board whose columns are locked: behind p_after, or before p_before, or at the
-- zero-based p_place, or at the end. Where a gap is used up, all columns are spread out again: they are few.
create function kanban.column_key(
    p_tenant text, p_board uuid, p_column uuid, p_after uuid, p_before uuid, p_place integer) returns bigint
    language plpgsql as $$
declare
    v_others uuid[];
    v_place  integer;
    v_low    bigint;
    v_high   bigint;
    v_key    bigint;
begin
    v_others := array(select id from kanban.columns
                      where tenant_id = p_tenant and board_id = p_board and deleted_at is null and id <> p_column
                      order by position);
    -- how many of the others come before it
    v_place := case
        when p_after is not null then array_position(v_others, p_after)
        when p_before is not null then array_position(v_others, p_before) - 1
        else least(coalesce(p_place, cardinality(v_others)), cardinality(v_others)) end;
    if v_place is null then
        perform kanban.refuse('neighbour_not_on_board', jsonb_build_object(
            'field', case when p_after is null then 'before_id' else 'after_id' end));
    end if;
    for attempt in 1..2 loop
        select position into v_low from kanban.columns where tenant_id = p_tenant and id = v_others[v_place];
        select position into v_high from kanban.columns where tenant_id = p_tenant and id = v_others[v_place + 1];
        v_key := kanban.key_between(v_low, v_high, null);
        exit when v_key is not null;
        -- two steps through negative keys, for the unique index looks at every row on its own
        update kanban.columns as c set position = -s.place
        from (select id, row_number() over (order by position) as place from kanban.columns
              where tenant_id = p_tenant and board_id = p_board and deleted_at is null) as s
        where c.tenant_id = p_tenant and c.id = s.id;
        update kanban.columns set position = kanban.key_between(null, null, null) - position * 4294967296
        where tenant_id = p_tenant and board_id = p_board and deleted_at is null;
    end loop;
    return v_key;
end $$;

create function kanban.reorder_column(
    p_tenant text, p_actor jsonb, p_id uuid, p_version bigint, p_after uuid, p_before uuid, p_place integer)
    returns kanban.columns
    language plpgsql as $$
declare
    v_old kanban.columns;
    v_new kanban.columns;
    v_was uuid;
begin
    v_old := kanban.lock_board_of_column(p_tenant, p_id, p_version);
    v_was := kanban.column_before(p_tenant, v_old.board_id, v_old.position);
    v_new := v_old;
    v_new.position := kanban.column_key(p_tenant, v_old.board_id, p_id, p_after, p_before, p_place);
    v_new.version := v_old.version + 1;
    v_new.updated_at := clock_timestamp();
    update kanban.columns set version = v_new.version, position = v_new.position, updated_at = v_new.updated_at
    where tenant_id = p_tenant and id = p_id;
    perform kanban.append_event(
        p_tenant, v_old.board_id, 'column', p_id, 'column.reordered', p_actor, v_new.updated_at,
        kanban.changes(kanban.column_doc(v_old), kanban.column_doc(v_new)) || jsonb_build_object(
            'after_column_id', kanban.column_before(p_tenant, v_old.board_id, v_new.position),
            'was_after_column_id', v_was));
    return v_new;
end $$;

-- A live column of an open board, at p_version where that is given, with all columns of its board locked.
create function kanban.lock_board_of_column(p_tenant text, p_id uuid, p_version bigint) returns kanban.columns
    language plpgsql as $$
declare
    v_board uuid := (select board_id from kanban.columns where tenant_id = p_tenant and id = p_id);
    v_row   kanban.columns;
begin
    perform kanban.lock_columns(p_tenant, array[v_board]);
    select * into v_row from kanban.columns where tenant_id = p_tenant and id = p_id and deleted_at is null;
    if not found then
        perform kanban.refuse('not_found', jsonb_build_object('what', 'column'));
    end if;
    perform kanban.require_open_board(p_tenant, v_board);
    if v_row.version <> p_version then
        perform kanban.refuse('version_conflict', jsonb_build_object('actual', v_row.version));
    end if;
    return v_row;
end $$;

-- Moves every card of a column to the end of another one of the board, in their order, each as kanban.move_card does. All
-- columns of the board are locked.
create function kanban.move_all_cards(p_actor jsonb, p_from kanban.columns, p_to kanban.columns) returns void
    language plpgsql as $$
declare
    v_tenant text := p_from.tenant_id;
    v_ids    uuid[];
    v_id     uuid;
    v_key    bigint;
    v_now    timestamptz := clock_timestamp();
    v_card   kanban.cards;
    v_old    kanban.cards[] := '{}';
    v_new    kanban.cards[] := '{}';
    v_nows   timestamptz[] := '{}';
begin
    if p_to.cards + p_from.cards > p_to.wip_limit then
        perform kanban.refuse('wip_limit_reached', jsonb_build_object(
            'column', p_to.name, 'limit', p_to.wip_limit));
    end if;
    v_ids := array(select id from kanban.cards
                   where tenant_id = v_tenant and column_id = p_from.id and deleted_at is null order by position);
    -- with what they block, in the order of the ids
    perform 1 from kanban.cards
    where tenant_id = v_tenant and id = any (v_ids || array(
        select to_card from kanban.dependencies
        where tenant_id = v_tenant and from_card = any (v_ids) and type = 'blocks'))
    order by id for no key update;
    select max(position) into v_key from kanban.cards
    where tenant_id = v_tenant and column_id = p_to.id and deleted_at is null;
    foreach v_id in array v_ids loop
        select * into v_card from kanban.cards where tenant_id = v_tenant and id = v_id;
        perform kanban.guard_card(v_card, p_actor, null, null);
        v_old := v_old || v_card;
        v_key := kanban.key_between(v_key, null, null);
        v_card.position := v_key;
        v_new := v_new || v_card;
        v_now := greatest(v_now + interval '1 microsecond', v_card.column_since);
        v_nows := v_nows || v_now;
    end loop;
    if v_ids <> '{}' then
        perform kanban.shift_cards(array_fill(p_actor, array[cardinality(v_ids)]), v_old, v_new,
                                   array_fill(p_to, array[cardinality(v_ids)]), 'card.moved', v_nows);
    end if;
end $$;

create function kanban.delete_column(p_tenant text, p_actor jsonb, p_id uuid, p_version bigint, p_to uuid)
    returns kanban.columns
    language plpgsql as $$
declare
    c_most constant integer := 200;
    v_now  timestamptz;
    v_to   kanban.columns;
    v_old  kanban.columns;
    v_new  kanban.columns;
begin
    v_old := kanban.lock_board_of_column(p_tenant, p_id, p_version);
    if p_to is not null then
        select * into v_to from kanban.columns
        where tenant_id = p_tenant and id = p_to and board_id = v_old.board_id and id <> p_id and deleted_at is null;
        if not found then
            perform kanban.refuse('target_not_on_board');
        end if;
    end if;
    if v_old.cards > 0 and p_to is null then
        perform kanban.refuse('column_not_empty', jsonb_build_object('column', v_old.name, 'cards', v_old.cards));
    elsif v_old.cards > c_most then
        -- the board waits while they move
        perform kanban.refuse('too_many_cards', jsonb_build_object(
            'column', v_old.name, 'cards', v_old.cards, 'limit', c_most));
    elsif v_old.cards > 0 then
        perform kanban.move_all_cards(p_actor, v_old, v_to);
    end if;
    v_now := clock_timestamp();
    v_new := v_old;
    v_new.cards := 0;
    v_new.version := v_old.version + 1;
    v_new.updated_at := v_now;
    v_new.deleted_at := v_now;
    update kanban.columns set version = v_new.version, updated_at = v_now, deleted_at = v_now
    where tenant_id = p_tenant and id = p_id;
    perform kanban.append_event(p_tenant, v_old.board_id, 'column', p_id, 'column.deleted', p_actor, v_now,
                                kanban.changes(kanban.column_doc(v_old), kanban.column_doc(v_new)) || jsonb_build_object(
                                    'was_after_column_id',
                                    kanban.column_before(p_tenant, v_old.board_id, v_old.position)));
    return v_new;
end $$;

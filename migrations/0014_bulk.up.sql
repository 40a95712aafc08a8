-- Many changes of one board in one transaction.

-- Locks all that a bulk is going to write, in the lock order, and answers its cards as they are then: so its operations
-- can come in any order and wait for nobody in the middle. p_columns are the columns that cards go to, p_moves says whether
-- cards come, go or change their column at all.
create function kanban.lock_for_bulk(
    p_tenant text, p_board uuid, p_columns uuid[], p_moves boolean, p_ids uuid[], p_keys text[])
    returns setof kanban.cards
    language plpgsql as $$
declare
    v_cards uuid[];
    v_locks uuid[];
begin
    v_cards := array(select id from kanban.cards where tenant_id = p_tenant and id = any (p_ids)
                     union select id from kanban.cards where tenant_id = p_tenant and key = any (p_keys));
    v_locks := v_cards;
    if p_moves then
        perform 1 from kanban.columns where tenant_id = p_tenant and (board_id = p_board or id = any (p_columns))
        order by id for no key update;
        -- what these cards block is written with them
        v_locks := v_locks || array(select to_card from kanban.dependencies
                                    where tenant_id = p_tenant and from_card = any (v_cards) and type = 'blocks');
    end if;
    perform 1 from kanban.cards where tenant_id = p_tenant and id = any (v_locks) order by id for no key update;
    perform 1 from kanban.boards
    where tenant_id = p_tenant and id = any (array(
        select p_board union all
        select board_id from kanban.columns where tenant_id = p_tenant and id = any (p_columns)))
    order by id for no key update;
    return query select * from kanban.cards where tenant_id = p_tenant and id = any (v_cards);
end $$;

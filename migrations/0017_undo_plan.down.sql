drop function kanban.lock_for_undo, kanban.fit_wip_limits, kanban.columns_undone, kanban.cards_undone,
    kanban.put_back, kanban.plan_undo_card, kanban.plan_undo, kanban.is_covered, kanban.changed_since, kanban.undo_steps, kanban.leads_back, kanban.undo_mark,
    kanban.is_undone;
drop type kanban.undo_step, kanban.undo_scope;

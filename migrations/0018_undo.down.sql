drop function kanban.undo, kanban.undo_name, kanban.undo_on_cards, kanban.undo_cards, kanban.undo_columns,
    kanban.apply_undo, kanban.revert_dependency, kanban.revert_on_card, kanban.revert_card, kanban.revert_column,
    kanban.revert_board;

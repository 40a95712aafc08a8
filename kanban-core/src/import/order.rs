//! Whether a set of "first blocks second" links can be worked off at all.

use std::collections::HashMap;
use std::hash::Hash;

/// A cycle among the links, as the nodes on it in the order in which each waits for the next, the first one repeated at
/// the end; `None` when there is none. Takes away what waits for nothing until nothing is left (Kahn, 1962).
pub(crate) fn find_cycle<N: Copy + Eq + Hash>(edges: impl Iterator<Item = (N, N)>) -> Option<Vec<N>> {
    let mut blocks: HashMap<N, Vec<N>> = HashMap::new();
    let mut waits_for: HashMap<N, Vec<N>> = HashMap::new();
    for (first, second) in edges {
        blocks.entry(first).or_default().push(second);
        waits_for.entry(second).or_default().push(first);
    }
    let mut open: HashMap<N, usize> = waits_for.iter().map(|(node, blockers)| (*node, blockers.len())).collect();
    let mut free: Vec<N> = blocks.keys().copied().filter(|node| !open.contains_key(node)).collect();
    while let Some(node) = free.pop() {
        for next in blocks.get(&node).into_iter().flatten() {
            let left = open.get_mut(next).expect("it waits for something");
            *left -= 1;
            if *left == 0 {
                open.remove(next);
                free.push(*next);
            }
        }
    }
    // whatever is left waits for something that is left: follow that until a node comes again
    let mut path: Vec<N> = vec![*open.keys().next()?];
    loop {
        let at = path[path.len() - 1];
        let next =
            *waits_for[&at].iter().find(|blocker| open.contains_key(blocker)).expect("it waits for one that is left");
        if let Some(start) = path.iter().position(|node| *node == next) {
            let mut cycle = path.split_off(start);
            cycle.push(next);
            return Some(cycle);
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::find_cycle;

    #[test]
    fn a_cycle_is_found_behind_a_tail_and_a_diamond_is_none() {
        assert_eq!(find_cycle([(1, 2), (1, 3), (2, 4), (3, 4)].into_iter()), None);
        let cycle =
            find_cycle([(9, 1), (1, 2), (2, 3), (3, 1), (3, 8)].into_iter()).expect("1, 2 and 3 wait in a ring");
        assert_eq!(cycle.len(), 4);
        assert_eq!(cycle.first(), cycle.last());
    }
}

//! Which card waits for which, and the longest chains among them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// "First waits for second" among things of any kind.
pub(crate) struct Waits<N> {
    blockers: HashMap<N, Vec<N>>,
    waiting: HashMap<N, Vec<N>>,
}

impl<N: Copy + Eq + Ord + Hash> Waits<N> {
    /// From pairs of who waits and for what. The order of the pairs makes no difference.
    pub(crate) fn new(pairs: impl IntoIterator<Item = (N, N)>) -> Self {
        let mut pairs: Vec<(N, N)> = pairs.into_iter().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let (mut blockers, mut waiting) = (HashMap::<N, Vec<N>>::new(), HashMap::<N, Vec<N>>::new());
        for (who, what) in pairs {
            blockers.entry(who).or_default().push(what);
            waiting.entry(what).or_default().push(who);
        }
        Self { blockers, waiting }
    }

    /// The longest chain in front of a thing: what it waits for, what that waits for, and so on.
    pub(crate) fn in_front(&self, of: N) -> Vec<N> {
        chain(&longest(&self.blockers, [of]), of)
    }

    /// The longest chain behind a thing: what waits for it, what waits for that, and so on.
    pub(crate) fn behind(&self, of: N) -> Vec<N> {
        chain(&longest(&self.waiting, [of]), of)
    }

    /// Of these, the one with the longest chain in front of it, and that chain. The least where several have it; `None`
    /// where none waits.
    pub(crate) fn longest_in_front(&self, of: impl IntoIterator<Item = N>) -> Option<(N, Vec<N>)> {
        let of: Vec<N> = of.into_iter().collect();
        let steps = longest(&self.blockers, of.iter().copied());
        let end = of.into_iter().max_by_key(|end| (length(&steps, *end), std::cmp::Reverse(*end)))?;
        let chain = chain(&steps, end);
        (!chain.is_empty()).then_some((end, chain))
    }

    /// Everything that waits for a thing, directly or through others.
    pub(crate) fn all_behind(&self, of: N) -> HashSet<N> {
        let mut found = HashSet::new();
        let mut open = vec![of];
        while let Some(at) = open.pop() {
            for next in self.waiting.get(&at).into_iter().flatten() {
                if found.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }
}

/// From each thing, how many steps the longest way has, and where it goes first.
type Steps<N> = HashMap<N, (usize, Option<N>)>;

/// Walks in depth, without recursion: a chain may be thousands long. A link that closes a ring leads nowhere.
fn longest<N: Copy + Eq + Ord + Hash>(links: &HashMap<N, Vec<N>>, from: impl IntoIterator<Item = N>) -> Steps<N> {
    let mut steps: Steps<N> = HashMap::new();
    let mut under_way: HashSet<N> = HashSet::new();
    for start in from {
        let mut open = vec![start];
        while let Some(at) = open.last().copied() {
            let next = links.get(&at).map(Vec::as_slice).unwrap_or_default();
            if steps.contains_key(&at) {
                open.pop();
            } else if under_way.insert(at) {
                open.extend(next.iter().filter(|next| !steps.contains_key(next) && !under_way.contains(next)));
            } else {
                let known = next.iter().filter_map(|next| steps.get(next).map(|(length, _)| (*length + 1, *next)));
                // the longest; of several the least, so that the same board always has the same answer
                let best = known.max_by_key(|(length, next)| (*length, std::cmp::Reverse(*next)));
                steps.insert(at, best.map_or((0, None), |(length, next)| (length, Some(next))));
                open.pop();
            }
        }
    }
    steps
}

fn length<N: Copy + Eq + Hash>(steps: &Steps<N>, from: N) -> usize {
    steps.get(&from).map_or(0, |(length, _)| *length)
}

fn chain<N: Copy + Eq + Hash>(steps: &Steps<N>, from: N) -> Vec<N> {
    std::iter::successors(steps.get(&from).and_then(|(_, next)| *next), |at| steps.get(at).and_then(|(_, next)| *next))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Waits;

    #[test]
    fn the_longest_chain_is_found_past_short_ones_and_ties_go_to_the_least() {
        // 9 waits for 1 directly, and through 3 and 2 or 4 and 2
        let waits = Waits::new([(9, 1), (9, 4), (9, 3), (3, 2), (4, 2), (2, 1), (8, 7)]);
        assert_eq!(waits.in_front(9), [3, 2, 1]);
        assert_eq!(waits.behind(1), [2, 3, 9]);
        assert!(waits.in_front(1).is_empty());
        assert_eq!(waits.longest_in_front([8, 9, 3]), Some((9, vec![3, 2, 1])));
        assert_eq!(waits.longest_in_front([1, 7]), None);
        let mut all: Vec<i32> = waits.all_behind(2).into_iter().collect();
        all.sort_unstable();
        assert_eq!(all, [3, 4, 9]);
    }

    #[test]
    fn a_chain_of_many_thousands_and_a_ring_are_walked_to_their_end() {
        let long = Waits::new((0..50_000).map(|i| (i, i + 1)));
        assert_eq!(long.in_front(0).len(), 50_000);
        let ring = Waits::new([(1, 2), (2, 3), (3, 1), (3, 4)]);
        assert_eq!(ring.in_front(1), [2, 3, 4]);
    }

    /// Against a search of every way there is.
    #[test]
    fn any_small_graph_has_the_chains_of_a_search_of_all_ways() {
        fn deepest(edges: &[(u32, u32)], at: u32) -> usize {
            edges.iter().filter(|(who, _)| *who == at).map(|(_, what)| 1 + deepest(edges, *what)).max().unwrap_or(0)
        }
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..200 {
            let edges: Vec<(u32, u32)> = (0..random.usize(0..16))
                .map(|_| (random.u32(0..7), random.u32(0..7)))
                .filter(|(who, what)| who > what)
                .collect();
            let waits = Waits::new(edges.iter().copied());
            for at in 0..7 {
                let chain = waits.in_front(at);
                assert_eq!(chain.len(), deepest(&edges, at), "seed {seed}: {edges:?} from {at}");
                for pair in [at].iter().chain(&chain).collect::<Vec<_>>().windows(2) {
                    assert!(edges.contains(&(*pair[0], *pair[1])), "seed {seed}: {edges:?}: {pair:?}");
                }
            }
        }
    }
}

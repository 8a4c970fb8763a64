//! NoExecute taints drive running pods away (pkg/controller/tainteviction).

use crate::api::taint::NO_EXECUTE;
use crate::api::{Node, SimDuration, Taint, Toleration};

/// What the taints of a node mean for a pod that runs there.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It may stay.
    Stays,
    /// A taint is not tolerated at all.
    LeavesNow(Taint),
    /// All are tolerated, but one of them only for so long.
    LeavesAfter(SimDuration),
}

/// The taints that matter here.
pub fn no_execute(node: &Node) -> impl Iterator<Item = &Taint> {
    node.taints.iter().filter(|taint| taint.effect == NO_EXECUTE)
}

/// Models `GetMatchingTolerations` and `getMinTolerationTime`: for each taint the first toleration that matches counts,
/// and of these the shortest.
pub fn judge(node: &Node, tolerations: &[Toleration]) -> Verdict {
    let mut shortest: Option<i64> = None;
    for taint in no_execute(node) {
        let Some(used) = tolerations.iter().find(|toleration| toleration.tolerates(taint)) else {
            return Verdict::LeavesNow(taint.clone());
        };
        if let Some(seconds) = used.toleration_seconds {
            shortest = Some(shortest.map_or(seconds, |known| known.min(seconds)));
        }
    }
    match shortest {
        None => Verdict::Stays,
        Some(seconds) => Verdict::LeavesAfter(SimDuration::from_secs(seconds.max(0) as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_first_match_counts_and_the_shortest_of_all() {
        let mut node = Node::named("n");
        let exists = |key: &str, seconds| Toleration { toleration_seconds: seconds, ..Toleration::exists(key, "") };
        assert_eq!(judge(&node, &[]), Verdict::Stays);
        let (a, b) = (Taint::new("a", "", NO_EXECUTE), Taint::new("b", "", NO_EXECUTE));
        node.taints = Arc::from([a.clone(), Taint::new("c", "", "NoSchedule")]);
        assert_eq!(judge(&node, &[]), Verdict::LeavesNow(a.clone()));
        assert_eq!(judge(&node, &[exists("a", None), exists("a", Some(3))]), Verdict::Stays);
        let for_seconds = |seconds| Verdict::LeavesAfter(SimDuration::from_secs(seconds));
        assert_eq!(judge(&node, &[exists("a", Some(3)), exists("a", None)]), for_seconds(3));
        assert_eq!(judge(&node, &[exists("a", Some(-1))]), for_seconds(0));
        node.taints = Arc::from([a, b.clone()]);
        assert_eq!(judge(&node, &[exists("a", Some(9)), exists("b", Some(4))]), for_seconds(4));
        assert_eq!(judge(&node, &[exists("a", Some(9)), exists("b", None)]), for_seconds(9));
        assert_eq!(judge(&node, &[exists("a", Some(9))]), Verdict::LeavesNow(b));
    }
}

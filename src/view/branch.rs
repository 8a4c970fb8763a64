//! What a branch of time is called.

use crate::api::{DaemonSet, UpdateStrategy};
use crate::engine::Command;
use crate::store::World;

/// What the run is called before there is any other.
pub const FIRST: &str = "main";
const LONGEST: usize = 40;

/// A name for what a command begins: by what it changes, where it is a manifest.
pub fn name(command: &Command, before: &World, after: &World) -> String {
    let text = match command {
        Command::Apply { .. } => {
            let changed = after.daemonsets.iter().find_map(|(key, new)| {
                let old = before.daemonsets.get(key);
                let same = old.is_some_and(|old| old.spec.value == new.spec.value);
                (!same).then(|| change(old.map(|old| &**old), new))
            });
            changed.unwrap_or_else(|| "apply".to_owned())
        }
        other => other.to_text().trim_start_matches("kubectl ").to_owned(),
    };
    text.chars().take(LONGEST).collect()
}

fn change(old: Option<&DaemonSet>, new: &DaemonSet) -> String {
    let image = |daemonset: &DaemonSet| daemonset.spec.template.spec.image().to_owned();
    let Some(old) = old else { return [&*new.meta.name, " applied"].concat() };
    if old.spec.update_strategy != new.spec.update_strategy {
        match new.spec.update_strategy {
            UpdateStrategy::OnDelete => "OnDelete".to_owned(),
            strategy @ UpdateStrategy::RollingUpdate { max_surge, .. } if strategy.allows_surge() => {
                ["maxSurge ", &max_surge.to_string()].concat()
            }
            UpdateStrategy::RollingUpdate { max_unavailable, .. } => {
                ["maxUnavailable ", &max_unavailable.to_string()].concat()
            }
        }
    } else if image(old) != image(new) {
        image(new)
    } else {
        [&*new.meta.name, " changed"].concat()
    }
}

/// A name that nobody has yet: with a number after it where need be.
pub fn unique<'a>(wanted: &str, taken: impl Fn(&str) -> bool + 'a) -> String {
    let numbered = |number: u32| [wanted, " (", &number.to_string(), ")"].concat();
    if taken(wanted) { (2..).map(numbered).find(|name| !taken(name)).unwrap_or_default() } else { wanted.to_owned() }
}

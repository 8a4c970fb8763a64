//! Admission plugin LimitRanger: what a namespace fills in for containers that say nothing, and between which bounds their
//! amounts have to be. Not modelled: bounds for whole pods and for volumes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::quota::amount_text;
use crate::api::value::{Map, Value};
use crate::api::{Name, Pod, PodTemplateSpec, Quantity};

use super::world::World;

/// Annotation that tells what was filled in.
const TOLD: &str = "kubernetes.io/limit-ranger";

/// What a LimitRange says about containers.
struct Limits {
    min: Amounts,
    max: Amounts,
    default: Amounts,
    default_request: Amounts,
}

/// Amounts as they are written, and in milli-units.
type Amounts = BTreeMap<String, (Value, i64)>;

fn amounts(item: &Value, key: &str) -> Amounts {
    let milli = |amount: &Value| match amount {
        Value::Int(number) => Some(number.saturating_mul(1000)),
        amount => Quantity::parse(amount.as_str()?).ok().map(|quantity| quantity.milli()),
    };
    let mut amounts = Amounts::new();
    for (name, amount) in item.get(key).and_then(Value::as_map).into_iter().flatten() {
        if let Some(milli) = milli(amount) {
            amounts.insert(name.clone(), (amount.clone(), milli));
        }
    }
    amounts
}

impl Limits {
    /// Models `SetDefaults_LimitRangeItem`: what is not named follows from what is.
    fn of(item: &Value) -> Limits {
        let (min, max) = (amounts(item, "min"), amounts(item, "max"));
        let mut default = amounts(item, "default");
        let fill = |into: &mut Amounts, from: &Amounts| {
            for (name, amount) in from {
                into.entry(name.clone()).or_insert_with(|| amount.clone());
            }
        };
        fill(&mut default, &max);
        let mut default_request = amounts(item, "defaultRequest");
        fill(&mut default_request, &default);
        fill(&mut default_request, &min);
        Limits { min, max, default, default_request }
    }
}

/// The limits for containers that hold in a namespace.
fn limits_in(world: &World, namespace: &Name) -> Vec<Limits> {
    let ranges = world.limit_ranges.iter().filter(|(key, _)| key.namespace == *namespace);
    let items = ranges.flat_map(|(_, range)| range.spec.list("limits"));
    items.filter(|item| item.text("type") == "Container").map(Limits::of).collect()
}

/// Fills in and checks; the answer is why the pod is refused, if it is.
pub(super) fn admit(world: &World, pod: &mut Pod) -> Option<String> {
    if world.limit_ranges.is_empty() {
        return None;
    }
    let mut refusals = Vec::new();
    for limits in limits_in(world, &pod.meta.namespace) {
        fill_in(pod, &limits);
        refusals.extend(violations(pod, &limits));
    }
    match refusals.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(format!("[{}]", refusals.join(", "))),
    }
}

/// Models `mergePodResourceRequirements`.
fn fill_in(pod: &mut Pod, limits: &Limits) {
    let mut value = (*pod.spec.template.value).clone();
    let mut told = Vec::new();
    for list in ["containers", "initContainers"] {
        let noun = if list == "containers" { "container" } else { "init container" };
        let Some(Value::List(containers)) = value.as_map().and_then(|spec| spec.get(list)).cloned() else { continue };
        let mut changed = containers;
        for container in &mut changed {
            let name = container.text("name").to_owned();
            let resources = container.entry("resources");
            // A limit that the container names is its request too, before anything else is filled in.
            let own: Map = resources.get("limits").and_then(Value::as_map).cloned().unwrap_or_default();
            let requests = resources.entry("requests").make_map();
            for (resource, amount) in own {
                requests.entry(resource).or_insert(amount);
            }
            for (key, what, defaults) in
                [("requests", "request", &limits.default_request), ("limits", "limit", &limits.default)]
            {
                let map = resources.entry(key).make_map();
                let mut filled = Vec::new();
                for (resource, (amount, _)) in defaults {
                    if !map.contains_key(resource) {
                        map.insert(resource.clone(), amount.clone());
                        filled.push(resource.as_str());
                    }
                }
                if !filled.is_empty() {
                    told.push(format!("{} {what} for {noun} {name}", filled.join(", ")));
                }
            }
        }
        value.make_map().insert(list.to_owned(), Value::List(changed));
    }
    if !told.is_empty() {
        let text = format!("LimitRanger plugin set: {}", told.join("; "));
        Arc::make_mut(&mut pod.meta.annotations).insert(TOLD.to_owned(), text);
        pod.spec.template = Arc::new(PodTemplateSpec::from_value(&value));
    }
}

/// Models `PodValidateLimitFunc` for containers.
fn violations(pod: &Pod, limits: &Limits) -> Vec<String> {
    let mut found = Vec::new();
    for container in pod.spec.template.value.list("containers") {
        let named = |key: &str| container.get("resources").map(|resources| amounts(resources, key)).unwrap_or_default();
        let (requests, max_of) = (named("requests"), named("limits"));
        for (resource, (_, min)) in &limits.min {
            let bound = amount_text(resource, *min);
            match (requests.get(resource), max_of.get(resource)) {
                (None, _) => {
                    found.push(format!("minimum {resource} usage per Container is {bound}.  No request is specified"))
                }
                (Some((_, own)), _) if own < min => found.push(format!(
                    "minimum {resource} usage per Container is {bound}, but request is {}",
                    amount_text(resource, *own)
                )),
                (_, Some((_, own))) if own < min => found.push(format!(
                    "minimum {resource} usage per Container is {bound}, but limit is {}",
                    amount_text(resource, *own)
                )),
                _ => {}
            }
        }
        for (resource, (_, max)) in &limits.max {
            let bound = amount_text(resource, *max);
            match (requests.get(resource), max_of.get(resource)) {
                (_, None) => {
                    found.push(format!("maximum {resource} usage per Container is {bound}.  No limit is specified"))
                }
                (_, Some((_, own))) if own > max => found.push(format!(
                    "maximum {resource} usage per Container is {bound}, but limit is {}",
                    amount_text(resource, *own)
                )),
                (Some((_, own)), _) if own > max => found.push(format!(
                    "maximum {resource} usage per Container is {bound}, but request is {}",
                    amount_text(resource, *own)
                )),
                _ => {}
            }
        }
    }
    found
}

//! Patches of objects: what `kubectl apply` works out and what the API server makes of it (apimachinery
//! `strategicpatch`, `jsonmergepatch`).

use super::value::{Map, Value};

const DIRECTIVE: &str = "$patch";
const ORDER: &str = "$setElementOrder/";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";
const RETAIN_KEYS: &str = "$retainKeys";

/// The key by which the items of a list are told apart when it is merged; none for a list that is replaced as a whole.
/// These are the `patchMergeKey` tags of the types that are simulated; an empty key is a list of plain values.
fn merge_key(field: &str, item: Option<&Value>) -> Option<&'static str> {
    let has = |key: &str| item.is_some_and(|item| item.get(key).is_some());
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "schedulingGates"
        | "resourceClaims" => "name",
        "ports" if has("containerPort") => "containerPort",
        "ports" if has("port") => "port",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "hostAliases" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        "ownerReferences" => "uid",
        "conditions" | "addresses" if has("type") => "type",
        "finalizers" | "podCIDRs" => "",
        _ => return None,
    })
}

/// The patch that leads from what is stored to what a manifest wants: fields that were applied before and are not
/// wanted any more go, fields that others have set stay (`CreateThreeWayMergePatch`). An empty map if nothing is to do.
pub fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = diff(current, modified, true, false);
    join(&mut patch, diff(original, modified, false, true));
    Value::Map(patch)
}

/// What leads from one map to another; deletions or changes can be left out.
fn diff(from: &Value, to: &Value, no_deletions: bool, no_changes: bool) -> Map {
    let empty = Map::new();
    let (from, to) = (from.as_map().unwrap_or(&empty), to.as_map().unwrap_or(&empty));
    let mut patch = Map::new();
    for (key, old) in from {
        match (old, to.get(key)) {
            (_, None) if no_deletions => {}
            (_, None) => drop(patch.insert(key.clone(), Value::Null)),
            (Value::Map(_), Some(new @ Value::Map(_))) => {
                let inner = diff(old, new, no_deletions, no_changes);
                if !inner.is_empty() {
                    patch.insert(key.clone(), inner.into());
                }
            }
            (Value::List(old), Some(Value::List(new))) => match merge_key(key, new.first().or(old.first())) {
                Some(merge_key) => diff_lists(key, merge_key, old, new, no_deletions, no_changes, &mut patch),
                None if no_changes || old == new => {}
                None => drop(patch.insert(key.clone(), Value::List(new.clone()))),
            },
            (old, Some(new)) if no_changes || old == new => {}
            (_, Some(new)) => drop(patch.insert(key.clone(), new.clone())),
        }
    }
    if !no_changes {
        let added = to.iter().filter(|(key, value)| !from.contains_key(*key) && !value.is_null());
        patch.extend(added.map(|(key, value)| (key.clone(), value.clone())));
    }
    patch
}

fn diff_lists(
    field: &str,
    key: &'static str,
    old: &[Value],
    new: &[Value],
    no_deletions: bool,
    no_changes: bool,
    patch: &mut Map,
) {
    let gone = || old.iter().filter(|item| find(new, key, item).is_none());
    let mut items = Vec::new();
    let mut deleted = Vec::new();
    for item in new {
        match find(old, key, item) {
            None if no_changes => {}
            None => items.push(item.clone()),
            Some(before) if !key.is_empty() => {
                let mut inner = diff(before, item, no_deletions, no_changes);
                if !inner.is_empty() {
                    if field == "volumes" && !no_changes {
                        // Sources exclude each other: what the manifest does not name goes (`retainKeys`).
                        let mut names: Vec<String> =
                            item.as_map().into_iter().flatten().map(|(k, _)| k.clone()).collect();
                        names.sort();
                        inner.insert(RETAIN_KEYS.to_owned(), names.into());
                    }
                    inner.insert(key.to_owned(), item.get(key).cloned().unwrap_or_default());
                    items.push(Value::Map(inner));
                }
            }
            Some(_) => {}
        }
    }
    if !no_deletions {
        for item in gone() {
            match key {
                "" => deleted.push(item.clone()),
                _ => items.push(
                    [(DIRECTIVE, Value::from("delete")), (key, item.get(key).cloned().unwrap_or_default())].into(),
                ),
            }
        }
    }
    let order = |list: &[Value]| -> Vec<Value> {
        let name = |item: &Value| match key {
            "" => item.clone(),
            _ => [(key, item.get(key).cloned().unwrap_or_default())].into(),
        };
        list.iter().map(name).collect()
    };
    let kept: Vec<Value> = old.iter().filter(|item| find(new, key, item).is_some()).cloned().collect();
    let same_order = order(&kept) == order(new);
    if !items.is_empty() || (!no_changes && !same_order) {
        patch.insert(format!("{ORDER}{field}"), Value::List(order(new)));
    }
    if !items.is_empty() {
        patch.insert(field.to_owned(), Value::List(items));
    }
    if !deleted.is_empty() {
        patch.insert(format!("{DELETE_FROM_LIST}{field}"), Value::List(deleted));
    }
}

/// The item of a list that is the same one.
fn find<'a>(list: &'a [Value], key: &str, item: &Value) -> Option<&'a Value> {
    position(list, key, item).and_then(|at| list.get(at))
}

fn position(list: &[Value], key: &str, item: &Value) -> Option<usize> {
    match key {
        "" => list.iter().position(|it| it == item),
        _ => list.iter().position(|it| it.get(key).is_some() && it.get(key) == item.get(key)),
    }
}

/// Two patches as one.
fn join(patch: &mut Map, more: Map) {
    for (key, value) in more {
        match (patch.get_mut(&key), value) {
            (Some(Value::Map(mine)), Value::Map(theirs)) => join(mine, theirs),
            (Some(Value::List(mine)), Value::List(theirs)) if !key.starts_with(ORDER) => {
                let merge_key = merge_key(&key, theirs.first());
                for item in theirs {
                    let same = merge_key.and_then(|key| position(mine, key, &item));
                    match (same.and_then(|at| mine.get_mut(at)), item) {
                        (Some(Value::Map(mine)), Value::Map(theirs)) => join(mine, theirs),
                        (_, item) => mine.push(item),
                    }
                }
            }
            (Some(_), _) => {}
            (None, value) => drop(patch.insert(key, value)),
        }
    }
}

/// An object with a strategic merge patch made to it (`StrategicMergeMapPatch`).
pub fn strategic_merge(object: &Value, patch: &Value) -> Value {
    match (object, patch) {
        (Value::Map(old), Value::Map(patch)) => Value::Map(merge_maps(old, patch)),
        (_, Value::Map(patch)) => Value::Map(merge_maps(&Map::new(), patch)),
        _ => patch.clone(),
    }
}

fn merge_maps(old: &Map, patch: &Map) -> Map {
    let mut new = match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace" | "delete") => {
            let mut new = patch.clone();
            new.remove(DIRECTIVE);
            return if patch.get(DIRECTIVE).and_then(Value::as_str) == Some("delete") { Map::new() } else { new };
        }
        _ => old.clone(),
    };
    if let Some(kept) = patch.get(RETAIN_KEYS).and_then(Value::as_list) {
        new.retain(|key, _| kept.iter().any(|it| it.as_str() == Some(key)));
    }
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix(DELETE_FROM_LIST) {
            if let (Some(Value::List(list)), Some(gone)) = (new.get_mut(field), value.as_list()) {
                list.retain(|item| !gone.contains(item));
            }
        } else if !key.starts_with('$') {
            let merged = match (new.get(key), value) {
                (_, Value::Null) => None,
                (Some(Value::Map(_)), Value::Map(_)) => new.get(key).map(|old| strategic_merge(old, value)),
                (before, Value::List(items)) => {
                    let old = before.and_then(Value::as_list).unwrap_or_default();
                    match merge_key(key, items.iter().chain(old).find(|item| item.get(DIRECTIVE).is_none())) {
                        Some(merge_key) => Some(Value::List(merge_lists(old, merge_key, items))),
                        None => Some(value.clone()),
                    }
                }
                (_, value) => Some(strategic_merge(&Value::Null, value)),
            };
            match merged {
                Some(merged) => drop(new.insert(key.clone(), merged)),
                None => drop(new.remove(key)),
            }
        }
    }
    for (key, order) in patch {
        if let (Some(field), Some(order)) = (key.strip_prefix(ORDER), order.as_list())
            && let Some(Value::List(list)) = new.get_mut(field)
        {
            let merge_key = merge_key(field, list.first()).unwrap_or("");
            let before = old.get(field).and_then(Value::as_list).unwrap_or_default();
            sort(list, merge_key, order, before);
        }
    }
    new
}

fn merge_lists(old: &[Value], key: &str, patch: &[Value]) -> Vec<Value> {
    if patch.iter().any(|item| item.get(DIRECTIVE).and_then(Value::as_str) == Some("replace")) {
        return patch.iter().filter(|item| item.get(DIRECTIVE).is_none()).cloned().collect();
    }
    let mut list = old.to_vec();
    for item in patch {
        let at = position(&list, key, item);
        match (item.get(DIRECTIVE).and_then(Value::as_str), at) {
            (Some("delete"), Some(at)) => drop(list.remove(at)),
            (Some("delete"), None) => {}
            (_, Some(at)) if !key.is_empty() => list[at] = strategic_merge(&list[at], item),
            (_, Some(_)) => {}
            (_, None) => list.push(strategic_merge(&Value::Null, item)),
        }
    }
    list
}

/// Puts the items into the order that a patch asks for; items that it does not name stay where the server had them
/// (`normalizeElementOrder`).
fn sort(list: &mut Vec<Value>, key: &str, order: &[Value], before: &[Value]) {
    let (mut named, others): (Vec<Value>, Vec<Value>) =
        list.drain(..).partition(|item| position(order, key, item).is_some());
    named.sort_by_key(|item| position(order, key, item));
    let mut others = others.into_iter().peekable();
    for item in named {
        let here = position(before, key, &item);
        while let Some(other) =
            others.next_if(|other| here.is_some_and(|at| position(before, key, other).is_some_and(|it| it < at)))
        {
            list.push(other);
        }
        list.push(item);
    }
    list.extend(others);
}

/// An object with a JSON merge patch made to it (RFC 7386).
pub fn json_merge(object: &Value, patch: &Value) -> Value {
    let Value::Map(patch) = patch else { return patch.clone() };
    let mut new = object.as_map().cloned().unwrap_or_default();
    for (key, value) in patch {
        match value {
            Value::Null => drop(new.remove(key)),
            value => {
                let merged = json_merge(new.get(key).unwrap_or(&Value::Null), value);
                new.insert(key.clone(), merged);
            }
        }
    }
    Value::Map(new)
}

/// An object after the operations of a JSON patch (RFC 6902); nothing if one of them cannot be done.
pub fn json_patch(object: &Value, operations: &[Value]) -> Option<Value> {
    let mut new = object.clone();
    for operation in operations {
        let text = |field: &str| operation.get(field).and_then(Value::as_str);
        let (path, from) = (steps(text("path")?), text("from").map(steps));
        let value = || operation.get("value").cloned();
        match text("op")? {
            "add" => put(&mut new, &path, value()?, true)?,
            "replace" => put(&mut new, &path, value()?, false)?,
            "remove" => drop(take(&mut new, &path)?),
            "move" => {
                let value = take(&mut new, &from?)?;
                put(&mut new, &path, value, true)?;
            }
            "copy" => {
                let value = find_at(&new, &from?)?.clone();
                put(&mut new, &path, value, true)?;
            }
            "test" if find_at(&new, &path) == Some(&value()?) => {}
            _ => return None,
        }
    }
    Some(new)
}

/// The steps of a JSON pointer.
fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

fn find_at<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |at, step| match at {
        Value::List(list) => list.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

/// What holds the last step of a path, and that step.
fn holder<'a, 'b>(object: &'a mut Value, path: &'b [String]) -> Option<(&'a mut Value, &'b str)> {
    let (last, before) = path.split_last()?;
    let holder = before.iter().try_fold(object, |at, step| match at {
        Value::List(list) => list.get_mut(step.parse::<usize>().ok()?),
        Value::Map(map) => map.get_mut(step),
        _ => None,
    })?;
    Some((holder, last))
}

fn put(object: &mut Value, path: &[String], value: Value, new: bool) -> Option<()> {
    match holder(object, path)? {
        (Value::Map(map), key) if new || map.contains_key(key) => drop(map.insert(key.to_owned(), value)),
        (Value::List(list), "-") if new => list.push(value),
        (Value::List(list), index) => {
            let index = index.parse::<usize>().ok()?;
            match new {
                true if index <= list.len() => list.insert(index, value),
                false => *list.get_mut(index)? = value,
                true => return None,
            }
        }
        _ => return None,
    }
    Some(())
}

fn take(object: &mut Value, path: &[String]) -> Option<Value> {
    match holder(object, path)? {
        (Value::Map(map), key) => map.remove(key),
        (Value::List(list), index) => {
            let index = index.parse::<usize>().ok().filter(|index| *index < list.len())?;
            Some(list.remove(index))
        }
        _ => None,
    }
}

/// The JSON merge patch that makes one object of another.
pub fn merge_between(old: &Value, new: &Value) -> Value {
    let (Value::Map(old), Value::Map(new)) = (old, new) else { return new.clone() };
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = new.iter().filter(|(key, value)| old.get(*key) != Some(*value));
    let changed = changed.map(|(key, value)| {
        (key.clone(), old.get(key).map_or_else(|| value.clone(), |before| merge_between(before, value)))
    });
    Value::Map(gone.chain(changed).collect())
}

/// What is left of a strategic merge patch after the server has merged it: that is what its refusals print.
pub fn after_merge(patch: &Value) -> Value {
    let Value::Map(map) = patch else { return patch.clone() };
    let ordered = |key: &str| map.contains_key(&format!("{ORDER}{key}"));
    let rest = map.iter().filter(|(key, _)| !key.starts_with('$') && !ordered(key));
    Value::Map(rest.map(|(key, value)| (key.clone(), after_merge(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::value::Map;

    fn read(json: &str) -> Value {
        crate::manifest::read_value(json).unwrap()
    }

    #[test]
    fn a_json_patch_does_its_operations_or_nothing() {
        let object = read(r#"{"a":{"b~/c":1},"l":[1,2]}"#);
        for (operations, expected) in [
            (
                r#"[{"op":"add","path":"/l/1","value":9},{"op":"add","path":"/l/-","value":8}]"#,
                Some(r#"{"a":{"b~/c":1},"l":[1,9,2,8]}"#),
            ),
            (
                r#"[{"op":"replace","path":"/a/b~0~1c","value":2},{"op":"remove","path":"/l/0"}]"#,
                Some(r#"{"a":{"b~/c":2},"l":[2]}"#),
            ),
            (
                r#"[{"op":"move","from":"/a","path":"/z"},{"op":"copy","from":"/l/0","path":"/y"}]"#,
                Some(r#"{"l":[1,2],"y":1,"z":{"b~/c":1}}"#),
            ),
            (r#"[{"op":"test","path":"/l/0","value":1}]"#, Some(r#"{"a":{"b~/c":1},"l":[1,2]}"#)),
            (r#"[{"op":"test","path":"/l/0","value":2}]"#, None),
            (r#"[{"op":"remove","path":"/nope"}]"#, None),
            (r#"[{"op":"replace","path":"/nope","value":1}]"#, None),
            (r#"[{"op":"add","path":"/l/7","value":1}]"#, None),
            (r#"[{"op":"add","path":"/x/y","value":1}]"#, None),
            (r#"[{"op":"add","path":"","value":1}]"#, None),
            (r#"[{"op":"hop","path":"/a"}]"#, None),
        ] {
            let operations = read(operations);
            let new = json_patch(&object, operations.as_list().unwrap());
            assert_eq!(new.as_ref().map(Value::to_json).as_deref(), expected, "{operations:?}");
            if let Some(new) = new {
                assert_eq!(json_merge(&object, &merge_between(&object, &new)), new);
            }
        }
    }

    #[track_caller]
    fn check(original: &str, modified: &str, current: &str, patch: &str, result: &str) {
        let made = three_way(&read(original), &read(modified), &read(current));
        assert_eq!(made.to_json(), read(patch).to_json());
        assert_eq!(strategic_merge(&read(current), &made).to_json(), read(result).to_json());
    }

    #[test]
    fn what_others_have_set_stays_and_what_was_applied_before_goes() {
        check(
            "{a: 1, b: {c: 1, d: 1}}",
            "{a: 1, b: {c: 2}}",
            "{a: 1, b: {c: 1, d: 1, e: 1}, f: 1}",
            "{b: {c: 2, d: null}}",
            "{a: 1, b: {c: 2, e: 1}, f: 1}",
        );
        check("{a: 1}", "{a: 1}", "{a: 1, b: 2}", "{}", "{a: 1, b: 2}");
    }

    #[test]
    fn lists_with_a_key_are_merged_by_it() {
        check(
            "{containers: [{name: a, image: x}, {name: gone, image: x}]}",
            "{containers: [{name: a, image: y}, {name: new, image: z}]}",
            "{containers: [{name: injected, image: i}, {name: a, image: x, env: [{name: E, value: v}]}, {name: gone, image: x}]}",
            "{$setElementOrder/containers: [{name: a}, {name: new}], containers: [{name: a, image: y}, {name: new, image: z}, \
             {name: gone, $patch: delete}]}",
            "{containers: [{name: injected, image: i}, {name: a, image: y, env: [{name: E, value: v}]}, {name: new, image: z}]}",
        );
        // Others are replaced as a whole.
        check("{args: [a]}", "{args: [a, b]}", "{args: [a, c]}", "{args: [a, b]}", "{args: [a, b]}");
    }

    #[test]
    fn a_volume_has_one_source() {
        check(
            "{volumes: [{name: v, emptyDir: {}}]}",
            "{volumes: [{name: v, hostPath: {path: /x}}]}",
            "{volumes: [{name: v, emptyDir: {}}]}",
            "{$setElementOrder/volumes: [{name: v}], volumes: [{name: v, hostPath: {path: /x}, emptyDir: null, $retainKeys: [hostPath, name]}]}",
            "{volumes: [{name: v, hostPath: {path: /x}}]}",
        );
    }

    #[test]
    fn directives_are_followed() {
        let object = read("{m: {a: 1}, env: [{name: A}, {name: B}], finalizers: [x, z]}");
        let merged = |patch: &str| strategic_merge(&object, &read(patch)).to_json();
        assert_eq!(
            merged("{m: {$patch: replace, b: 2}}"),
            r#"{"env":[{"name":"A"},{"name":"B"}],"finalizers":["x","z"],"m":{"b":2}}"#
        );
        assert_eq!(
            merged("{env: [{name: A, $patch: delete}], $deleteFromPrimitiveList/finalizers: [x], m: null}"),
            r#"{"env":[{"name":"B"}],"finalizers":["z"]}"#
        );
        assert_eq!(
            json_merge(&object, &read("{env: [], m: {a: null}}")).to_json(),
            r#"{"env":[],"finalizers":["x","z"],"m":{}}"#
        );
        assert_eq!(after_merge(&read("{a: {$setElementOrder/env: [], env: [], b: 1}}")).to_json(), r#"{"a":{"b":1}}"#);
        assert_eq!(Value::Map(Map::new()).to_json(), "{}");
    }
}

//! `set image`, `set env`, `set resources`: a change of the containers of a pod template.

use crate::api::Value;
use crate::api::value::Map;
use crate::engine::PatchType;

use super::act::{Files, NOTHING_NAMED, parted, patch_task, targets};
use super::line::Line;
use super::resources::{Item, Resource, text};
use super::{Moment, Task};

/// Models `set image`, `set env` and `set resources`: a strategic merge patch of the containers.
pub fn plan(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    let what = line.verb.path.split(' ').nth(1).unwrap_or_default();
    let is_change = |arg: &str| what != "resources" && (arg.contains('=') || (arg.ends_with('-') && what == "env"));
    let (args, words) = parted(&line.args, what, is_change)?;
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.extend(line.list("env"));
    let (limits, requests) = (line.list("limits"), line.list("requests"));
    if what != "env" && args.is_empty() && line.list("filename").is_empty() {
        return Err(NOTHING_NAMED.to_owned());
    }
    if what == "resources" && limits.is_empty() && requests.is_empty() {
        return Err(
            "error: you must specify an update to requests or limits (in the form of --requests/--limits)".to_owned()
        );
    }
    if what == "image" && words.is_empty() {
        return Err("error: at least one image update is required".to_owned());
    }
    if what == "image" && words.len() > 1 && words.iter().any(|word| word.starts_with("*=")) {
        return Err("error: all containers are already specified by *, but saw more than one \
                    container_name=container_image pairs"
            .to_owned());
    }
    let found = targets(line, moment, files, args)?;
    let mut tasks = Vec::new();
    for item in found.items() {
        let inside: &[&str] = if item.resource.kind == "Pod" { &["spec"] } else { &["spec", "template", "spec"] };
        let Some(spec) = item.value.at(inside).filter(|spec| spec.get("containers").is_some()) else {
            let Resource { kind, names, .. } = item.resource;
            let version = text(&item.value, &["apiVersion"]).rsplit('/').next().unwrap_or_default();
            tasks.push(Task::Fail(format!(
                "error: {}/{} the object is not a pod or does not have a pod template: *{version}.{kind}",
                names[0],
                item.name()
            )));
            continue;
        };
        if !has_container(spec, &|name| what == "image" || fits(line, name)) {
            let wanted = line.flag("containers").unwrap_or("*");
            tasks.push(match what {
                "env" => Task::Err(format!(
                    "warning: {}/{} does not have any containers matching {wanted:?}\n",
                    item.resource.kind,
                    item.name()
                )),
                _ => Task::Fail(format!("error: unable to find container named {wanted}")),
            });
            continue;
        }
        let changed = match what {
            "image" => images(spec, &words),
            "env" => variables(line, spec, &words),
            _ => quantities(line, spec, &limits, &requests),
        };
        let changed = match changed {
            Ok(changed) => changed,
            Err(errors) => {
                tasks.extend(errors.into_iter().map(|error| Task::Fail(format!("error: {error}"))));
                continue;
            }
        };
        if line.is("list") {
            tasks.push(Task::Out(listed(item, &changed, &|name| fits(line, name))));
            continue;
        }
        let patch = crate::api::patch::three_way(spec, &changed, spec);
        if patch.as_map().is_none_or(Map::is_empty) {
            // kubectl is silent about an object that is so already.
            continue;
        }
        let whole = inside.iter().rev().fold(patch, |inner, key| [(*key, inner)].into());
        let done = match what {
            "image" => "image updated",
            "env" => "env updated",
            _ => "resource requirements updated",
        };
        tasks.push(patch_task(line, item, whole.to_json(), PatchType::Strategic, done)?);
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

fn has_container(spec: &Value, wanted: &dyn Fn(&str) -> bool) -> bool {
    each_container(&mut spec.clone(), wanted, &mut |_| {}) > 0
}

/// `set env --list`: the environment of each container.
fn listed(item: &Item, spec: &Value, wanted: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for list in ["containers", "initContainers"] {
        let containers = spec.get(list).and_then(Value::as_list).unwrap_or_default();
        for container in containers.iter().filter(|it| wanted(text(it, &["name"]))) {
            out.push_str(&format!(
                "# {} {}, container {}\n",
                item.resource.kind,
                item.name(),
                text(container, &["name"])
            ));
            for variable in container.get("env").and_then(Value::as_list).unwrap_or_default() {
                let name = text(variable, &["name"]);
                let Some((from, source)) =
                    variable.get("valueFrom").and_then(Value::as_map).and_then(|it| it.iter().next())
                else {
                    out.push_str(&format!("{name}={}\n", text(variable, &["value"])));
                    continue;
                };
                let field = |key| text(source, &[key]);
                // Models `GetEnvVarRefString`.
                let from = match from.as_str() {
                    "configMapKeyRef" => format!("configmap {}, key {}", field("name"), field("key")),
                    "secretKeyRef" => format!("secret {}, key {}", field("name"), field("key")),
                    "fieldRef" => format!("field path {}", field("fieldPath")),
                    _ if field("containerName").is_empty() => format!("resource field {}", field("resource")),
                    _ => format!("{}/resource field {}", field("containerName"), field("resource")),
                };
                out.push_str(&format!("# {name} from {from}\n"));
            }
        }
    }
    out
}

/// Changes every container of a pod spec that `wanted` names; tells how many these were.
fn each_container(spec: &mut Value, wanted: &dyn Fn(&str) -> bool, change: &mut dyn FnMut(&mut Value)) -> usize {
    let mut count = 0;
    for list in ["initContainers", "containers"] {
        if let Some(Value::List(containers)) = spec.make_map().get_mut(list) {
            for container in containers.iter_mut().filter(|it| wanted(text(it, &["name"]))) {
                change(container);
                count += 1;
            }
        }
    }
    count
}

fn images(spec: &Value, words: &[&str]) -> Result<Value, Vec<String>> {
    let mut spec = spec.clone();
    let mut errors = Vec::new();
    for word in words {
        let Some((name, image)) = word.split_once('=') else { continue };
        let count = each_container(&mut spec, &|it| name == "*" || it == name, &mut |container| {
            container.make_map().insert("image".to_owned(), image.into());
        });
        if count == 0 {
            errors.push(format!("unable to find container named {name:?}"));
        }
    }
    if errors.is_empty() { Ok(spec) } else { Err(errors) }
}

/// Whether a container's name fits `--containers`, `*` for all.
fn fits(line: &Line, name: &str) -> bool {
    match line.flag("containers").unwrap_or("*").split_once('*') {
        None => line.flag("containers") == Some(name),
        Some((from, to)) => name.len() >= from.len() + to.len() && name.starts_with(from) && name.ends_with(to),
    }
}

fn variables(line: &Line, spec: &Value, words: &[&str]) -> Result<Value, Vec<String>> {
    let mut spec = spec.clone();
    each_container(&mut spec, &|name| fits(line, name), &mut |container| {
        let mut list = container.get("env").and_then(Value::as_list).unwrap_or_default().to_vec();
        for word in words {
            match (word.split_once('='), word.strip_suffix('-')) {
                (Some((name, value)), _) => {
                    let new: Value = [("name", Value::from(name)), ("value", value.into())].into();
                    match list.iter_mut().find(|it| text(it, &["name"]) == name) {
                        Some(old) => *old = new,
                        None => list.push(new),
                    }
                }
                (None, Some(name)) => list.retain(|it| text(it, &["name"]) != name),
                (None, None) => {}
            }
        }
        match list.is_empty() {
            true => drop(container.make_map().remove("env")),
            false => drop(container.make_map().insert("env".to_owned(), Value::List(list))),
        }
    });
    Ok(spec)
}

fn quantities(line: &Line, spec: &Value, limits: &[&str], requests: &[&str]) -> Result<Value, Vec<String>> {
    let mut spec = spec.clone();
    for (field, list) in [("limits", limits), ("requests", requests)] {
        for word in list {
            let Some((name, amount)) = word.split_once('=') else {
                return Err(vec![format!("Invalid argument syntax {word}, expected <resource>=<value>")]);
            };
            if let Err(error) = crate::api::Quantity::parse(amount) {
                return Err(vec![error.to_string()]);
            }
            each_container(&mut spec, &|name| fits(line, name), &mut |container| {
                container.entry("resources").entry(field).make_map().insert(name.to_owned(), amount.into());
            });
        }
    }
    Ok(spec)
}

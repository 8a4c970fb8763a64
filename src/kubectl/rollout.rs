//! `kubectl rollout`.

use std::sync::Arc;

use crate::api::{ControllerRevision, DaemonSet, UpdateStrategy};
use crate::controllers::daemonset::history;
use crate::engine::{Command, managed_by_apply};

use super::act::{Files, how, number, timeout};
use super::follow::Follow;
use super::layout;
use super::line::Line;
use super::print::{self, Format};
use super::resources::{self, Found, Item};
use super::{Moment, Task, files, read};

pub fn plan(line: &Line, moment: &Moment, texts: &Files) -> Result<Vec<Task>, String> {
    let Some(what) = line.verb.path.split_once(' ').map(|(_, what)| what) else { return read::no_sub_command(line) };
    let found = match files::objects(line, moment, texts)? {
        Some(found) => found,
        None => {
            let asks = resources::asks(&line.args)?;
            if asks.is_empty() {
                return Err("error: required resource not specified".to_owned());
            }
            if what == "history" && asks.iter().all(|ask| ask.names.is_empty()) && line.flag("selector").is_none() {
                return table_of_all(line, moment, &asks);
            }
            let single = !["restart", "pause", "resume", "undo"].contains(&what);
            if asks.iter().any(|ask| ask.names.is_empty()) && line.flag("selector").is_none() && single {
                let count = resources::look_up(moment, line, &asks)?.items().count();
                if count != 1 {
                    return Err(format!(
                        "error: rollout status is only supported on individual resources and resource collections - {count} resources were found"
                    ));
                }
            }
            // Of a kind that has no rollout nothing is looked up.
            if let Some(ask) = asks.iter().find(|ask| ask.resource.kind != "DaemonSet") {
                let exists = resources::look_up(moment, line, std::slice::from_ref(ask))?;
                if let Some(error) = exists.errors.first() {
                    return Err(error.clone());
                }
                return Err(no_rollout(what, ask.resource.kind, ask));
            }
            resources::look_up(moment, line, &asks)?
        }
    };
    if let Some(error) = found.errors.first().filter(|_| what == "status") {
        return Err(error.clone());
    }
    let mut tasks = Vec::new();
    let revision = number(line, if what == "undo" { "to-revision" } else { "revision" })?;
    if what == "history" && revision.is_some_and(|number| number < 0) {
        return Err(format!("error: revision must be a positive integer: {}", revision.unwrap_or_default()));
    }
    if what == "status" && revision.is_some_and(|number| number < 0) {
        return Err(format!("error: revision must be a positive integer: {}", revision.unwrap_or_default()));
    }
    for item in found.items() {
        let Some(set) = moment.world.daemonsets.get(&item.key()).cloned() else { continue };
        match what {
            "status" => tasks.push(status(line, moment, item, &set)?),
            "history" => tasks.extend(history_of(line, moment, item, &set, revision)?),
            "restart" => {
                let template = set.spec.template.annotations.get("kubectl.kubernetes.io/restartedAt");
                if template.is_some_and(|at| **at == moment.now.to_rfc3339()) {
                    tasks.push(Task::Fail(format!(
                        "error: failed to create patch for {}: if restart has already been triggered within the past second, \
                         please wait before attempting to trigger another",
                        item.name()
                    )));
                    continue;
                }
                let command =
                    Command::RolloutRestart { namespace: item.namespace().to_owned(), name: item.name().to_owned() };
                tasks.push(task(line, item, command)?);
            }
            "undo" => tasks.extend(undo(line, moment, item, &set, revision)?),
            _ => {
                let doing = if what == "pause" { "pausing" } else { "resuming" };
                tasks.push(Task::Fail(format!("error: daemonsets.apps {:?} {doing} is not supported", item.name())));
            }
        }
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

fn task(line: &Line, item: &Item, command: Command) -> Result<Task, String> {
    Ok(Task::Do { command, how: how(line, Some((item.resource, item.namespace(), item.name())))? })
}

fn no_rollout(what: &str, kind: &str, ask: &resources::Ask) -> String {
    let name = ask.names.first().map_or("", String::as_str);
    let resource = ask.resource.in_errors();
    match what {
        "status" => format!("error: no status viewer has been implemented for {kind}"),
        "history" => format!("error: no history viewer has been implemented for {kind:?}"),
        "undo" => format!("error: no rollbacker has been implemented for {kind:?}"),
        "restart" => format!("error: {resource} {name:?} restarting is not supported"),
        "pause" => format!("error: {resource} {name:?} pausing is not supported"),
        _ => format!("error: {resource} {name:?} resuming is not supported"),
    }
}

fn status(line: &Line, moment: &Moment, item: &Item, set: &DaemonSet) -> Result<Task, String> {
    if set.spec.update_strategy == UpdateStrategy::OnDelete {
        return Err("error: rollout status is only available for RollingUpdate strategy type".to_owned());
    }
    Ok(Task::Follow(Follow::Rollout {
        key: item.key(),
        seen: None,
        deadline: timeout(line, moment)?,
        once: line.is_off("watch"),
    }))
}

/// The revisions that kubectl counts as the DaemonSet's: controlled by it and selected by it, ascending.
fn revisions(moment: &Moment, set: &DaemonSet) -> Vec<Arc<ControllerRevision>> {
    let mut revisions: Vec<Arc<ControllerRevision>> = history::revisions(moment.world, set).cloned().collect();
    revisions.sort_by_key(|revision| revision.revision);
    revisions
}

fn history_of(
    line: &Line,
    moment: &Moment,
    item: &Item,
    set: &DaemonSet,
    number: Option<i64>,
) -> Result<Vec<Task>, String> {
    let revisions = revisions(moment, set);
    let name = item.full_name();
    if line.flag("output").is_some_and(|output| !output.is_empty()) {
        return printed(line, moment, item, &revisions, number);
    }
    if let Some(number) = number.filter(|number| *number > 0) {
        let Some(revision) = revisions.iter().find(|revision| revision.revision == number) else {
            return Err("error: unable to find the specified revision".to_owned());
        };
        let template = history::template_of(revision).cloned().unwrap_or_default();
        let text = super::describe::pod_template(&template);
        return Ok(vec![Task::Out(format!("{name} with revision #{number}\n{text}\n"))]);
    }
    if revisions.is_empty() {
        return Ok(vec![Task::Out(format!("{name} \nNo rollout history found.\n"))]);
    }
    let mut text = "REVISION\tCHANGE-CAUSE\n".to_owned();
    for revision in &revisions {
        let cause = revision.meta.annotations.get("kubernetes.io/change-cause").filter(|cause| !cause.is_empty());
        text.push_str(&format!("{}\t{}\n", revision.revision, cause.map_or("<none>", |cause| cause)));
    }
    Ok(vec![Task::Out(format!("{name} \n{}\n", layout::tabbed(&text)))])
}

/// With `-o`, the DaemonSet is printed as it was in each revision (`GetHistory`).
fn printed(
    line: &Line,
    moment: &Moment,
    item: &Item,
    revisions: &[Arc<ControllerRevision>],
    number: Option<i64>,
) -> Result<Vec<Task>, String> {
    let number = number.filter(|number| *number > 0);
    let wanted = revisions.iter().filter(|it| number.is_none_or(|number| it.revision == number));
    let mut texts = Vec::new();
    let format = Format::of(line)?;
    for revision in wanted {
        let mut value = item.value.clone();
        let mut template = history::template_of(revision).cloned().unwrap_or_default();
        template.make_map().remove("$patch");
        value.entry("spec").make_map().insert("template".to_owned(), template);
        let item = Item { resource: item.resource, value };
        texts.push(print::objects(&format, &[&item], true, moment.now)?);
    }
    if let (Some(number), true) = (number, texts.is_empty()) {
        return Err(format!("error: unable to find the specified revision {number}"));
    }
    let between = if matches!(format, Format::Yaml) { "---\n" } else { "" };
    Ok(vec![Task::Out(texts.join(between))])
}

/// Without a name every object of the type is shown.
fn table_of_all(line: &Line, moment: &Moment, asks: &[resources::Ask]) -> Result<Vec<Task>, String> {
    if let Some(ask) = asks.iter().find(|ask| ask.resource.kind != "DaemonSet") {
        return Err(no_rollout("history", ask.resource.kind, ask));
    }
    let Found { lists, .. } = resources::look_up(moment, line, asks)?;
    let mut tasks = Vec::new();
    for item in lists.iter().flat_map(|(_, items)| items) {
        if let Some(set) = moment.world.daemonsets.get(&item.key()).cloned() {
            tasks.extend(history_of(line, moment, item, &set, number(line, "revision")?)?);
        }
    }
    Ok(tasks)
}

fn undo(line: &Line, moment: &Moment, item: &Item, set: &DaemonSet, number: Option<i64>) -> Result<Vec<Task>, String> {
    let command = Command::RolloutUndo {
        namespace: item.namespace().to_owned(),
        name: item.name().to_owned(),
        to_revision: number,
    };
    let how = how(line, Some((item.resource, item.namespace(), item.name())))?;
    if how.suffix == " (dry run)" {
        let revisions = revisions(moment, set);
        let wanted = match number.filter(|number| *number != 0) {
            Some(number) => revisions.iter().find(|revision| revision.revision == number),
            None => revisions.len().checked_sub(2).and_then(|at| revisions.get(at)),
        };
        if let Some(template) = wanted.and_then(|revision| history::template_of(revision)) {
            let text = super::describe::pod_template(template);
            let warning = managed_by_apply(set).map(|warning| Task::Err(format!("{warning}\n")));
            let told = Task::Out(format!("{} will roll back to {text} (dry run)\n", item.full_name()));
            return Ok(warning.into_iter().chain([told]).collect());
        }
    }
    Ok(vec![Task::Do { command, how }])
}

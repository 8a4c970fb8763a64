//! `kubectl events`, and the events that `describe` shows.

use std::sync::Arc;

use crate::api::{Event, Involved, SimTime};

use super::act::Files;
use super::follow::{Follow, Stream};
use super::layout::{self, human};
use super::line::Line;
use super::print::{self, Format};
use super::resources::{self, Item};
use super::{Moment, Task};

fn since(at: SimTime, now: SimTime) -> String {
    human((now.0 - at.truncated_to_second().0) / 1_000_000)
}

/// `5s`, or `5s (x3 over 2m)` for an event that came again.
pub fn seen(event: &Event, now: SimTime) -> String {
    match event.count {
        0 | 1 => since(event.first_at, now),
        count => format!("{} (x{count} over {})", since(event.last_at, now), since(event.first_at, now)),
    }
}

/// The events about an object, the oldest first, as the last section of `describe` (`DescribeEvents`).
pub fn section(out: &mut String, moment: &Moment, item: &Item) {
    let uid = resources::text(&item.value, &["metadata", "uid"]);
    let mut events: Vec<&Arc<Event>> =
        moment.world.events.values().filter(|it| it.involved.uid.to_string() == uid).collect();
    // By whole seconds, and out of the order of the list: that of their names.
    super::sort::sort(&mut events, &|a, b| a.last_at.truncated_to_second() < b.last_at.truncated_to_second());
    if events.is_empty() {
        out.push_str("Events:\t<none>\n");
        return;
    }
    out.push_str("Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n");
    for event in events {
        let age = seen(event, moment.now);
        let message = event.message.trim();
        out.push_str(&format!("  {}\t{}\t{age}\t{}\t{message}\n", event.kind, event.reason, event.component));
    }
}

/// What `kubectl events` asks for.
pub struct Wanted {
    /// Everywhere if none.
    pub namespace: Option<String>,
    /// Kind and name of the object that they are about.
    pub about: Option<(&'static str, String)>,
    pub types: Vec<String>,
}

impl Wanted {
    pub fn admits(&self, event: &Event) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| *event.meta.namespace == **namespace)
            && self
                .about
                .as_ref()
                .is_none_or(|(kind, name)| event.involved.kind.as_str() == *kind && *event.involved.name == **name)
            && (self.types.is_empty() || self.types.iter().any(|it| it.eq_ignore_ascii_case(event.kind)))
    }

    pub fn header(&self) -> Vec<String> {
        let cells = ["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
        cells.iter().skip(usize::from(self.namespace.is_some())).map(|cell| (*cell).to_owned()).collect()
    }

    pub fn row(&self, event: &Event, now: SimTime) -> Vec<String> {
        let mut cells = vec![
            event.meta.namespace.to_string(),
            seen(event, now),
            event.kind.to_owned(),
            event.reason.to_owned(),
            format!("{}/{}", event.involved.kind.as_str(), event.involved.name),
            event.message.trim().to_owned(),
        ];
        if self.namespace.is_some() {
            cells.remove(0);
        }
        cells
    }
}

/// Models kubectl's `events`: sorted by time.
pub(super) fn plan(line: &Line, moment: &Moment, _: &Files) -> Result<Vec<Task>, String> {
    let about = match line.flag("for") {
        None => None,
        Some(text) => {
            let Some((kind, name)) = text.split_once('/') else {
                return Err("error: --for must be in resource/name form".to_owned());
            };
            Some((resources::find(kind)?.kind, name.to_owned()))
        }
    };
    let types: Vec<String> = line.list("types").into_iter().map(str::to_owned).collect();
    if types.iter().any(|it| !["normal", "warning"].contains(&it.to_ascii_lowercase().as_str())) {
        return Err("error: valid --types are Normal or Warning".to_owned());
    }
    let namespace = (!line.is("all-namespaces")).then(|| line.namespace().to_owned());
    let wanted = Wanted { namespace, about, types };
    let mut events: Vec<&Arc<Event>> = moment.world.events.values().filter(|event| wanted.admits(event)).collect();
    events.sort_by_key(|event| event.last_at);
    let format = Format::of(line)?;
    if !matches!(format, Format::Table(_)) {
        let resource = resources::find("events")?;
        let items: Vec<Item> = events.iter().map(|event| Item { resource, value: event.to_value() }).collect();
        let items: Vec<&Item> = items.iter().collect();
        return Ok(vec![Task::Out(print::objects(&format, &items, false, moment.now)?)]);
    }
    let watch = line.is("watch");
    if events.is_empty() && !watch {
        return Ok(vec![Task::Err(match &wanted.namespace {
            Some(namespace) => format!("No events found in {namespace} namespace.\n"),
            None => "No events found.\n".to_owned(),
        })]);
    }
    let mut rows = Vec::new();
    if !line.is("no-headers") {
        rows.push(wanted.header());
    }
    rows.extend(events.iter().map(|event| wanted.row(event, moment.now)));
    let mut widths = Vec::new();
    let mut tasks = vec![Task::Out(layout::table(&rows, &mut widths))];
    if watch {
        tasks.push(Task::Follow(Follow::Events(Box::new(Stream { wanted, widths, seen: moment.records }))));
    }
    Ok(tasks)
}

/// All events at a moment as rows for the page, at most so many, the newest first: namespace, last seen, type, reason, object, message, and
/// the object that it is about.
pub fn rows(moment: &Moment, most: usize) -> Vec<(Vec<String>, Involved)> {
    let wanted = Wanted { namespace: None, about: None, types: Vec::new() };
    let mut events: Vec<&Arc<Event>> = moment.world.events.values().collect();
    if events.len() > most {
        events
            .select_nth_unstable_by_key(most, |event| std::cmp::Reverse((event.last_at, event.meta.resource_version)));
        events.truncate(most);
    }
    events.sort_by_key(|event| std::cmp::Reverse((event.last_at, event.meta.resource_version)));
    events.into_iter().map(|event| (wanted.row(event, moment.now), event.involved.clone())).collect()
}

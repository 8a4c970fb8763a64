//! What takes its time: waiting until objects are gone, `rollout status`, `get -w`, `wait --for`.
//!
//! Each looks at the moment whenever something has changed and tells what is new; what happened since the last look
//! stands in the records, so nothing is missed however far time has gone.

use crate::api::{Kind, ObjectKey, SimTime, Uid, Value};
use crate::store::{Object, World};

use super::act::{Files, NOTHING_NAMED, timeout};
use super::columns::{self, Style};
use super::events::Wanted;
use super::layout;
use super::line::Line;
use super::path::{self, Filling, Template};
use super::print::{self, Format};
use super::resources::{self, Filter, Item, Resource};
use super::{Moment, Task, files, read};

/// An object that is to go.
#[derive(Clone, Debug)]
pub struct Gone {
    kind: Kind,
    key: ObjectKey,
    /// None of one that is not there yet.
    uid: Option<Uid>,
}

impl Gone {
    /// An object that is there by its name.
    pub fn named(world: &World, kind: Kind, key: &ObjectKey) -> Option<Gone> {
        let uid = Some(world.get(kind, key)?.meta().uid);
        Some(Gone { kind, key: key.clone(), uid })
    }

    /// It was to be deleted and is not even going: the server has refused.
    fn stays(&self, moment: &Moment) -> bool {
        moment.world.get(self.kind, &self.key).is_some_and(|object| !object.meta().is_terminating())
    }

    fn is_there(&self, moment: &Moment) -> bool {
        moment.world.get(self.kind, &self.key).is_some_and(|object| Some(object.meta().uid) == self.uid)
    }
}

/// What is followed.
pub enum Follow {
    /// `get` of very many objects, in portions.
    List(Box<Listing>),
    /// Until the objects are gone. Of those that were evicted it is told.
    Gone { left: Vec<Gone>, deadline: Option<SimTime>, evicted: bool },
    /// Prints objects as they are when their turn comes.
    Show { format: Format, asks: Vec<(&'static Resource, String, String)> },
    /// `rollout status`
    Rollout { key: ObjectKey, seen: Option<usize>, deadline: Option<SimTime>, once: bool },
    /// `get --watch`
    Watch(Box<Watch>),
    /// `events --watch`
    Events(Box<Stream>),
    /// `wait --for`: the last one first
    Wait {
        targets: Vec<Gone>,
        items: Vec<(&'static Resource, String)>,
        condition: Condition,
        deadline: SimTime,
        /// With `--timeout=0`.
        once: bool,
        failed: bool,
    },
}

/// What became of a look.
pub enum Look {
    /// Nothing is left to tell now; again when something has changed, or at the moment.
    Again(Option<SimTime>),
    /// There is more to tell at this very moment: again whenever there is time.
    More,
    Done,
    Failed,
}

/// Objects that are looked at before anybody else gets a turn.
const AT_ONCE: usize = 25;
/// Records that a watch looks at before anybody else gets a turn.
const RECORDS_AT_ONCE: usize = 50;

/// All objects of some types at one moment: read a portion at a time, so that nobody has to wait for twenty thousand pods.
pub struct Listing {
    world: World,
    now: SimTime,
    filter: Filter,
    format: Format,
    /// What is still to come, the last first.
    lists: Vec<(&'static Resource, Vec<ObjectKey>)>,
    /// Of the table at hand; and of the one that is being printed.
    rows: Vec<Vec<String>>,
    table: std::vec::IntoIter<Vec<String>>,
    /// How wide the columns of the last table are.
    widths: Vec<usize>,
    /// What can only be printed when all is there, and how much of it has been printed.
    kept: Vec<Item>,
    next: usize,
    /// What `--sort-by` sorts by, and the values there, of each row or of what is kept.
    sort: Option<(String, Template)>,
    sort_keys: Vec<Option<Value>>,
    /// A JSONPath that can be filled object by object.
    filling: Option<Filling>,
    /// What could not be filled: kubectl prints the whole list with what it says about that, so all begins again.
    failure: Option<String>,
    again: Vec<(&'static Resource, Vec<ObjectKey>)>,
    printed: usize,
    /// What is said if there is none; nothing at all with `--ignore-not-found`.
    nothing: String,
}

impl Listing {
    /// Nothing if the objects are asked for in a way that needs all of them at once.
    pub fn of(line: &Line, moment: &Moment, asks: &[resources::Ask], format: &Format) -> Result<Option<Self>, String> {
        let filter = Filter::of(line);
        let in_turn = matches!(format, Format::Table(_) | Format::Name | Format::Yaml | Format::Json);
        let field = line.flag("sort-by").filter(|field| !field.is_empty());
        let path = field.map(path::relaxed).transpose().map_err(|error| format!("error: {error}"))?;
        let sort = field.map(str::to_owned).zip(path);
        let mut kinds: Vec<&str> = asks.iter().map(|ask| ask.resource.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let plain = |ask: &resources::Ask| ask.names.is_empty() && filter.bad(ask.resource).is_none();
        let alike = kinds.len() < asks.len() || !asks.iter().all(plain);
        if asks.is_empty() || alike || ((!in_turn || sort.is_some()) && asks.len() > 1) {
            return Ok(None);
        }
        let everywhere = line.is("all-namespaces");
        let keys = |ask: &resources::Ask| {
            let namespace = (ask.resource.namespaced && !everywhere).then(|| line.namespace());
            let mut keys = resources::keys(moment.world, ask.resource, namespace, &filter);
            keys.reverse();
            (ask.resource, keys)
        };
        let lists: Vec<_> = asks.iter().rev().map(keys).collect();
        let nothing = match line.is("ignore-not-found") {
            true => String::new(),
            false if everywhere || asks.iter().any(|ask| !ask.resource.namespaced) => "No resources found\n".to_owned(),
            false => format!("No resources found in {} namespace.\n", line.namespace()),
        };
        let mut format = format.clone();
        if let Format::Table(style) = &mut format {
            style.with_kind |= kinds.len() > 1;
        }
        let filling = match &format {
            Format::Path(template) => Filling::of(template),
            _ => None,
        };
        let again = if filling.is_some() { lists.clone() } else { Vec::new() };
        let (world, now) = (moment.world.clone(), moment.now);
        let (rows, widths, kept, sort_keys) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (next, printed) = (0, 0);
        Ok(Some(Listing {
            world,
            now,
            filter,
            format,
            lists,
            rows,
            table: Vec::new().into_iter(),
            widths,
            kept,
            next,
            sort,
            sort_keys,
            filling,
            failure: None,
            again,
            printed,
            nothing,
        }))
    }

    /// It says nothing if there is none.
    pub fn silent(self) -> Listing {
        Listing { nothing: String::new(), ..self }
    }

    fn look(&mut self, tell: Tell) -> Look {
        let mut out = String::new();
        for _ in 0..AT_ONCE {
            match self.go_on(&mut out) {
                Ok(true) => {}
                Ok(false) => {
                    tell(false, out);
                    if self.printed == 0 && matches!(self.format, Format::Table(_)) {
                        tell(true, std::mem::take(&mut self.nothing));
                    }
                    return Look::Done;
                }
                Err(error) => {
                    tell(false, out);
                    tell(true, error);
                    return Look::Failed;
                }
            }
        }
        if !out.is_empty() {
            tell(false, out);
        }
        Look::More
    }

    /// The next object, or what comes behind all of them; tells whether there is more.
    fn go_on(&mut self, out: &mut String) -> Result<bool, String> {
        if let Some(row) = self.table.next() {
            layout::line(&row, &self.widths, out);
            return Ok(true);
        }
        if let Some((resource, keys)) = self.lists.last_mut() {
            let resource = *resource;
            let key = keys.pop();
            match key.map(|key| resources::one(&self.world, resource, &key.namespace, &key.name)) {
                Some(item) => {
                    item.filter(|it| self.filter.admits(&it.value)).map_or(Ok(()), |it| self.take(it, out))?
                }
                None => {
                    self.sorted()?;
                    self.begin_table(resource, out);
                    self.lists.pop();
                }
            }
            return Ok(true);
        }
        // What was kept to be sorted.
        if let Some(item) = self.kept.get_mut(self.next).filter(|_| self.sort.is_some()) {
            let item = Item { resource: item.resource, value: std::mem::take(&mut item.value) };
            self.next += 1;
            self.print(item, out)?;
            return Ok(true);
        }
        if let Some(failure) = &mut self.failure {
            failure.push_str(
                "}, \"kind\":\"List\", \"metadata\":map[string]interface {}{\"resourceVersion\":\"\"}}\n\n\n",
            );
            return Err(std::mem::take(failure));
        }
        match &self.format {
            Format::Table(_) | Format::Columns { .. } => {}
            _ if self.nothing.is_empty() && self.printed + self.kept.len() == 0 => {}
            Format::Path(_) => match &self.filling {
                Some(filling) => match filling.end(&print::list(Vec::new())) {
                    Ok(text) => out.push_str(&text),
                    Err(error) => {
                        self.fail(&error);
                        return Ok(true);
                    }
                },
                None => {
                    let items = std::mem::take(&mut self.kept).into_iter().map(|item| item.value).collect();
                    out.push_str(&print::value(&self.format, &print::list(items)).map_err(|error| error + "\n")?);
                }
            },
            format => out.push_str(print::end_of_list(format, self.printed == 0)),
        }
        Ok(false)
    }

    /// An object in its turn.
    fn take(&mut self, item: Item, out: &mut String) -> Result<(), String> {
        if let Some((_, path)) = &self.sort {
            self.sort_keys.push(path.values(&item.value).first().cloned());
        }
        match &self.format {
            Format::Table(style) => {
                let resource = item.resource;
                let style = Style { with_namespace: style.with_namespace && resource.namespaced, ..style.clone() };
                self.rows.push(columns::row(resource, &item.value, &style, self.now));
                self.printed += 1;
            }
            Format::Columns { columns, .. } => self.rows.push(print::cells(columns, &item)),
            _ if self.sort.is_some() => self.kept.push(item),
            _ => self.print(item, out)?,
        }
        Ok(())
    }

    fn print(&mut self, item: Item, out: &mut String) -> Result<(), String> {
        if let Some(failure) = &mut self.failure {
            failure.push_str(if self.printed > 0 { ", " } else { "" });
            path::go_syntax(&item.value, failure);
            self.printed += 1;
            return Ok(());
        }
        match (&self.format, &mut self.filling) {
            (Format::Path(_), Some(filling)) => {
                if let Err(error) = filling.add(&item.value) {
                    self.fail(&error);
                    return Ok(());
                }
            }
            (Format::Path(_), None) if self.sort.is_some() => self.kept[self.next - 1] = item,
            (Format::Path(_), None) => self.kept.push(item),
            (format, _) => out.push_str(&print::of_list(format, &item, self.printed == 0)),
        }
        self.printed += 1;
        Ok(())
    }

    fn fail(&mut self, error: &str) {
        let Format::Path(template) = &self.format else { return };
        let head = "map[string]interface {}{\"apiVersion\":\"v1\", \"items\":[]interface {}{";
        self.failure = Some(template.failure(error) + head);
        self.lists = std::mem::take(&mut self.again);
        (self.sort, self.filling, self.printed) = (None, None, 0);
    }

    /// Brings what is there into the order of `--sort-by`.
    fn sorted(&mut self) -> Result<(), String> {
        let Some((field, _)) = &self.sort else { return Ok(()) };
        let keys = std::mem::take(&mut self.sort_keys);
        if !keys.is_empty() && keys.iter().all(Option::is_none) {
            return Err(read::no_such_field(field) + "\n");
        }
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|a, b| read::compare(keys[*a].as_ref(), keys[*b].as_ref()));
        arrange(&mut self.rows, &order);
        arrange(&mut self.kept, &order);
        Ok(())
    }

    /// The table of a type whose rows are all there, a blank line behind the table before.
    fn begin_table(&mut self, resource: &Resource, out: &mut String) {
        let none = self.rows.is_empty();
        let header = match &self.format {
            Format::Table(_) if none => return,
            Format::Table(style) => {
                let style = Style { with_namespace: style.with_namespace && resource.namespaced, ..style.clone() };
                (!style.no_headers).then(|| columns::header(resource, &style))
            }
            Format::Columns { columns, headers } if *headers && !(none && self.nothing.is_empty()) => {
                Some(columns.iter().map(|(header, _)| header.clone()).collect())
            }
            _ => None,
        };
        if matches!(self.format, Format::Table(_)) && self.rows.len() < self.printed {
            out.push('\n');
        }
        let rows: Vec<_> = header.into_iter().chain(std::mem::take(&mut self.rows)).collect();
        self.widths.clear();
        rows.iter().for_each(|row| layout::measure(row, &mut self.widths));
        self.table = rows.into_iter();
    }
}

/// Puts things into an order, if there are any.
fn arrange<T>(things: &mut Vec<T>, order: &[usize]) {
    let mut old: Vec<Option<T>> = std::mem::take(things).into_iter().map(Some).collect();
    things.extend(order.iter().filter_map(|at| old.get_mut(*at)?.take()));
}

type Tell<'a> = &'a mut dyn FnMut(bool, String);

impl Follow {
    pub fn look(&mut self, moment: &Moment, tell: Tell) -> Look {
        match self {
            Follow::List(listing) => listing.look(tell),
            Follow::Gone { left, deadline, evicted } => {
                left.retain(|gone| {
                    let there = gone.is_there(moment);
                    if !there && *evicted {
                        tell(false, format!("{}/{} evicted\n", gone.kind.singular(), gone.key.name));
                    }
                    there && (*evicted || !gone.stays(moment))
                });
                match (left.is_empty(), *deadline) {
                    (true, _) => Look::Done,
                    (_, Some(deadline)) if moment.now >= deadline => {
                        for gone in left {
                            tell(
                                true,
                                format!(
                                    "error: timed out waiting for the condition on {}/{}\n",
                                    gone.kind.resource().split('.').next().unwrap_or_default(),
                                    gone.key.name
                                ),
                            );
                        }
                        Look::Failed
                    }
                    _ => Look::Again(*deadline),
                }
            }
            Follow::Show { format, asks } => {
                let found = asks
                    .iter()
                    .filter_map(|(resource, namespace, name)| resources::one(moment.world, resource, namespace, name));
                let items: Vec<Item> = found.collect();
                let items: Vec<&Item> = items.iter().collect();
                match print::objects(format, &items, true, moment.now) {
                    Ok(text) => tell(false, text),
                    Err(error) => tell(true, format!("{error}\n")),
                }
                Look::Done
            }
            Follow::Rollout { key, seen, deadline, once } => rollout(key, seen, *deadline, *once, moment, tell),
            Follow::Watch(watch) => watch.look(moment, tell),
            Follow::Events(stream) => stream.look(moment, tell),
            Follow::Wait { targets, items, condition, deadline, once, failed } => {
                // One after the other, as kubectl visits them; when time is up, each is looked at once more.
                let over = moment.now >= *deadline;
                for _ in 0..AT_ONCE {
                    let Some(target) = targets.last() else { break };
                    let holds = condition.holds(moment, target);
                    if !holds && !over {
                        return Look::Again(Some(*deadline));
                    }
                    targets.pop();
                    let Some((resource, name)) = items.pop() else { break };
                    if holds {
                        tell(false, format!("{}/{name} condition met\n", resource.singular()));
                        continue;
                    }
                    *failed = true;
                    let on = format!("{}/{name}", resource.plural());
                    tell(
                        true,
                        match condition {
                            Condition::Create => "error: timed out waiting for the condition\n".to_owned(),
                            _ if *once => format!("error: condition not met for {on}\n"),
                            _ => format!("error: timed out waiting for the condition on {on}\n"),
                        },
                    );
                }
                match (targets.is_empty(), *failed) {
                    (false, _) => Look::More,
                    (true, true) => Look::Failed,
                    (true, false) => Look::Done,
                }
            }
        }
    }
}

/// A length of time as Go writes it (`1m30s`, `500ms`; a bare number is seconds), in microseconds.
pub fn seconds(text: &str) -> Option<u64> {
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.saturating_mul(1_000_000));
    }
    let mut rest = text;
    let mut micros = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| at + digits);
        micros += number
            * match &rest[digits..unit] {
                "h" => 3600e6,
                "m" => 60e6,
                "s" => 1e6,
                "ms" => 1e3,
                "us" | "µs" => 1.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then_some(micros as u64)
}

// ------------------------------------------------------------ rollout status

/// Models `DaemonSetStatusViewer.Status`: one line, and whether the rollout is done.
fn status(set: &crate::api::DaemonSet) -> (String, bool) {
    let (name, status) = (&set.meta.name, &set.status);
    if set.meta.generation > status.observed_generation {
        return ("Waiting for daemon set spec update to be observed...\n".to_owned(), false);
    }
    let desired = status.desired_number_scheduled;
    if status.updated_number_scheduled < desired {
        let updated = status.updated_number_scheduled;
        return (
            format!(
                "Waiting for daemon set \"{name}\" rollout to finish: {updated} out of {desired} new pods have been updated...\n"
            ),
            false,
        );
    }
    if status.number_available < desired {
        let available = status.number_available;
        return (
            format!(
                "Waiting for daemon set \"{name}\" rollout to finish: {available} of {desired} updated pods are available...\n"
            ),
            false,
        );
    }
    (format!("daemon set \"{name}\" successfully rolled out\n"), true)
}

fn rollout(
    key: &ObjectKey,
    seen: &mut Option<usize>,
    deadline: Option<SimTime>,
    once: bool,
    moment: &Moment,
    tell: Tell,
) -> Look {
    let mut from = match *seen {
        Some(seen) => seen,
        None => {
            let Some(set) = moment.world.daemonsets.get(key) else { return Look::Done };
            let (text, done) = status(set);
            tell(false, text);
            if done || once {
                return Look::Done;
            }
            moment.records
        }
    };
    while from < moment.records {
        let Some(record) = moment.history.get(from as u64) else {
            from += 1;
            continue;
        };
        from += 1;
        for delta in record.deltas.iter().filter(|delta| is_about(delta, Kind::DaemonSet, key)) {
            match &delta.after {
                Some(Object::DaemonSet(set)) => {
                    let (text, done) = status(set);
                    tell(false, text);
                    if done {
                        return Look::Done;
                    }
                }
                _ => {
                    tell(true, "error: object has been deleted\n".to_owned());
                    return Look::Failed;
                }
            }
        }
    }
    *seen = Some(from);
    if deadline.is_some_and(|deadline| moment.now >= deadline) {
        tell(true, "error: timed out waiting for the condition\n".to_owned());
        return Look::Failed;
    }
    Look::Again(deadline)
}

fn is_about(delta: &crate::store::Delta, kind: Kind, key: &ObjectKey) -> bool {
    delta.object().is_some_and(|object| object.kind() == kind && object.key() == *key)
}

// ------------------------------------------------------------ watch

/// `get --watch`: rows for whatever happens to the objects of one type.
pub struct Watch {
    pub resource: &'static Resource,
    /// One object only.
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub filter: Filter,
    pub format: Format,
    pub widths: Vec<usize>,
    pub seen: usize,
    /// Whether a header has been printed.
    pub headed: bool,
    /// `--output-watch-events`
    pub with_events: bool,
    /// The table of what is there already, until it is printed.
    pub first: Option<Box<Listing>>,
}

impl Watch {
    fn look(&mut self, moment: &Moment, tell: Tell) -> Look {
        if let Some(listing) = &mut self.first {
            match listing.look(tell) {
                Look::Done => {
                    self.headed = listing.printed > 0;
                    self.widths = std::mem::take(&mut listing.widths);
                    self.first = None;
                }
                other => return other,
            }
        }
        let end = moment.records.min(self.seen + RECORDS_AT_ONCE);
        while self.seen < end {
            let record = moment.history.get(self.seen as u64);
            self.seen += 1;
            for delta in record.iter().flat_map(|record| record.deltas.iter()) {
                let at = record.map_or(moment.now, |record| record.at);
                let of = |object: &Option<Object>| object.as_ref().filter(|it| self.wants(it)).map(Object::to_value);
                let (before, after) = (of(&delta.before), of(&delta.after));
                let admitted = |value: &Option<Value>| value.as_ref().is_some_and(|value| self.filter.admits(value));
                let (was, is) = (admitted(&before), admitted(&after));
                let (event, value) = match (was, is) {
                    (false, false) => continue,
                    (false, true) => ("ADDED", after),
                    (true, true) => ("MODIFIED", after),
                    // Gone, or not one of those that are asked for any more.
                    (true, false) => ("DELETED", after.or(before)),
                };
                if let Some(value) = value {
                    tell(false, self.row(event, value, at));
                }
            }
        }
        if self.seen < moment.records { Look::More } else { Look::Again(None) }
    }

    fn wants(&self, object: &Object) -> bool {
        Some(object.kind()) == self.resource.sim_kind()
            && self.name.as_ref().is_none_or(|name| *object.meta().name == **name)
            && self.namespace.as_ref().is_none_or(|namespace| *object.meta().namespace == **namespace)
    }

    /// One object's row, with the header if it is the first.
    pub fn row(&mut self, event: &str, value: Value, at: SimTime) -> String {
        let item = Item { resource: self.resource, value };
        match &self.format {
            Format::Table(style) => {
                let style: Style = Style { no_headers: style.no_headers || self.headed, ..style.clone() };
                let mut rows = Vec::new();
                if !style.no_headers {
                    rows.push(columns::header(self.resource, &style));
                }
                rows.push(columns::row(self.resource, &item.value, &style, at));
                if self.with_events {
                    let first = if style.no_headers { [event; 2] } else { ["EVENT", event] };
                    for (row, event) in rows.iter_mut().zip(first) {
                        row.insert(0, event.to_owned());
                    }
                }
                self.headed = true;
                super::layout::table(&rows, &mut self.widths)
            }
            format => match print::objects(format, &[&item], true, at) {
                Ok(text) | Err(text) => text,
            },
        }
    }
}

/// `events --watch`: a row for each event that is told, or told again.
pub struct Stream {
    pub wanted: Wanted,
    pub widths: Vec<usize>,
    pub seen: usize,
}

impl Stream {
    fn look(&mut self, moment: &Moment, tell: Tell) -> Look {
        while self.seen < moment.records {
            let record = moment.history.get(self.seen as u64);
            self.seen += 1;
            for delta in record.iter().flat_map(|record| record.deltas.iter()) {
                if let Some(Object::Event(event)) = &delta.after
                    && self.wanted.admits(event)
                {
                    let row = self.wanted.row(event, event.last_at);
                    tell(false, super::layout::table(&[row], &mut self.widths));
                }
            }
        }
        Look::Again(None)
    }
}

// ------------------------------------------------------------ wait

/// What `--for` names.
pub enum Condition {
    Delete,
    Create,
    Status { kind: String, value: String },
    Path { path: Template, value: Option<String> },
}

impl Condition {
    fn parse(text: &str) -> Result<Condition, String> {
        if text.eq_ignore_ascii_case("delete") {
            return Ok(Condition::Delete);
        }
        if text.eq_ignore_ascii_case("create") {
            return Ok(Condition::Create);
        }
        if let Some(condition) = text.strip_prefix("condition=") {
            let (kind, value) = condition.split_once('=').unwrap_or((condition, "true"));
            return Ok(Condition::Status { kind: kind.to_owned(), value: value.trim_matches('"').to_owned() });
        }
        if let Some(rest) = text.strip_prefix("jsonpath=") {
            let rest = rest.trim_matches(['\'', '"']);
            // The path ends at its brace; an equals sign inside a filter is not the one that is looked for.
            let end = rest.rfind('}').map_or(rest.len(), |at| at + 1);
            let (path, after) = rest.split_at(end);
            let (path, after) = match path.starts_with('{') {
                true => (path, after),
                false => rest.split_once('=').map_or((rest, ""), |(path, _)| (path, &rest[path.len()..])),
            };
            let value = after.strip_prefix('=').map(|value| value.trim_matches(['\'', '"']).to_owned());
            if value.as_deref() == Some("") {
                return Err("error: jsonpath wait has to have a value after equal sign, like \
                            --for=jsonpath='{.status.readyReplicas}'=3"
                    .to_owned());
            }
            return Ok(Condition::Path {
                path: path::relaxed(path).map_err(|error| format!("error: {error}"))?,
                value,
            });
        }
        Err(format!("error: unrecognized condition: {text:?}"))
    }

    fn holds(&self, moment: &Moment, target: &Gone) -> bool {
        let object = moment.world.get(target.kind, &target.key);
        let value = object.as_ref().map(Object::to_value);
        match self {
            Condition::Delete => !target.is_there(moment),
            Condition::Create => value.is_some(),
            Condition::Status { kind, value: wanted } => value.is_some_and(|value| {
                let conditions = value.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
                conditions.iter().any(|it| {
                    resources::text(it, &["type"]).eq_ignore_ascii_case(kind)
                        && resources::text(it, &["status"]).eq_ignore_ascii_case(wanted)
                })
            }),
            Condition::Path { path, value: wanted } => value.is_some_and(|value| {
                let found = path.values(&value);
                match wanted {
                    None => !found.is_empty(),
                    Some(wanted) => !found.is_empty() && found.iter().all(|it| path::go(it) == *wanted),
                }
            }),
        }
    }
}

pub fn wait(line: &Line, moment: &Moment, texts: &Files) -> Result<Vec<Task>, String> {
    let condition = Condition::parse(line.flag("for").unwrap_or_default())?;
    let micros = match line.flag("timeout") {
        None => 30_000_000,
        Some(text) => {
            seconds(text.trim_start_matches('-')).filter(|_| !text.starts_with('-')).unwrap_or(604_800_000_000)
        }
    };
    if line.flag("timeout").is_some_and(|text| !text.starts_with('-')) {
        timeout(line, moment)?;
    }
    let deadline = moment.now + crate::api::SimDuration(micros);
    let once = micros == 0;
    let (chosen, errors) = match files::objects(line, moment, texts)? {
        Some(found) => (found.items().map(|item| (item.resource, item.key())).collect(), found.errors),
        None => {
            let asks = resources::asks(&line.args)?;
            let selected = line.is("all") || line.flag("selector").is_some() || line.flag("field-selector").is_some();
            if asks.is_empty() {
                return Err(NOTHING_NAMED.to_owned());
            }
            if asks.iter().any(|ask| ask.names.is_empty()) && !selected {
                return Err("error: resource(s) were provided, but no name was specified".to_owned());
            }
            if matches!(condition, Condition::Create) {
                // What is not there yet is waited for by its name.
                let (mut targets, mut items) = (Vec::new(), Vec::new());
                for ask in &asks {
                    let Some(kind) = ask.resource.sim_kind() else { continue };
                    let namespace = if ask.resource.namespaced { line.namespace() } else { "" };
                    for name in &ask.names {
                        targets.push(Gone { kind, key: ObjectKey::new(namespace, name.as_str()), uid: None });
                        items.push((ask.resource, name.clone()));
                    }
                }
                if !targets.is_empty() {
                    targets.reverse();
                    items.reverse();
                    let failed = false;
                    return Ok(vec![Task::Follow(Follow::Wait { targets, items, condition, deadline, once, failed })]);
                }
            }
            resources::chosen(moment, line, &asks)?
        }
    };
    let mut tasks = Vec::new();
    let (mut targets, mut items) = (Vec::new(), Vec::new());
    for (resource, key) in chosen.iter().rev() {
        let target = resource.sim_kind().and_then(|kind| Gone::named(moment.world, kind, key));
        if let Some(target) = target {
            targets.push(target);
            items.push((*resource, key.name.to_string()));
        }
    }
    // What is not there has been deleted.
    let missing = errors.into_iter().filter(|_| !matches!(condition, Condition::Delete));
    tasks.extend(missing.map(Task::Fail));
    if targets.is_empty() && tasks.is_empty() && !matches!(condition, Condition::Delete) {
        return Err("error: no matching resources found".to_owned());
    }
    if !targets.is_empty() {
        tasks.push(Task::Follow(Follow::Wait { targets, items, condition, deadline, once, failed: false }));
    }
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_go_does() {
        for (text, micros) in [
            ("3s", Some(3_000_000)),
            ("1m30s", Some(90_000_000)),
            ("500ms", Some(500_000)),
            ("1.5h", Some(5_400_000_000)),
            ("10", Some(10_000_000)),
            ("0", Some(0)),
            ("", None),
            ("x", None),
            ("3", Some(3_000_000)),
            ("3d", None),
        ] {
            assert_eq!(seconds(text), micros, "{text}");
        }
    }
}

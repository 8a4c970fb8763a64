//! The kubectl console: one command at a time, carried on as simulated time goes.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::{Desk, FRAME_BUDGET, Session};
use crate::api::SimTime;
use crate::engine::{Command, Outcome};
use crate::kubectl::{self, Chunk, Completion, Job, Moment, Next};
use crate::lesson::Gallery;
use crate::platform::{fetch, page, storage};
use crate::ui::saved;
use crate::ui::shared::Shared;
use crate::ui::state::{Action, ConsoleEntry, EventRow, Job as Task};
use crate::view::ObjectRef;

/// Commands whose answers are kept.
const ENTRIES_MAX: usize = 100;
/// Characters of one answer that are kept: the last ones.
const TEXT_MAX: usize = 4_000_000;
/// Characters of all answers that are kept: those of the newest.
const TEXTS_MAX: usize = 12_000_000;
/// Lines that the arrow keys bring back.
const HISTORY_MAX: usize = 200;
/// Events that are shown.
const EVENTS_MAX: usize = 300;
/// Where the page's own examples are.
const FOLDER: &str = "examples/";

#[derive(Default)]
pub struct Console {
    job: Option<Job>,
    /// The moment at which the job looks again even if nothing has changed.
    until: Option<SimTime>,
    /// Records that the job has been told of.
    told: usize,
    /// The job has more to do at this very moment.
    more: bool,
    /// What became of the command that it asked for last, if it has not been told yet.
    outcome: Option<Outcome>,
    /// A file that is to be fetched, and then one that is on its way.
    wanted: Option<String>,
    fetching: bool,
    /// What is to be done in the past, once the reader agrees to another future.
    pending: Option<Command>,
    history: Vec<String>,
    count: u32,
    /// Records, second and side of the present that the Events tab was made for.
    events_seen: (usize, u64, bool),
}

impl Console {
    pub fn restored() -> Console {
        let history = storage::get(saved::CONSOLE).unwrap_or_default();
        Console { history: history.lines().map(str::to_owned).collect(), ..Console::default() }
    }
}

impl Desk {
    /// The lines that were typed before, the oldest first.
    pub fn console_history(&self) -> Vec<String> {
        self.0.session.try_borrow().map_or_else(|_| Vec::new(), |session| session.console.history.clone())
    }

    /// What a line that is being typed may go on with.
    pub fn complete(&self, line: &str) -> Completion {
        match self.0.session.try_borrow() {
            Ok(session) => kubectl::complete(session.world(), line),
            Err(_) => Completion::default(),
        }
    }

    /// Gets a file that a command names.
    pub(super) fn fetch_for_console(&self, name: String) {
        let desk = self.clone();
        spawn_local(async move {
            let text = example(&name).await;
            desk.send(Action::FileRead(name, text));
        });
    }
}

/// The text of an example by its file name, or by an address that ends with it; of what tutorials fetch from the Kubernetes
/// documentation, the page has manifests of its own.
async fn example(name: &str) -> Option<String> {
    if name == kubectl::FLAGS {
        return fetch::text(name).await.ok();
    }
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    if name.contains("://") && name.contains("/examples/controllers/") {
        return fetch::text(&["addresses/", &file].concat()).await.ok();
    }
    let stem = |file: &str| file.replace(".yml", ".yaml").replace("-daemon-set", "").replace("-daemonset", "");
    let index = fetch::text(&[FOLDER, "index.yaml"].concat()).await.ok()?;
    let examples = Gallery::read(&index).0.examples;
    let known =
        examples.iter().find(|it| it.file == file).or_else(|| examples.iter().find(|it| it.file == stem(&file)))?;
    fetch::text(&[FOLDER, &known.file].concat()).await.ok()
}

impl Session {
    /// Runs a line. While another one goes on, nothing happens.
    pub(super) fn type_line(&mut self, line: &str) {
        let line = line.trim();
        if self.console.job.is_some() || line.is_empty() {
            return;
        }
        let history = &mut self.console.history;
        history.retain(|known| known != line);
        history.push(line.to_owned());
        let extra = history.len().saturating_sub(HISTORY_MAX);
        history.drain(..extra);
        storage::set(saved::CONSOLE, &history.join("\n"));
        if line == "clear" {
            return self.clear_console();
        }
        self.console.count += 1;
        let entry = ConsoleEntry {
            id: self.console.count,
            line: line.to_owned(),
            at: SimTime::from_micros(self.state.time.micros).to_string(),
            note: "",
            chunks: Vec::new(),
            exit: None,
        };
        let mut entries: Vec<Rc<ConsoleEntry>> = (*self.state.console.entries.0).clone();
        entries.push(Rc::new(entry));
        let extra = entries.len().saturating_sub(ENTRIES_MAX);
        entries.drain(..extra);
        let length = |entry: &ConsoleEntry| entry.chunks.iter().map(|chunk| chunk.text.len()).sum::<usize>();
        let mut kept = 0;
        let last = entries.iter().rposition(|entry| {
            kept += length(entry);
            kept > TEXTS_MAX
        });
        entries.drain(..last.map_or(0, |last| last + 1));
        self.state.console.entries = Shared::from(entries);
        self.console.job = Some(Job::new(line));
        self.state.console.running = true;
        // The line is shown before it is carried out.
        self.goes_on_soon();
    }

    pub(super) fn clear_console(&mut self) {
        self.state.console.entries = Shared::from(Vec::new());
    }

    /// Ends the running command, as Ctrl-C does.
    pub(super) fn end_line(&mut self) {
        if let Some(job) = &mut self.console.job {
            job.interrupt();
            self.console.fetching = false;
            self.console.wanted = None;
            self.console.pending = None;
            (self.console.outcome, self.console.more) = (None, false);
            self.console.told = usize::MAX;
            self.change_entry(|entry| entry.chunks.push(Chunk { error: true, text: "^C\n".to_owned() }));
        }
    }

    pub(super) fn file_read(&mut self, name: String, text: Option<String>) {
        self.console.fetching = false;
        if let Some(job) = &mut self.console.job {
            job.supply(name, text);
            self.console.told = usize::MAX;
        }
    }

    /// A file that is to be fetched.
    pub(super) fn wanted_file(&mut self) -> Option<String> {
        let name = self.console.wanted.take()?;
        self.console.fetching = true;
        Some(name)
    }

    /// The moment up to which time has to go on for the running command, even if nothing is left to happen.
    pub(super) fn awaited(&self) -> Option<SimTime> {
        self.console.job.as_ref().and(self.console.until)
    }

    /// Lets the running command see what has happened since.
    pub(super) fn console_goes_on(&mut self) {
        if self.console.pending.is_some() {
            // Asked, and declined.
            if self.asked_to_fork.is_none() {
                self.end_line();
            } else {
                return;
            }
        }
        let due = self.console.until.is_some_and(|until| self.shown_moment() >= until);
        if self.console.fetching || self.console.more || (self.console.told == self.records() && !due) {
            return;
        }
        self.carry_on(None);
    }

    /// A running command that has more to write gets on with it.
    pub(super) fn console_writes_on(&mut self) {
        if self.console.more {
            let outcome = self.console.outcome.take();
            self.carry_on(outcome);
        }
    }

    /// The reader agreed: the command goes on in another future.
    pub(super) fn go_on_line(&mut self) {
        if let Some(command) = self.console.pending.take() {
            let outcome = self.submit_quietly(command);
            self.carry_on(Some(outcome));
        }
    }

    fn carry_on(&mut self, mut outcome: Option<Outcome>) {
        let Some(mut job) = self.console.job.take() else { return };
        // A moment in the past is simulated anew; once is enough for all that is tried there.
        let mut shown = None;
        let end = page::now_ms() + FRAME_BUDGET;
        self.console.more = false;
        loop {
            let next = {
                let moment = Moment {
                    world: self.world(),
                    now: self.shown_moment(),
                    history: self.sim.history(),
                    records: self.records(),
                };
                job.next(&moment, outcome.take())
            };
            match next {
                Next::Submit(command) if self.past.is_some() => {
                    outcome = shown.get_or_insert_with(|| self.sim_as_shown()).without_effect(&command);
                    if outcome.is_none() {
                        let what = command.to_text();
                        self.console.pending = Some(command);
                        self.ask_to_fork(Action::GoOnLine, &what);
                        break;
                    }
                }
                Next::Submit(command) => outcome = Some(self.submit_quietly(command)),
                Next::Try(command) => {
                    outcome = Some(match self.past {
                        Some(_) => shown.get_or_insert_with(|| self.sim_as_shown()).try_out(command),
                        None => self.sim.try_out(command),
                    });
                }
                Next::Read(name) if name == "-" => {
                    let text = (*self.state.editor.text).clone();
                    self.change_entry(|entry| entry.note = "-f - reads the text of the editor.");
                    job.supply(name, Some(text));
                }
                Next::Read(name) => {
                    if name.contains("://") {
                        self.change_entry(|entry| {
                            entry.note = "The page answers for this address with a manifest of its own; nothing is fetched \
                                          from elsewhere.";
                        });
                    }
                    self.console.wanted = Some(name);
                    self.console.until = None;
                    break;
                }
                Next::Wait(until) => {
                    self.console.until = until;
                    break;
                }
                Next::More => {}
                Next::Done => {
                    let (chunks, exit) = (job.take_output(), job.answer().exit);
                    self.change_entry(|entry| {
                        append(&mut entry.chunks, chunks);
                        entry.exit = Some(exit);
                    });
                    self.console.until = None;
                    self.state.console.running = false;
                    return;
                }
            }
            if page::now_ms() >= end {
                self.console.outcome = outcome.take();
                self.goes_on_soon();
                break;
            }
        }
        let chunks = job.take_output();
        if !chunks.is_empty() {
            self.change_entry(|entry| append(&mut entry.chunks, chunks));
        }
        self.console.told = self.records();
        self.console.job = Some(job);
        self.state.console.running = true;
    }

    fn goes_on_soon(&mut self) {
        self.console.more = true;
        self.console.until = None;
        self.ask(Task::Work, 4);
    }

    /// The same as a button does, but the answer stands in the console alone.
    fn submit_quietly(&mut self, command: Command) -> Outcome {
        let notice = self.state.notice.clone();
        let outcome = self.submit(command);
        self.state.notice = notice;
        outcome
    }

    /// The moment that is shown, in simulated time.
    fn shown_moment(&self) -> SimTime {
        match self.past {
            Some(_) => SimTime::from_micros(self.clock as u64),
            None => self.sim.now(),
        }
    }

    fn change_entry(&mut self, change: impl FnOnce(&mut ConsoleEntry)) {
        let mut entries: Vec<Rc<ConsoleEntry>> = (*self.state.console.entries.0).clone();
        if let Some(last) = entries.last_mut() {
            let mut entry = (**last).clone();
            change(&mut entry);
            *last = Rc::new(entry);
            self.state.console.entries = Shared::from(entries);
        }
    }

    /// The events at the moment that is shown, as `kubectl events -A` prints them.
    pub(super) fn refresh_events(&mut self) {
        let moment = Moment {
            world: self.world(),
            now: self.shown_moment(),
            history: self.sim.history(),
            records: self.records(),
        };
        // Ages change once a second, the rest with the records.
        let seen = (moment.records, moment.now.micros() / 1_000_000, self.past.is_some());
        if self.console.events_seen == seen && !self.state.events.0.0.is_empty() {
            return;
        }
        let left_out = moment.world.events.len().saturating_sub(EVENTS_MAX);
        let rows = kubectl::events::rows(&moment, EVENTS_MAX);
        self.console.events_seen = seen;
        let row = |(cells, about): (Vec<String>, crate::api::Involved)| EventRow {
            warning: cells.get(2).is_some_and(|kind| kind == "Warning"),
            cells,
            object: ObjectRef { kind: about.kind, key: crate::api::ObjectKey::new(about.namespace, about.name) },
        };
        let rows = rows.into_iter().map(row).collect();
        self.state.events.update((rows, left_out));
    }
}

/// Adds output; of a long answer the beginning goes.
fn append(chunks: &mut Vec<Chunk>, more: Vec<Chunk>) {
    for chunk in more {
        match chunks.last_mut().filter(|last| last.error == chunk.error) {
            Some(last) => last.text.push_str(&chunk.text),
            None => chunks.push(chunk),
        }
    }
    let mut extra = chunks.iter().map(|chunk| chunk.text.len()).sum::<usize>().saturating_sub(TEXT_MAX);
    while extra > 0 && !chunks.is_empty() {
        let first = &mut chunks[0].text;
        if first.len() <= extra {
            extra -= first.len();
            chunks.remove(0);
        } else {
            let at = first[extra..].find('\n').map_or(first.len(), |at| extra + at + 1);
            let rest = first.get(at..).unwrap_or_default();
            *first = ["… the beginning is left out …\n", rest].concat();
            break;
        }
    }
}

//! kubectl: a typed command line to the same [`Command`]s as the buttons give, and kubectl's own text out.
//!
//! A line becomes a [`Job`]. The job says what it needs [`Next`]: a command to be submitted, a file, or time to pass;
//! who holds the simulation does that and asks again, so a `rollout status` or a `get -w` follows simulated time and can
//! be ended at any moment. [`run`] does all of it at once. The texts follow kubectl 1.36; what is about parts that are
//! not simulated says so in kubectl's own form of error.

mod act;
mod columns;
mod complete;
mod describe;
mod diff;
pub mod events;
mod files;
mod follow;
mod layout;
mod line;
mod path;
mod print;
mod read;
mod resources;
mod rollout;
mod selector;
mod set;
mod sort;
mod verbs;

use std::collections::VecDeque;

use crate::api::SimTime;
use crate::engine::{Command, History, Outcome, Sim};
use crate::store::World;

pub use complete::{Completion, complete};
pub use files::FLAGS;
use follow::Follow;
use line::Line;
pub use verbs::paths as verbs_with_help;

/// The moment that commands see: the present, or one in the past that is looked at.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    pub world: &'a World,
    pub now: SimTime,
    pub history: &'a History,
    /// How many records there are at that moment.
    pub records: usize,
}

impl<'a> Moment<'a> {
    /// The present.
    pub fn of(sim: &'a Sim) -> Self {
        let history = sim.history();
        Moment { world: sim.world(), now: sim.now(), history, records: history.records().len() }
    }
}

/// A stretch of output.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Whether it is standard error.
    pub error: bool,
    pub text: String,
}

/// What a command answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub exit: i32,
    /// Both streams in the order in which they were written.
    pub chunks: Vec<Chunk>,
}

impl Answer {
    fn stream(&self, error: bool) -> String {
        self.chunks.iter().filter(|chunk| chunk.error == error).map(|chunk| chunk.text.as_str()).collect()
    }

    pub fn stdout(&self) -> String {
        self.stream(false)
    }

    pub fn stderr(&self) -> String {
        self.stream(true)
    }
}

/// What is wrong with a line whatever the cluster: no such verb, no such flag, or nothing that is simulated.
pub fn misread(text: &str) -> Option<String> {
    match line::read(text) {
        Err(error) => Some(error.lines().next().unwrap_or_default().to_owned()),
        Ok(Some(line)) if line.verb.simulated => None,
        Ok(Some(line)) => Some(["kubectl ", line.verb.path, " is not simulated here"].concat()),
        Ok(None) => Some("kubectl is to do nothing here".to_owned()),
    }
}

/// What a job needs to go on.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The command is to be submitted, and its outcome handed to [`Job::next`].
    Submit(Command),
    /// The command is to be tried on a copy of the simulation (`--dry-run`), and its outcome handed on.
    Try(Command),
    /// A file is to be handed to [`Job::supply`]; `-` is standard input.
    Read(String),
    /// Time is to pass: the job looks again when something has changed, or at the moment given.
    Wait(Option<SimTime>),
    /// There is more to be written at this moment: the job goes on whenever it is asked.
    More,
    Done,
}

/// One thing after the other that a line comes to.
enum Task {
    Out(String),
    Err(String),
    /// An error: the command ends with 1, but goes on.
    Fail(String),
    Do {
        command: Command,
        how: How,
    },
    Follow(Follow),
    /// The command ends with this code.
    Exit(i32),
    /// The line goes on with the next of the objects that it is about.
    GoOn,
}

/// How a command's outcome is told.
#[derive(Clone, Debug, Default)]
struct How {
    /// The command is only tried.
    dry: bool,
    /// Stands behind each message: ` (dry run)`.
    suffix: &'static str,
    /// Instead of the message, the object is printed.
    show: Option<(print::Format, resources::Ask, String)>,
    /// Other words than the outcome's: what it says, and what instead.
    word: Option<(&'static str, &'static str)>,
    /// Nothing is told of its success.
    quiet: bool,
    /// The rest is left undone if it fails.
    stops: bool,
}

impl How {
    fn worded(&self, text: String) -> String {
        self.word.map_or_else(|| text.clone(), |(before, now)| text.replace(before, now))
    }
}

/// kubectl's words about a flag that is on its way out, and ours.
const RECORD: &str = "Flag --record has been deprecated, --record will be removed in the future\n\
    Warning: --record is not simulated here and is skipped: annotate the object with kubernetes.io/change-cause\n";

/// A command on its way.
pub struct Job {
    line: Option<Line>,
    planned: bool,
    tasks: VecDeque<Task>,
    asked: Option<How>,
    files: Vec<(String, Option<String>)>,
    /// Errors, which are told at the end.
    errors: Vec<String>,
    answer: Answer,
}

impl Job {
    pub fn new(text: &str) -> Job {
        let mut job = Job {
            line: None,
            planned: false,
            tasks: VecDeque::new(),
            asked: None,
            files: Vec::new(),
            errors: Vec::new(),
            answer: Answer::default(),
        };
        match line::read(text) {
            Ok(line) => {
                if line.as_ref().is_some_and(|line| line.is("record")) {
                    job.write(true, RECORD.to_owned());
                }
                job.line = line;
            }
            Err(error) => {
                job.planned = true;
                job.fail(error);
            }
        }
        job
    }

    /// The answer so far; all of it when the job is done.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Takes what was written since the last time.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.answer.chunks)
    }

    /// Ends the job, as Ctrl-C does.
    pub fn interrupt(&mut self) {
        self.tasks.clear();
        self.planned = true;
        self.tell_errors();
        self.answer.exit = 130;
    }

    /// Hands over a file that was asked for; `None` if there is no such file.
    pub fn supply(&mut self, name: String, text: Option<String>) {
        self.files.push((name, text));
    }

    /// Goes on as far as possible. `outcome` is that of the command that was asked for last.
    pub fn next(&mut self, moment: &Moment, outcome: Option<Outcome>) -> Next {
        if let (Some(how), Some(outcome)) = (self.asked.take(), outcome) {
            self.tell(moment, &how, outcome);
        }
        if !self.planned {
            let missing = self.line.as_ref().and_then(|line| files::missing(line, &self.files));
            if let Some(name) = missing {
                return Next::Read(name);
            }
            self.planned = true;
            self.plan(moment);
        }
        while let Some(task) = self.tasks.pop_front() {
            match task {
                Task::Out(text) => self.write(false, text),
                Task::Err(text) => self.write(true, text),
                Task::Fail(text) => self.fail(text),
                Task::GoOn => {
                    self.plan(moment);
                    return Next::More;
                }
                Task::Exit(code) => self.answer.exit = self.answer.exit.max(code),
                Task::Do { command, how } => {
                    let dry = how.dry;
                    self.asked = Some(how);
                    return if dry { Next::Try(command) } else { Next::Submit(command) };
                }
                Task::Follow(mut follow) => {
                    let chunks = &mut self.answer.chunks;
                    let errors = &mut self.errors;
                    let tell = &mut |error: bool, text: String| match error && text.starts_with("error: ") {
                        true => errors.push(text.strip_suffix('\n').unwrap_or(&text).to_owned()),
                        false => chunks.push(Chunk { error, text }),
                    };
                    match follow.look(moment, tell) {
                        follow::Look::Again(until) => {
                            self.tasks.push_front(Task::Follow(follow));
                            return Next::Wait(until);
                        }
                        follow::Look::More => {
                            self.tasks.push_front(Task::Follow(follow));
                            return Next::More;
                        }
                        follow::Look::Done => {}
                        follow::Look::Failed => self.answer.exit = 1,
                    }
                }
            }
        }
        self.tell_errors();
        Next::Done
    }

    fn plan(&mut self, moment: &Moment) {
        let plan = match &self.line {
            Some(line) => plan(line, moment, &self.files),
            None => Ok(vec![Task::Out(read::overview())]),
        };
        match plan {
            Ok(tasks) => self.tasks.extend(tasks),
            Err(error) => self.fail(error),
        }
        if self.line.as_ref().is_some_and(|line| line.chosen.goes_on()) {
            self.tasks.push_back(Task::GoOn);
        }
    }

    fn write(&mut self, error: bool, text: String) {
        if !text.is_empty() {
            self.answer.chunks.push(Chunk { error, text });
        }
    }

    fn fail(&mut self, text: String) {
        // `diff` ends with 1 where something differs, so its errors are told apart (`CheckDiffErr`).
        let diff = self.line.as_ref().is_some_and(|line| line.verb.path == "diff");
        self.answer.exit = if diff { 2 } else { 1 };
        self.errors.push(text);
    }

    /// Models kubectl's `checkErr`: a single error is called one, several are listed (`MultipleErrors`).
    fn tell_errors(&mut self) {
        let errors = std::mem::take(&mut self.errors);
        // These write the word into each error of theirs.
        let own = ["set ", "rollout pause", "rollout resume", "rollout restart"];
        let path = self.line.as_ref().map_or("", |line| line.verb.path);
        let bare = errors.len() > 1 && !own.iter().any(|own| path.starts_with(own));
        for error in &errors {
            let text = error.strip_prefix("error: ").filter(|_| bare).unwrap_or(error);
            self.write(true, format!("{text}\n"));
        }
    }

    fn tell(&mut self, moment: &Moment, how: &How, outcome: Outcome) {
        let tried = outcome.tried;
        for warning in outcome.warnings {
            self.write(true, format!("{warning}\n"));
        }
        let failed = !outcome.errors.is_empty();
        if !how.quiet {
            for message in outcome.messages {
                let message = how.worded(message);
                match &how.show {
                    Some((format, ask, namespace)) => {
                        let name = ask.names.first().map_or("", String::as_str);
                        let world = tried.as_deref().unwrap_or(moment.world);
                        let item = resources::one(world, ask.resource, namespace, name);
                        let text = item.map(|item| print::objects(format, &[&item], true, moment.now));
                        match text {
                            Some(Ok(text)) => self.write(false, text),
                            Some(Err(error)) => self.fail(error),
                            None => {}
                        }
                    }
                    _ => self.write(false, format!("{message}{}\n", how.suffix)),
                }
            }
        }
        for error in outcome.errors {
            self.fail(how.worded(error));
        }
        if failed && how.stops {
            self.tasks.clear();
        }
    }
}

/// What a line comes to at a moment.
fn plan(line: &Line, moment: &Moment, files: &[(String, Option<String>)]) -> Result<Vec<Task>, String> {
    if line.is("help") || line.verb.path == "help" {
        return read::help(line, files);
    }
    if !line.verb.simulated {
        return Err(read::not_simulated(line));
    }
    match line.verb.path.split(' ').next().unwrap_or_default() {
        "get" => read::get(line, moment, files),
        "describe" => describe::plan(line, moment, files),
        "events" => events::plan(line, moment, files),
        "diff" => diff::plan(line, moment, files),
        "version" => read::version(line),
        "apply" | "create" | "replace" | "run" => files::plan(line, moment, files),
        "rollout" => rollout::plan(line, moment, files),
        "wait" => follow::wait(line, moment, files),
        _ => act::plan(line, moment, files),
    }
}

/// Carries out a line at the present moment, letting time pass as far as it waits for something. `file` gives the text of
/// a file by its name, and standard input for `-`. A command that would wait for ever ends when nothing is left to happen.
pub fn run(sim: &mut Sim, text: &str, file: &mut dyn FnMut(&str) -> Option<String>) -> Answer {
    let mut job = Job::new(text);
    let mut outcome = None;
    loop {
        match job.next(&Moment::of(sim), outcome.take()) {
            Next::Submit(command) => outcome = Some(sim.submit(command)),
            Next::Try(command) => outcome = Some(sim.try_out(command)),
            Next::Read(name) => {
                let text = file(&name);
                job.supply(name, text);
            }
            Next::Wait(until) => match (sim.next_wake().map(|(at, _)| at), until) {
                (Some(at), Some(until)) if at > until => sim.wait_until(until),
                (None, Some(until)) => sim.wait_until(until),
                (Some(_), _) => drop(sim.step()),
                (None, None) => job.interrupt(),
            },
            Next::More => {}
            Next::Done => return std::mem::take(&mut job.answer),
        }
    }
}

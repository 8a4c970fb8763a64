//! The lesson that is being taken: how far it has come, what it waits for, and what "Do it for me" does.

use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::super::saved;
use super::super::shared::Shared;
use super::super::state::*;
use super::{Desk, Session};
use crate::engine::Command;
use crate::lesson::{Act, Doing, Lesson, Moment};
use crate::platform::{fetch, page, rest, storage};
use crate::view::{ObjectRef, words};

/// While things move, checks are made at this pace, in milliseconds: a large cluster has many pods to look at.
const LOOK_EVERY: f64 = 150.0;

/// How the name of a way back begins that leads into a lesson.
pub(super) const THE_LESSON: &str = "the lesson ";

/// A lesson on its way.
pub(super) struct Run {
    lesson: Rc<Lesson>,
    /// The step that is shown.
    step: usize,
    done: Vec<bool>,
    /// Records of the log that were there when the step before was done.
    since: usize,
    /// Acts that are still to be done: a pod that is to be selected may not be there yet.
    pending: VecDeque<Act>,
    /// What the verdicts were made from, and when.
    seen: Option<Seen>,
    looked_at: f64,
}

/// What a new visitor can try, and what of it is done.
pub(super) struct FirstVisit {
    lesson: Lesson,
    done: Vec<bool>,
    seen: (usize, bool),
    looked_at: f64,
}

type Seen = (usize, usize, Option<ObjectRef>, InspectorTab, Shared<String>);

/// How far a lesson has come, as it is saved: the file, the step, the record, and a digit for each step.
struct Progress {
    file: String,
    step: usize,
    since: usize,
    done: Vec<bool>,
}

impl Progress {
    fn saved() -> Option<Progress> {
        let text = storage::get(saved::LESSON)?;
        let mut parts = text.rsplitn(4, ' ');
        let done = parts.next()?.chars().map(|c| c == '1').collect();
        let since = parts.next()?.parse().ok()?;
        let step = parts.next()?.parse().ok()?;
        Some(Progress { file: parts.next()?.to_owned(), step, since, done })
    }
}

impl Desk {
    /// Opens the lesson of the address, or goes on with the one that was being taken.
    pub(super) fn open_lesson_of_address(&self) {
        let wanted = page::parameter("lesson").filter(|file| !file.is_empty());
        // Who comes by a link wants to see what it holds.
        let saved = || Progress::saved().filter(|_| page::fragment().is_empty()).map(|progress| progress.file);
        if let Some(file) = wanted.or_else(saved) {
            self.fetch_lesson(file, false);
        }
    }

    /// Fetches what a new visitor can try, unless somebody else leads, or it was seen before.
    pub(super) fn welcome_visitor(&self) {
        let led = ["embed", "lesson"].iter().any(|name| page::parameter(name).is_some());
        if led || storage::get(saved::FIRST).is_some() {
            return;
        }
        let desk = self.clone();
        spawn_local(async move {
            // Nothing is lost if it does not come, and lessons are not part of what the first paint needs.
            rest::arrival().await;
            if let Ok(text) = fetch::text("lessons/first-visit.yaml").await {
                let lesson = Lesson::read(&text).0;
                desk.send(Action::Lesson(LessonAct::Visit(Rc::new(lesson))));
            }
        });
    }

    /// Fetches a lesson; `begin` says that the reader has already agreed to what it replaces.
    pub fn fetch_lesson(&self, file: String, begin: bool) {
        let desk = self.clone();
        spawn_local(async move {
            let (lesson, trouble) = match fetch::text(&file).await {
                Ok(text) => {
                    let (lesson, findings) = Lesson::read_with(&text, &crate::kubectl::misread);
                    (lesson, findings.iter().map(words::finding).collect())
                }
                Err(trouble) => (Lesson::default(), vec![trouble]),
            };
            desk.send(Action::Lesson(match trouble.is_empty() {
                true => LessonAct::Fetched { file: file.into(), lesson: Rc::new(lesson), begin },
                false => LessonAct::Trouble { file: file.into(), trouble: Rc::new(trouble) },
            }));
        });
    }

    /// Whether a new cluster would take the place of one in which the reader has done something of their own.
    pub fn has_own_cluster(&self) -> bool {
        self.0.session.try_borrow().is_ok_and(|session| session.has_own_cluster())
    }
}

impl Session {
    pub(super) fn has_own_cluster(&self) -> bool {
        let scenario = self.sim.scenario();
        self.lesson.is_none() && !scenario.commands.is_empty() && *scenario != self.base.0
    }

    /// A cluster and a text of the page's own take the place of what is there; what the reader had is kept.
    pub(super) fn replace_all(&mut self, scenario: crate::engine::Scenario, text: String, before: Option<String>) {
        self.act(Action::Begin(scenario));
        if let Some(text) = before {
            drop(self.submit(Command::Apply { text }));
        }
        self.load(text);
        self.disown();
    }

    /// What is there now is the page's own: nothing is lost when something else takes its place.
    fn disown(&mut self) {
        self.base = (self.sim.scenario().clone(), (*self.state.editor.text).clone());
    }

    pub(super) fn act_on_lesson(&mut self, act: LessonAct) {
        match act {
            LessonAct::Fetched { file, lesson, begin } => {
                let progress = Progress::saved()
                    .filter(|progress| !begin && *progress.file == *file && progress.done.len() == lesson.steps.len());
                self.state.left = LeftTab::Lesson;
                self.state.lesson.trouble = None;
                self.state.lesson.offered = None;
                match progress {
                    Some(Progress { step, since, done, .. }) => {
                        self.state.lesson.file = file;
                        let step = step.min(lesson.steps.len().saturating_sub(1));
                        self.take(lesson, step, since, done);
                    }
                    None if begin || !self.has_own_cluster() => self.begin_lesson(file, lesson),
                    None => {
                        self.state.lesson.offered = Some(Shared(lesson));
                        self.state.lesson.file = file;
                        self.show_lesson_tab();
                    }
                }
            }
            LessonAct::Trouble { file, trouble } => {
                self.state.lesson.trouble = Some(Shared(trouble));
                self.state.lesson.file = file;
                self.state.left = LeftTab::Lesson;
                self.show_lesson_tab();
            }
            LessonAct::Begin => {
                if let Some(lesson) = self.state.lesson.offered.take() {
                    let file = self.state.lesson.file.clone();
                    self.begin_lesson(file, lesson.0);
                }
            }
            LessonAct::Again => {
                if let Some(run) = &self.lesson {
                    let (file, lesson) = (self.state.lesson.file.clone(), Rc::clone(&run.lesson));
                    self.begin_lesson(file, lesson);
                }
            }
            LessonAct::GoTo(step) => {
                if let Some(run) = &mut self.lesson
                    && step < run.lesson.steps.len()
                {
                    // What is done before this moment does not count for the next step.
                    if step == run.step + 1 && run.lesson.steps.get(run.step).is_some_and(|step| step.done.is_empty()) {
                        run.since = self.sim.history().records().len();
                    }
                    run.step = step;
                    run.pending.clear();
                    run.seen = None;
                    self.keep_progress();
                }
            }
            LessonAct::DoIt => {
                if let Some(run) = &mut self.lesson {
                    run.pending =
                        run.lesson.steps.get(run.step).map(|step| step.acts.clone().into()).unwrap_or_default();
                    run.seen = None;
                    // What only shows something is shown now, not in a past that is looked at; what does something has
                    // been asked about there. Time must pass for it to come about.
                    self.return_to_now();
                    self.end_line();
                    self.console_goes_on();
                    self.state.time.playing = true;
                    self.last_frame = None;
                }
            }
            LessonAct::Visit(lesson) => {
                let done = vec![false; lesson.steps.len()];
                self.first = Some(FirstVisit {
                    lesson: (*lesson).clone(),
                    done,
                    seen: (usize::MAX, false),
                    looked_at: f64::MIN,
                });
            }
            LessonAct::EndVisit => {
                self.first = None;
                self.state.first = None;
                storage::set(saved::FIRST, "seen");
            }
            LessonAct::Leave => {
                if self.lesson.is_some() {
                    if self.way_back().is_some() {
                        self.keep_mine();
                    }
                    self.disown();
                }
                self.leave_lesson();
                self.say_left();
            }
        }
        self.follow_lesson();
    }

    /// Whether "Do it for me" does something to the cluster, not only shows something.
    pub(super) fn lesson_would_act(&self) -> bool {
        let step = self.lesson.as_ref().and_then(|run| run.lesson.steps.get(run.step));
        step.is_some_and(|step| {
            step.acts.iter().any(|act| matches!(act, Act::Apply | Act::Kubectl(_) | Act::Command(_)))
        })
    }

    /// The log is another branch's now: what was done before the step began may not be in it.
    pub(super) fn lesson_in_another_run(&mut self) {
        if let Some(run) = &mut self.lesson {
            run.since = run.since.min(self.sim.history().records().len());
            run.seen = None;
        }
    }

    /// What leads back into the lesson that is being taken, as far as it has come: what the way is called, and the progress
    /// as it is saved. None if nothing has been done in it, or all.
    pub(super) fn way_back(&self) -> Option<(String, String)> {
        let run = self.lesson.as_ref()?;
        let begun = run.step > 0 || run.done.contains(&true) || !self.sim.scenario().commands.is_empty();
        if !begun || run.done.iter().all(|done| *done) {
            return None;
        }
        let (step, steps) = ((run.step + 1).to_string(), run.done.len().to_string());
        let name = [THE_LESSON, &run.lesson.title, ", step ", &step, " of ", &steps].concat();
        Some((name, self.progress(run)))
    }

    /// The lesson ends; the cluster stays.
    pub(super) fn leave_lesson(&mut self) {
        self.lesson = None;
        self.state.lesson = LessonState::default();
        storage::remove(saved::LESSON);
    }

    /// Goes on with a lesson that was left, once its cluster is there again.
    pub(super) fn return_to_lesson(&mut self, progress: &str) {
        self.leave_lesson();
        storage::set(saved::LESSON, progress);
        self.wanted_lesson = Progress::saved().map(|progress| progress.file);
    }

    /// Tells which lesson was left, if one was, with the button that leads back.
    pub(super) fn say_left(&mut self) {
        if let Some(name) = self.left_lesson.take() {
            self.say(Notice { error: false, text: ["You left ", &name, "."].concat() });
        }
    }

    /// On a phone the panel that the lesson is in.
    fn show_lesson_tab(&mut self) {
        self.state.tab = Tab::Yaml;
    }

    fn begin_lesson(&mut self, file: Rc<str>, lesson: Rc<Lesson>) {
        if self.lesson.take().is_some() {
            self.disown();
        }
        self.leave_lesson();
        self.replace_all(lesson.scenario(), lesson.manifest.clone(), None);
        self.state.lesson = LessonState { file, ..LessonState::default() };
        self.state.left = LeftTab::Lesson;
        self.show_lesson_tab();
        let done = vec![false; lesson.steps.len()];
        self.take(lesson, 0, 0, done);
        self.keep_progress();
    }

    fn take(&mut self, lesson: Rc<Lesson>, step: usize, since: usize, done: Vec<bool>) {
        self.state.lesson.taken = Some(Shared(Rc::clone(&lesson)));
        let (pending, seen, looked_at) = (VecDeque::new(), None, f64::MIN);
        self.lesson = Some(Run { lesson, step, done, since, pending, seen, looked_at });
    }

    fn progress(&self, run: &Run) -> String {
        let digits: String = run.done.iter().map(|done| if *done { '1' } else { '0' }).collect();
        let (step, since) = (run.step.to_string(), run.since.to_string());
        [&self.state.lesson.file, " ", &step, " ", &since, " ", &digits].concat()
    }

    fn keep_progress(&self) {
        let Some(run) = &self.lesson else { return };
        storage::set(saved::LESSON, &self.progress(run));
        if run.done.iter().all(|done| *done) {
            let mut finished = storage::get(saved::LESSONS_DONE).unwrap_or_default();
            if !finished.split(' ').any(|file| *file == *self.state.lesson.file) {
                finished.push(' ');
                finished.push_str(&self.state.lesson.file);
                storage::set(saved::LESSONS_DONE, &finished);
            }
        }
    }

    /// Does what is still to be done, and looks whether the step is done.
    pub(super) fn follow_lesson(&mut self) {
        // A run that is being brought back is not yet what the lesson is about.
        let Some(mut run) = self.lesson.take().filter(|_| self.opening.is_none()) else { return };
        let step = run.lesson.steps.get(run.step).cloned().unwrap_or_default();
        let mut did = false;
        // One command line after the other: each may wait for something.
        while !self.state.console.running
            && let Some(doing) = run.pending.front().and_then(|act| act.doing(&self.sim, &step.manifest))
        {
            run.pending.pop_front();
            self.do_it(doing);
            did = true;
        }
        if did {
            run.seen = None;
        }
        let records = self.sim.history().records().len();
        let (selection, tab) = (self.state.selection.clone(), self.state.inspector_tab);
        let seen = (run.step, records, selection, tab, self.state.editor.text.clone());
        let is_time = !self.moves() || page::now_ms() - run.looked_at > LOOK_EVERY;
        if is_time && run.seen.as_ref() != Some(&seen) {
            run.looked_at = page::now_ms();
            let moment = Moment {
                sim: &self.sim,
                since: run.since,
                selected: seen.2.as_ref().map(|object| (object.kind, &object.key)),
                yaml: tab == InspectorTab::Yaml,
                editor: &self.state.editor.text,
            };
            let verdicts: Vec<_> = step.done.iter().map(|check| check.verdict(&moment)).collect();
            let done = verdicts.iter().all(|verdict| verdict.done);
            if done && run.done.get(run.step) == Some(&false) {
                if let Some(flag) = run.done.get_mut(run.step) {
                    *flag = true;
                }
                if !step.done.is_empty() {
                    run.since = records;
                    let number = (run.step + 1).to_string();
                    self.state.announcement = ["Step ", &number, " of the lesson is done."].concat().into();
                }
            }
            self.state.lesson.verdicts.update(verdicts);
            run.seen = Some(seen);
        }
        self.state.lesson.step = run.step;
        self.state.lesson.busy = !run.pending.is_empty();
        let changed = self.state.lesson.done.update(run.done.clone());
        self.lesson = Some(run);
        if changed {
            self.keep_progress();
        }
    }

    /// Types a command line into the console, where its answer can be read; what went wrong is said as well.
    fn run_line(&mut self, line: &str) {
        self.type_line(line);
        // At once, as far as a frame has time for it.
        self.console_writes_on();
        if let Some(entry) = self.state.console.entries.last().filter(|entry| entry.exit.is_some_and(|exit| exit != 0))
        {
            let text = entry.chunks.iter().map(|chunk| chunk.text.as_str()).collect();
            self.say(Notice { error: true, text });
        }
    }

    /// Ticks what a new visitor has tried.
    pub(super) fn follow_visit(&mut self) {
        let records = self.sim.history().records().len();
        let seen = (records, self.state.selection.is_some());
        let Some(mut visit) = self.first.take() else { return };
        let is_time = !self.moves() || page::now_ms() - visit.looked_at > LOOK_EVERY;
        if visit.seen != seen && self.opening.is_none() && is_time {
            visit.seen = seen;
            visit.looked_at = page::now_ms();
            let moment = Moment {
                sim: &self.sim,
                since: 0,
                selected: self.state.selection.as_ref().map(|object| (object.kind, &object.key)),
                yaml: false,
                editor: "",
            };
            for (step, done) in visit.lesson.steps.iter().zip(&mut visit.done) {
                *done = *done || step.done.iter().all(|check| check.verdict(&moment).done);
            }
            if visit.done.iter().all(|done| *done) {
                storage::set(saved::FIRST, "done");
            }
            let rows = visit.lesson.steps.iter().zip(&visit.done);
            let rows: Vec<_> = rows.map(|(step, done)| (step.title.clone(), step.text.clone(), *done)).collect();
            let changed = self.state.first.as_ref().is_none_or(|before| **before != rows);
            if changed {
                self.state.first = Some(Shared::from(rows));
            }
        }
        self.first = Some(visit);
    }

    fn do_it(&mut self, doing: Doing) {
        match doing {
            Doing::Apply(text) => {
                self.load(text);
                drop(self.submit(Command::Apply { text: (*self.state.editor.text).clone() }));
            }
            Doing::Kubectl(line) => self.run_line(&line),
            Doing::Submit(command) => drop(self.submit(command)),
            Doing::Select(kind, key) => self.select(ObjectRef { kind, key }, None),
            Doing::Show { yaml } => {
                self.act(Action::ShowInspector(if yaml { InspectorTab::Yaml } else { InspectorTab::Why }));
            }
        }
    }
}

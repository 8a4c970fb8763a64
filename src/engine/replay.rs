//! A run done again from its scenario, in portions, so that a long one (or one made to be endless) stops nobody.

use std::sync::Arc;

use super::command::{Scenario, SubmittedCommand};
use super::file::Position;
use super::record::Record;
use super::sim::Sim;

/// A simulation on its way to a position.
pub struct Replay {
    sim: Sim,
    /// In the order of their submission; those before `next` are done.
    commands: Vec<SubmittedCommand>,
    next: usize,
    end: Position,
}

impl Replay {
    /// Begins with the cluster as the scenario does. The end is the position, or the last command if that came later.
    pub fn new(scenario: &Scenario, end: Position) -> Replay {
        Replay { sim: Sim::begin(scenario), commands: scenario.commands.clone(), next: 0, end }
    }

    /// Goes on for so many steps. True once the end is reached.
    pub fn run(&mut self, max_steps: usize) -> bool {
        for _ in 0..max_steps {
            let command = self.commands.get(self.next);
            let goal = command.map_or(self.end, |it| Position { steps: it.after_steps, at: it.at });
            // Both bounds: should another version of the controllers take more or fewer steps, time still holds.
            if self.sim.steps() < goal.steps && self.sim.next_at().is_some_and(|at| at <= goal.at) {
                self.sim.step();
                continue;
            }
            self.sim.wait_at(goal.at);
            match command {
                Some(submitted) => drop(self.sim.submit(submitted.command.clone())),
                None => return true,
            }
            self.next += 1;
        }
        false
    }

    /// The log as far as it has come.
    pub fn records(&self) -> &[Arc<Record>] {
        self.sim.history().records()
    }

    /// What is done again.
    pub fn scenario(&self) -> Scenario {
        Scenario { commands: self.commands.clone(), ..self.sim.scenario().clone() }
    }

    pub fn end(&self) -> Position {
        self.end
    }

    /// How much is done, from 0 to 1.
    pub fn part(&self) -> f64 {
        let all = self.commands.last().map_or(self.end.at, |last| last.at.max(self.end.at));
        if all.0 == 0 { 1.0 } else { (self.sim.now().0 as f64 / all.0 as f64).min(1.0) }
    }

    /// The simulation as far as it has come.
    pub fn into_sim(self) -> Sim {
        self.sim
    }
}

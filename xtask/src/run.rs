//! Running other programs, and counting what tests they ran.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a command could not do its work: a sentence for the person at the terminal, with the mend.
pub struct Failure(String);

impl Failure {
    pub fn new(text: impl Into<String>) -> Self {
        Failure(text.into())
    }

    /// A failure of which everything has been printed already.
    pub fn told() -> Self {
        Failure(String::new())
    }

    pub fn is_told(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The top of the repository.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Runs a command to its end, its output going to the terminal.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("`{}` failed ({status}): see its lines above.", line(command)))),
        Err(error) => Err(not_started(command, &error)),
    }
}

/// Runs a command in the place of this process where the system can do that: then whoever ends it, ends all of it.
pub fn replace_by(command: &mut Command) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        let error = std::os::unix::process::CommandExt::exec(command);
        Err(not_started(command, &error))
    }
    #[cfg(not(unix))]
    run(command)
}

/// What a command prints, if it can be run and succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    let program = command.get_program().to_string_lossy();
    Failure::new(format!("`{program}` could not be started ({error}): check that it is installed and on PATH."))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word: &OsStr| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// How many tests passed and failed.
#[derive(Default)]
pub struct Tally {
    passed: u32,
    failed: u32,
    pub ended_well: bool,
}

impl Tally {
    /// A part that did not come to run its tests counts as one failure.
    pub fn broken() -> Self {
        Tally { passed: 0, failed: 1, ended_well: false }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Adds up the parts, which all have to end well.
pub fn total<'a>(parts: impl Iterator<Item = &'a Tally>) -> Tally {
    parts.fold(Tally { ended_well: true, ..Tally::default() }, |sum, part| Tally {
        passed: sum.passed + part.passed,
        failed: sum.failed + part.failed,
        ended_well: sum.ended_well && part.ended_well,
    })
}

/// Runs a test program, shows what it prints and counts from that.
pub fn tally(command: &mut Command) -> Tally {
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("{}", not_started(command, &error));
            return Tally::broken();
        }
    };
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for bytes in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&bytes);
            println!("{line}");
            let (passed, failed) = counts(&line);
            tally.passed += passed;
            tally.failed += failed;
        }
    }
    tally.ended_well = child.wait().is_ok_and(|status| status.success());
    if !tally.ended_well && tally.failed == 0 {
        tally.failed = 1;
    }
    tally
}

/// The passed and failed tests in a summary line of Rust's test programs or of Node's.
fn counts(line: &str) -> (u32, u32) {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["test", "result:", _, passed, "passed;", failed, "failed;", ..] => {
            (passed.parse().unwrap_or(0), failed.parse().unwrap_or(0))
        }
        ["ℹ", "pass", passed] => (passed.parse().unwrap_or(0), 0),
        ["ℹ", "fail" | "cancelled", failed] => (0, failed.parse().unwrap_or(0)),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn summaries_are_counted() {
        assert_eq!(counts("test result: ok. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out"), (12, 3));
        assert_eq!(counts("ℹ pass 7"), (7, 0));
        assert_eq!(counts("ℹ fail 2"), (0, 2));
        assert_eq!(counts("ℹ cancelled 1"), (0, 1));
        assert_eq!(counts("test a_thing ... ok"), (0, 0));
    }
}

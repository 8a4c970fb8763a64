//! Small words and numbers as the page writes them.

use crate::engine::History;
use crate::manifest::Finding;

/// A time of the virtual clock, from microseconds: `00:41.250`, with hours only when there are some.
pub fn clock(micros: u64) -> String {
    let millis = micros / 1000;
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    let mut text = String::with_capacity(12);
    if hours > 0 {
        push_padded(&mut text, hours, 2);
        text.push(':');
    }
    push_padded(&mut text, minutes, 2);
    text.push(':');
    push_padded(&mut text, seconds, 2);
    text.push('.');
    push_padded(&mut text, millis % 1000, 3);
    text
}

/// What cannot be kept of a long run, if anything.
pub fn limits(history: &History) -> Option<String> {
    let records = history.records();
    if history.is_full() {
        let kept = records.len().to_string();
        let rest = " acts, the most that are kept, and stands still. Go back and continue from an earlier moment, or begin anew.";
        return Some(["This run holds ", &kept, rest].concat());
    }
    let thinned = records.get(history.thinned_before())?;
    (history.thinned_before() > 0).then(|| {
        let moment = clock(thinned.at.micros());
        let rest = " fewer points are kept to start from, so going on from there takes longer to begin.";
        ["This run is long: before ", &moment, rest].concat()
    })
}

/// A length of time from microseconds: `12.4 s`, `2 min 5 s`, `1 h 3 min`.
pub fn seconds(micros: u64) -> String {
    let tenths = (micros + 50_000) / 100_000;
    let (first, second) = match tenths / 10 {
        0..100 => return [&(tenths / 10).to_string(), ".", &(tenths % 10).to_string(), " s"].concat(),
        seconds @ 100..3600 => ((seconds / 60, " min"), (seconds % 60, " s")),
        seconds => ((seconds / 3600, " h"), (seconds / 60 % 60, " min")),
    };
    let mut text = [&first.0.to_string(), first.1].concat();
    if second.0 > 0 {
        text.extend([" ", &second.0.to_string(), second.1]);
    }
    text
}

/// A finding in one line: where, what, and how to mend it.
pub fn finding(finding: &Finding) -> String {
    let mend = finding.mend.as_deref().unwrap_or_default();
    let told = finding.path.is_empty() || finding.message.contains(&*finding.path);
    let place = if told { String::new() } else { [" (", &finding.path, ")"].concat() };
    let gap = if mend.is_empty() { "" } else { " " };
    ["Line ", &finding.span.line.max(1).to_string(), ": ", &finding.message, place.as_str(), ".", gap, mend].concat()
}

/// `1 pod`, `2 pods`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    [&number.to_string(), " ", noun, plural].concat()
}

/// `a, b and c`; a long list ends in `and 12 more`.
pub fn list(items: &[&str], most: usize) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        _ if items.len() > most => {
            [&items[..most].join(", "), " and ", &(items.len() - most).to_string(), " more"].concat()
        }
        [first @ .., last] => [&first.join(", "), " and ", last].concat(),
    }
}

fn push_padded(text: &mut String, number: u64, width: usize) {
    let digits = number.to_string();
    for _ in digits.len()..width {
        text.push('0');
    }
    text.push_str(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_milliseconds_and_hours_only_when_there_are_some() {
        assert_eq!(clock(41_250_000), "00:41.250");
        assert_eq!(clock(3_661_001_999), "01:01:01.001");
    }

    #[test]
    fn lengths_of_time_are_as_exact_as_people_want_them() {
        for (micros, text) in
            [(0, "0.0 s"), (12_449_000, "12.4 s"), (99_950_000, "1 min 40 s"), (3_780_000_000, "1 h 3 min")]
        {
            assert_eq!(seconds(micros), text);
        }
    }

    #[test]
    fn lists_read_like_a_sentence() {
        assert_eq!(list(&["a"], 3), "a");
        assert_eq!(list(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(count(1, "pod"), "1 pod");
        assert_eq!(count(2, "pod"), "2 pods");
    }
}
